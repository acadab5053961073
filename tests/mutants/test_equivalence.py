"""The laws by which a mutant means the same: promtool is asked to refute each, on series that do all they can."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import yaml

from tocsin.mutants.equivalence import AVERAGED, LABELS, LAWS, same_evaluation, why_equivalent
from tocsin.promql.parse import tree_of
from tocsin.promtool import test_rules as run_tests

SAME = {
    "scaled-buckets": [
        ("histogram_quantile(0.9, rate(d_bucket[5m]))", "histogram_quantile(0.9, increase(d_bucket[5m]))"),
        (
            "histogram_quantile(0.5, sum by (le, job) (sum without (pod) (rate(d_bucket[3m]))))",
            "histogram_quantile(0.5, sum by (le, job) (sum without (pod) (increase(d_bucket[3m]))))",
        ),
        (
            "histogram_quantile(0.99, sum by (le) (increase(d_bucket[10m]))) > 2",
            "histogram_quantile(0.99, sum by (le) (rate(d_bucket[10m]))) > 2",
        ),
    ],
    "nothing-but-labels": [
        ("sum by (job) (rate(c[5m])) * 0", "sum by (job) (increase(c[5m])) * 0"),
        ("sum by (job) (rate(c[5m])) * 0", "max by (job) (rate(c[5m])) * 0"),
        ("max(sum by (job) (increase(c[2m]))) * 0 + 3", "avg(min by (job) (rate(c[2m]))) * 0 + 3"),
    ],
    "covered-fill": [
        (
            "(sum by (job) (rate(e[3m])) or sum by (job) (rate(c[3m])) * 0) / (sum by (job) (rate(c[3m])) > 0)",
            "(sum by (job) (rate(e[3m])) or sum by (job) (rate(c[9m])) * 0) / (sum by (job) (rate(c[3m])) > 0)",
        ),
        (
            "(rate(e[1m]) or rate(c[2m]) * 0) / rate(c[2m])",
            "(rate(e[1m]) or increase(c[4m]) * 0) / rate(c[2m])",
        ),
    ],
    "absence-is-one": [
        ("absent(nobody) > 0", "absent(nobody) >= 0"),
        ("absent(c) > 0", "absent(c) > -1"),
        ("absent_over_time(nobody[5m]) == 1", "absent_over_time(nobody[5m]) < 2"),
    ],
    "matches-all": [
        ('rate(c{pod=~".*",job="a"}[5m])', 'rate(c{job="a"}[5m])'),
        ('sum(c{nobody_has_it=~".*"})', "sum(c)"),
    ],
    "asked-twice": [
        (
            'rate(c{job="a",pod!=""}[5m]) / rate(e{job="a",pod!=""}[5m]) < 9',
            'rate(c{job="a"}[5m]) / rate(e{job="a",pod!=""}[5m]) < 9',
        ),
        (
            'sum by (job) (rate(c{job="a"}[5m])) / on (job) sum by (job) (rate(k{job="a"}[5m]))',
            'sum by (job) (rate(c{job="a"}[5m])) / on (job) sum by (job) (rate(k[5m]))',
        ),
        ('c{job="a"} > 3 and c{job="a"} < 900', 'c > 3 and c{job="a"} < 900'),
        ('c{job="a"} > 3 and c{job="a"} < 900', 'c{job="a"} > 3 and c < 900'),
        ('c{job="a"} unless k{job="a"} > 40', 'c{job="a"} unless k > 40'),
        (
            'c{job="a"} * on (job) group_left () sum by (job) (e{job="a"})',
            'c * on (job) group_left () sum by (job) (e{job="a"})',
        ),
        (
            'c{pod="1"} / e{pod="1"} * 100 < 500 and 2 * max by (job, pod) (k{pod="1"}) >= 0',
            'c / e{pod="1"} * 100 < 500 and 2 * max by (job, pod) (k) >= 0',
        ),
        ('(c{job="a"} or e{job="a"}) - c{job="a"}', '(c or e) - c{job="a"}'),
        (
            'c{pod="1"} * on (pod) group_left () topk by (pod) (1, k{pod="1"})',
            'c * on (pod) group_left () topk by (pod) (1, k{pod="1"})',
        ),
    ],
    "unseen-below": [
        (
            "(rate(e[3m]) or rate(c[3m]) * 0) / (rate(c[3m]) > 0) > 0.05",
            "rate(e[3m]) / (rate(c[3m]) > 0) > 0.05",
        ),
        (
            "(rate(e[3m]) or rate(c[3m]) * 0) / (rate(c[3m]) > 0) > 0.05",
            "(rate(e[3m]) and rate(c[3m]) * 0) / (rate(c[3m]) > 0) > 0.05",
        ),
        (
            '100 * ((sum(rate(c{pod="1"}[40s])) or sum(rate(c[40s])) * 0) / (sum(rate(c[40s])) > 0)) >= 5',
            '100 * (sum(rate(c{pod="1"}[40s])) / sum(rate(c[40s]))) >= 5',
        ),
        (
            'max by (job) (rate(c{pod=""}[40s])) / (max by (job) (increase(c[40s])) > 0) > 0.0001',
            'max by (job) (rate(c{pod=""}[40s])) / (max by (job) (increase(c[40s])) > -1) > 0.0001',
        ),
    ],
    "order-of-difference": [
        ("abs(rate(c[5m]) - rate(c[2m]))", "abs(rate(c[2m]) - rate(c[5m]))"),
        (
            "abs(rate(c[5m]) - on (job) group_left () sum by (job) (rate(c[5m])))",
            "abs(sum by (job) (rate(c[5m])) - on (job) group_right () rate(c[5m]))",
        ),
        ("rate(c[5m]) - rate(c[2m]) == 0", "rate(c[2m]) - rate(c[5m]) == 0"),
        ("(sum by (job) (c) - 7) ^ 2", "(7 - sum by (job) (c)) ^ 2"),
    ],
}
# Of histograms all of whose instances have the same buckets, as a contract says of `d`.
AVERAGED_PAIRS = [
    (
        "histogram_quantile(0.9, sum by (le, job) (rate(d_bucket[5m])))",
        "histogram_quantile(0.9, avg by (le, job) (rate(d_bucket[5m])))",
    ),
    (
        "histogram_quantile(0.5, avg without (job) (sum by (le, job) (increase(d_bucket[3m])))) > 1",
        "histogram_quantile(0.5, sum without (job) (sum by (le, job) (increase(d_bucket[3m])))) > 1",
    ),
]

# Near a law, and no theorem: each differs somewhere.
DIFFERENT = [
    ("absent(nobody) > 0", "absent(nobody) > 1"),
    ("count(c) > 0", "count(c) > 100"),
    ("histogram_quantile(0.9, rate(d_bucket[5m]))", "histogram_quantile(0.9, rate(d_bucket[10m]))"),
    (
        "histogram_quantile(0.9, sum by (le) (rate(d_bucket[5m])))",
        "histogram_quantile(0.9, max by (le) (rate(d_bucket[5m])))",
    ),
    ("histogram_quantile(0.9, rate(d_bucket[5m]) > 1)", "histogram_quantile(0.9, increase(d_bucket[5m]) > 1)"),
    ("rate(d_bucket[5m])", "increase(d_bucket[5m])"),
    ("(rate(c[5m]) > 0.5) * 0", "(increase(c[5m]) > 0.5) * 0"),
    ("sum by (job) (rate(c[5m])) * 0", "sum by (pod) (rate(c[5m])) * 0"),
    ("sum by (job) (rate(c[5m])) * 0", "sum by (job) (rate(c[1m])) * 0"),
    ("sum(rate(c[5m])) * 0", "count(rate(c[5m])) * 0 + 1"),
    (
        "(rate(e[3m]) or rate(c[3m]) * 0) / rate(c[3m])",
        "(rate(e[3m]) or rate(c[1m]) * 0) / rate(c[3m])",
    ),
    (
        "(rate(e[3m]) or rate(c[3m]) * 0) / rate(c[3m])",
        "(rate(e[3m]) or rate(c[9m]) * 0) / rate(c[9m])",
    ),
    ("rate(e[3m]) or rate(c[3m]) * 0", "rate(e[3m]) or rate(c[9m]) * 0"),
    ("abs(rate(c[5m]) / rate(c[2m]))", "abs(rate(c[2m]) / rate(c[5m]))"),
    ("rate(c[5m]) - rate(c[2m]) > 0", "rate(c[2m]) - rate(c[5m]) > 0"),
    ("(rate(c[5m]) - rate(c[2m])) ^ 3", "(rate(c[2m]) - rate(c[5m])) ^ 3"),
    (
        "histogram_quantile(0.5, sum by (le) (rate(d_bucket[5m]) > 0.3))",
        "histogram_quantile(0.5, avg by (le) (rate(d_bucket[5m]) > 0.3))",
    ),
    ("sum(c{pod=~'.+'})", "sum(c)"),
    # 0 is seen at other limits, and so is a part of nothing, which is infinite.
    ("(e or c * 0) / c >= 0", "e / c >= 0"),
    ("(e or c * 0) / c > -1", "e / c > -1"),
    ("(e or c * 0) / c < 5", "e / c < 5"),
    ("(e or c * 0) / c > bool 5", "e / c > bool 5"),
    ("-1 * ((e or c * 0) / c) + 1 > 0.5", "-1 * (e / c) + 1 > 0.5"),
    ("(e or c * 2) / c > 1", "e / c > 1"),
    (
        "(e or on (job) c * 0) / ignoring (pod) sum by (job) (c) > 0.0001",
        "e / ignoring (pod) sum by (job) (c) > 0.0001",
    ),
    ("rate(e[5m]) / (rate(c[40s]) > 0) > 0.05", "rate(e[5m]) / rate(c[40s]) > 0.05"),
    ("rate(c[5m]) / (rate(c[40s]) > 0) > 0.05", "rate(c[5m]) / rate(c[40s]) > 0.05"),
    ("sum(rate(c[40s])) / (min(rate(c[40s])) > 0) > 0.05", "sum(rate(c[40s])) / min(rate(c[40s])) > 0.05"),
    (
        "sum by (job) (rate(c[40s])) / (sum by (job) (rate(c{pod='1'}[40s])) > 0) > 0.05",
        "sum by (job) (rate(c[40s])) / sum by (job) (rate(c{pod='1'}[40s])) > 0.05",
    ),
    (
        '(rate(e[3m]) and rate(k{pod="2"}[3m]) * 0) / (rate(c[3m]) > 0) > 0.05',
        '(rate(e[3m]) or rate(k{pod="2"}[3m]) * 0) / (rate(c[3m]) > 0) > 0.05',
    ),
    # Of `unless` the left side decides alone, and `or` takes both.
    ('c{job="a"} unless k{job="a"} > 1e9', 'c unless k{job="a"} > 1e9'),
    ('c{job="a"} or e{job="a"}', 'c or e{job="a"}'),
    ('(c{job="a"} or on (pod) k{job="a"}) and k{job="a"}', '(c or on (pod) k{job="a"}) and k{job="a"}'),
    # The label is gone, is not matched, or is another by then.
    ('sum(c{job="a"}) / sum(k{job="a"})', 'sum(c) / sum(k{job="a"})'),
    ('sum by (job) (c{pod="1"}) / sum by (job) (k{pod="1"})', 'sum by (job) (c) / sum by (job) (k{pod="1"})'),
    ('c{job="a"} * on (pod) c{job="a"}', 'c * on (pod) c{job="a"}'),
    (
        'sum by (job, pod) (c{job="a"}) and ignoring (job) c{job="a"}',
        'sum by (job, pod) (c) and ignoring (job) c{job="a"}',
    ),
    (
        'label_replace(c{job="a"}, "job", "a", "", "") * c{job="a"}',
        'label_replace(c, "job", "a", "", "") * c{job="a"}',
    ),
    ('topk(1, c{job="a"}) and c{job="a"}', 'topk(1, c) and c{job="a"}'),
    # Two series of one pod are an error, partner or not.
    ('sum by (pod) (c{pod="1"}) * on (pod) k{pod="1"}', 'sum by (pod) (c{pod="1"}) * on (pod) k'),
    # They are one only where there is something to meet.
    ('e{pod="2"} * on (pod) k{pod="2"}', 'e * on (pod) k{pod="2"}'),
    ('c{pod="1"} / c{pod="1"}', "c / c"),
    ("sum(c{job=~'a.*'})", "sum(c)"),
]
D = frozenset({"d_bucket"})
TIMES = ("50s", "2m10s", "4m20s", "9m40s", "16m10s", "19m50s")
STEPS = 80


def counter(chance: random.Random) -> str:
    """A counter that rests, jumps, restarts, and is not always scraped."""
    shown, total = [], 0.0
    begins, pause = chance.choice((0, 0, 0, 30)), chance.randrange(STEPS)
    for step in range(STEPS):
        total = 0.0 if chance.random() < 0.03 else total + chance.choice((0, 0, 1, 2.5, 40))
        shown.append("_" if step < begins or 0 <= step - pause < 20 or chance.random() < 0.1 else f"{total:g}")
    return " ".join(shown)


def histogram(chance: random.Random, labels: str) -> list[dict[str, str]]:
    """Buckets that grow together; each histogram has a shape of its own."""
    counts, shape = [0, 0, 0, 0], [chance.random() for _ in range(4)]
    values: list[list[str]] = [[], [], [], []]
    for _ in range(STEPS):
        for first in chance.choices(range(4), shape, k=chance.choice((0, 1, 30))):
            counts[first:] = [count + 1 for count in counts[first:]]
        for column, count in zip(values, counts, strict=True):
            column.append(str(count))
    names = ("0.5", "1", "5", "+Inf")
    return [
        {"series": f'd_bucket{{{labels},le="{le}"}}', "values": " ".join(column)}
        for le, column in zip(names, values, strict=True)
    ]


def input_series() -> list[dict[str, str]]:
    chance = random.Random(7)
    series: list[dict[str, str]] = []
    for job in ("a", "b"):
        for pod in ("1", "2", ""):
            labels = f'job="{job}"' + (f',pod="{pod}"' if pod else "")
            series.append({"series": f"c{{{labels}}}", "values": counter(chance)})
            series += histogram(chance, labels)
    series.append({"series": 'e{job="a",pod="1"}', "values": counter(chance)})
    for labels in ('job="a",pod="1"', 'job="a",pod="2"', 'job="b",pod="2"'):
        series.append({"series": f"k{{{labels}}}", "values": counter(chance)})
    return series


def agreeing(folder: Path, pairs: list[tuple[str, str]]) -> list[bool]:
    """Whether promtool computes the same for both of each pair, at all times."""
    (folder / "rules.yaml").write_text("groups: []")
    series = input_series()
    for number, (one, other) in enumerate(pairs):
        apart = [f"({one}) unless ({other})", f"({other}) unless ({one})", f"abs(({one}) - ({other})) > 1e-9"]
        test = {
            "interval": "15001ms",
            "input_series": series,
            "promql_expr_test": [{"expr": expr, "eval_time": at, "exp_samples": []} for expr in apart for at in TIMES],
        }
        data = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [test]}
        (folder / f"{number}.yaml").write_text(yaml.safe_dump(data))
    results = run_tests(folder, [f"{number}.yaml" for number in range(len(pairs))])
    assert not any("parse error" in result.output for result in results)
    return [result.passed for result in results]


def law_of(one: str, other: str) -> str | None:
    return why_equivalent(tree_of(one), tree_of(other), floats=frozenset("ce"))


def test_growth_of_what_may_be_a_native_histogram_is_more_than_labels() -> None:
    """Asked of promtool 3, `max` of native histograms has no series, and `sum` has."""
    one, other = ("sum by (job) (rate({}[5m])) * 0", "max by (job) (rate({}[5m])) * 0")
    known = {
        name: why_equivalent(tree_of(one.format(name)), tree_of(other.format(name)), floats=frozenset({"seen"}))
        for name in ("h", "seen", "h_bucket", "h_total")
    }
    assert known == {"h": None, "seen": LABELS, "h_bucket": LABELS, "h_total": LABELS}


def test_every_law_is_shown_here() -> None:
    assert SAME.keys() == LAWS.keys()


@pytest.mark.parametrize("law", SAME)
def test_law_makes_both_sides_equal(law: str) -> None:
    for one, other in SAME[law]:
        assert law_of(one, other) == LAWS[law][1]


def test_averages_of_buckets_are_sums_only_by_a_contract() -> None:
    for one, other in AVERAGED_PAIRS:
        assert law_of(one, other) is None
        assert why_equivalent(tree_of(one), tree_of(other), D) == AVERAGED
    inner = (
        "sum by (le) (sum by (le, pod) (rate(d_bucket[5m])))",
        "sum by (le) (avg by (le, pod) (rate(d_bucket[5m])))",
    )
    bound = ('sum(rate(d_bucket{le="1"}[5m]))', 'avg(rate(d_bucket{le="1"}[5m]))')
    for pair in (inner, bound):
        one, other = (tree_of(f"histogram_quantile(0.9, {text})") for text in pair)
        assert why_equivalent(one, other, D) is None


def test_promtool_cannot_refute_a_law(tmp_path: Path) -> None:
    pairs = [pair for pairs in (*SAME.values(), AVERAGED_PAIRS) for pair in pairs]
    assert agreeing(tmp_path, pairs) == [True] * len(pairs)


def test_what_differs_is_held_for_equal_by_no_law_and_promtool_sees_it(tmp_path: Path) -> None:
    assert [why_equivalent(tree_of(one), tree_of(other), D, frozenset("ce")) for one, other in DIFFERENT] == [
        None
    ] * len(DIFFERENT)
    assert agreeing(tmp_path, DIFFERENT) == [False] * len(DIFFERENT)


HOLDS = """groups:
- name: g
  rules:
  - {alert: A, expr: x > 0, for: ONE, keep_firing_for: ONE}
  - {alert: B, expr: x > 0, for: OTHER, keep_firing_for: OTHER}
"""


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("30s", "1m", True), ("1m", "61s", False), ("1m30s", "2m", True), ("0s", "1s", False), ("3m", "6m", False)],
)
def test_lengths_that_pass_at_the_same_evaluation_make_the_same_alerts(
    one: str, other: str, same: bool, tmp_path: Path
) -> None:
    assert (same_evaluation(one, other, "1m") is not None) == same
    (tmp_path / "rules.yaml").write_text(HOLDS.replace("ONE", one).replace("OTHER", other))
    chance = random.Random(11)
    values = " ".join(value for _ in range(40) for value in [chance.choice("01")] * chance.randrange(1, 9))
    apart = [
        f'ALERTS{{alertname="{left}"}} unless ignoring (alertname) ALERTS{{alertname="{right}"}}'
        for left, right in ("AB", "BA")
    ]
    times = [f"{minute}m" for minute in range(150)]
    test = {
        "interval": "1m",
        "input_series": [{"series": "x", "values": values}],
        "promql_expr_test": [{"expr": expr, "eval_time": at, "exp_samples": []} for expr in apart for at in times],
    }
    data = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [test]}
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(data))
    (result,) = run_tests(tmp_path, ["test.yaml"])
    assert result.passed == same, result.output


def test_lengths_are_not_the_same_where_nobody_says_how_often_they_are_looked_at() -> None:
    assert same_evaluation("30s", "1m", "0s") is None
    assert same_evaluation("30s", "1m", "") is None
