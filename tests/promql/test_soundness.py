"""What the analysis claims, a real Prometheus tries to refute.

`TOCSIN_EXAMPLES=20000` tries as many expressions for each claim.
"""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import recorded
from expressions import Author
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from synthetic import CATALOGS, END, START, random_catalog

from tocsin.promql.context import NOWHERE, Context
from tocsin.promql.infer import analyse
from tocsin.promql.ranges import always, never
from tocsin.promql.types import Kind, Type
from tocsin.promql.world import World

WORLD = World.of(CATALOGS)
TIMES = (START + 1207, END - 3)
# A seed, and not a choice for each word: that is several times as fast, and what fails is told with its text.
CHANCE = st.integers(min_value=0, max_value=2**64).map(random.Random)
EXAMPLES = settings(
    max_examples=int(os.environ.get("TOCSIN_EXAMPLES", "400")),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@dataclass(frozen=True)
class Answer:
    """What Prometheus answered: whether that is a scalar, and each series as its labels and its value."""

    scalar: bool
    series: tuple[tuple[dict[str, str], float], ...]

    @property
    def values(self) -> list[float]:
        return [value for _, value in self.series]

    @property
    def numbers(self) -> list[float]:
        return [value for value in self.values if not math.isnan(value)]


def answered(data: dict[str, Any]) -> Answer:
    if data["resultType"] == "scalar":
        return Answer(True, (({}, float(data["result"][1])),))
    series = []
    for one in data["result"]:
        labels = {name: value for name, value in one["metric"].items() if name != "__name__"}
        series.append((labels, float(one["value"][1])))
    return Answer(False, tuple(series))


# Which types make the claim, and whether it holds of an answer.
Claim = tuple[Callable[[Type], bool], Callable[[Type, Answer], bool]]


def _labels_hold(of: Type, answer: Answer) -> bool:
    labels = of.labels
    return all(
        (not labels.closed or set(series) <= set(labels.known))
        and all(name in series for name, known in labels.known.items() if known.sure)
        for series, _ in answer.series
    )


def _values_hold(of: Type, answer: Answer) -> bool:
    known = of.labels.known
    return all(
        value in (known[name].values or {value})
        for series, _ in answer.series
        for name, value in series.items()
        if name in known
    )


def _is_never_true(of: Type) -> bool:
    """Whether a comparison lets nothing through, or says 0 of everything."""
    return of.comparison is not None and never(*of.comparison[:3])


def _is_always_true(of: Type) -> bool:
    """Whether a comparison says 1 of everything. Without `bool` it then is said to be never absent."""
    return of.comparison is not None and of.comparison.boolean and always(*of.comparison[:3])


def _slack(value: float) -> float:
    return 1e-9 * max(1.0, abs(value)) if math.isfinite(value) else 0.0


CLAIMS: dict[str, Claim] = {
    "scalar or vector": (lambda _: True, lambda of, answer: (of.value == "scalar") == answer.scalar),
    "labels": (lambda of: bool(of.labels.known), _labels_hold),
    "exactly these labels": (
        lambda of: of.labels.closed and all(known.sure for known in of.labels.known.values()),
        lambda of, answer: all(set(series) == set(of.labels.known) for series, _ in answer.series),
    ),
    "values of labels": (lambda of: any(known.values is not None for known in of.labels.known.values()), _values_hold),
    "not below": (
        lambda of: of.low > -math.inf,
        lambda of, answer: all(value >= of.low - _slack(value) for value in answer.numbers),
    ),
    "at most": (
        lambda of: of.high < math.inf,
        lambda of, answer: all(value <= of.high + _slack(value) for value in answer.numbers),
    ),
    "never infinite": (lambda of: of.finite, lambda _, answer: not any(map(math.isinf, answer.values))),
    "never NaN": (lambda of: not of.maybe_nan, lambda _, answer: not any(map(math.isnan, answer.values))),
    "never absent": (lambda of: not of.maybe_absent, lambda _, answer: bool(answer.series)),
}
# Claims that few expressions make.
RARE: dict[str, Claim] = {
    "not above the last bucket": (
        lambda of: of.kind is Kind.QUANTILE and bool(of.buckets),
        lambda of, answer: all(value <= max(of.buckets or ()) + _slack(value) for value in answer.numbers),
    ),
    "never true": (_is_never_true, lambda _, answer: not any(answer.values)),
    "always true": (_is_always_true, lambda _, answer: all(answer.values)),
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_prometheus_refutes_no_claim(prometheus: Any, claim: str) -> None:
    makes, holds = CLAIMS[claim]

    @EXAMPLES
    @given(CHANCE)
    def refute(chance: random.Random) -> None:
        expr = Author(chance, CATALOGS).expression()
        of = analyse(expr, WORLD).type
        assume(makes(of))
        for at in TIMES:
            data = prometheus.query(expr, at)
            assert data is None or holds(of, answered(data)), (expr, at, of, data)

    refute()


def refuted(prometheus: Any, expr: str, world: World) -> list[tuple[str, float, Any]]:
    """The claims about an expression that do not hold, with when, and what Prometheus answers."""
    of = analyse(expr, world).type
    found = []
    for at in TIMES:
        data = prometheus.query(expr, at)
        if data is not None:
            answer = answered(data)
            found += [
                (name, at, data)
                for name, (makes, holds) in (CLAIMS | RARE).items()
                if makes(of) and not holds(of, answer)
            ]
    return found


READERS = [
    *recorded.RECORDINGS,
    "histogram_quantile(1, buckets)",
    "histogram_quantile(1, buckets:moved)",
    'sum(a:lookups_bucket{le="5.0"}) / sum(a:lookups_count)',
    '1 / either:zero{side="right"}',
    'sum(a:lookups_bucket{le="5.0"}) / sum(a:lookups_bucket{le="+Inf"})',
]


@EXAMPLES
@given(CHANCE)
def test_prometheus_refutes_no_claim_about_a_condition(prometheus: Any, chance: random.Random) -> None:
    expr = Author(chance, CATALOGS).condition()
    assert not refuted(prometheus, expr, WORLD), expr


@pytest.mark.parametrize("expr", READERS)
def test_prometheus_refutes_no_claim_about_a_recorded_series(prometheus: Any, expr: str) -> None:
    assert not refuted(prometheus, expr, recorded.WORLD)


@EXAMPLES
@given(CHANCE)
def test_prometheus_refutes_no_claim_about_what_is_recorded(prometheus: Any, chance: random.Random) -> None:
    expr = recorded.author_of_readers(chance).expression()
    assert not refuted(prometheus, expr, recorded.WORLD), expr


# What chance seldom writes.
CORNERS = [
    'label_replace(sessions or load_percent, "copy", "$1", "agent", "(.+)")',
    'label_replace(sessions or load_percent, "copy", "$1", "agent", "(.*)")',
    'label_replace(load_percent, "copy", "x", "agent", "")',
    'label_replace(sessions{agent="writer",instance="a:9090"}, "agent", "$1", "nothing", "(.*)")',
    'label_join(sessions or load_percent, "both", "-", "agent", "job")',
    'label_join(load_percent, "both", "", "agent", "nothing")',
    "sessions * on (agent) group_left (code) sum by (agent, code) (requests_total{code='200'})",
    "sessions * on (agent) group_left (job) max by (agent) (memory_bytes)",
    "(sum by (agent) (sessions) or on () vector(1)) > bool 0",
    "sum(failures_total) or vector(0)",
    'absent(sessions{agent="nobody",job=~"agents"})',
    'absent(sessions{agent="nobody",agent="other"})',
    "histogram_quantile(0.9, sum by (le) (rate(shift_seconds_bucket[5m])))",
    'histogram_quantile(0.9, rate(duration_seconds_bucket{le=~"0.1|[+]Inf"}[5m]))',
    'sum(rate(requests_total{code="500"}[5m])) / sum(rate(requests_total[5m]))',
    'count_values("agent", sessions)',
    "topk(0, sessions)",
    "clamp(sessions, 5, 1)",
    "quantile by (agent) (1, sessions) - sessions offset -30s",
    # Seen through another function, or summed over a label that only some series have: no share.
    "irate(requests_total[5m]) / rate(requests_total[5m])",
    "sum(rate(requests_total[5m])) / sum(irate(requests_total[5m]))",
    "sum(rate(lookups_total[5m])) / on (shard) group_left () sum by (shard) (rate(lookups_total[5m]))",
    # Steps and bounds without a sane size; 0 with a sign, and what is divided by it.
    "round(sessions, 1e-310)",
    "round(sessions, Inf)",
    "clamp_min(sessions, Inf)",
    "clamp(sessions / 0, -Inf, Inf)",
    "1 / clamp_max(sessions, -0)",
    "1 / -debt_usd",
    "1 / (-clamp_max(balance_usd, 0))",
    "(sessions * -0) ^ -1",
    "sqrt(vector(-0)) ^ -1",
    "vector(1) / ((load_percent > 1e9) or on () vector(-0))",
    "1 / (-debt_usd * 1)",
    "1 / (-0 - debt_usd)",
    "1 / ((-0 - debt_usd) * 1)",
    'vector(1) / (backlog{nothing="x"} or vector(-0))',
    "vector(1) / ((backlog > 1e9) or (sqrt(vector(-0)) == 0))",
    "1 / rate(sqrt(0 * (1700007300 - vector(time())))[10m:15s])",
    "vector(1) / ((backlog > 1e9) or ceil(vector(-0.5)))",
    "vector(1) / ((backlog > 1e9) or (vector(-0) == 0))",
    "predict_linear(sessions[5m], Inf)",
    "rate((5 - (vector(time()) > bool 1700007300) + clamp(0 / (vector(time()) - 1700007300), 0, 0))[10m:15s])",
    # Labels that are taken away again; the metric's name, which is no label of a label set; bounds that are rewritten.
    'count_values without (value) ("value", sessions)',
    'count_values without (agent) ("agent", sessions)',
    'count_values by (agent) ("__name__", sessions)',
    'label_replace(sessions, "x", "y", "__name__", "")',
    'label_join(sessions, "x", "", "__name__")',
    "vector(1) * on (__name__) (backlog or vector(1))",
    'histogram_quantile(1, label_replace(rate(duration_seconds_bucket[5m]), "le", "100", "le", "5.0"))',
    "histogram_quantile(1, (topk(1, rate(duration_seconds_bucket[5m])) >= on () group_left (le) "
    'label_replace(vector(0), "le", "100", "", "")) or rate(duration_seconds_bucket[5m]))',
    'sessions{agent!~"wri.{,9}"}',
    'histogram_quantile(1, count_values("le", (duration_seconds_bucket{le="5.0"} > 5) or vector(Inf) or '
    'label_replace(vector(Inf), "x", "1", "", "")))',
    'histogram_quantile(1, sum by (le) (rate(shift_seconds_bucket[5m])) or label_replace(vector(0), "le", "9", "", "")'
    ")",
]


@pytest.mark.parametrize("expr", CORNERS)
def test_prometheus_refutes_no_claim_in_a_corner(prometheus: Any, expr: str) -> None:
    assert prometheus.query(expr, TIMES[0]) is not None
    assert not refuted(prometheus, expr, WORLD)


# Empty in a Prometheus 3 where the series is a native histogram, or has other information.
EMPTY = [
    'info(vector(1), {data=~".+"})',
    "sum({__name__=~'native.*'} or vector(0))",
    "abs(sum(native) or vector(0))",
    "clamp(sum(native) or vector(0), 0, 1)",
    "sort(sum(native) or vector(0))",
    "topk(1, sum(native) or vector(0))",
    "(sum(native) or vector(0)) > bool 0",
    "(sum(native) or vector(0)) + on () vector(1)",
]
# Refuted by a Prometheus 3: which fact is not claimed.
NEWER: list[tuple[str, Callable[[Type], bool]]] = [
    *[(expr, lambda of: of.maybe_absent) for expr in EMPTY],
    ("histogram_count(native - native offset 1h)", lambda of: of.low < 0),
    ("histogram_fraction(0, 1, native - native offset 1h)", lambda of: of.low < 0 and of.high > 1),
    ("sessions > fill_left(-1) memory_bytes", lambda of: of.low < 0),
]


@pytest.mark.parametrize(("expr", "open_to"), NEWER, ids=[expr for expr, _ in NEWER])
def test_nothing_is_claimed_that_a_newer_prometheus_refutes(expr: str, open_to: Callable[[Type], bool]) -> None:
    assert open_to(analyse(expr, World.of(CATALOGS, closed=False)).type)


@pytest.mark.skipif(not os.environ.get("PROMTOOL3"), reason="PROMTOOL3 names a promtool of Prometheus 3")
def test_a_newer_prometheus_refutes_it(tmp_path: Path) -> None:
    native = {"series": "native", "values": "{{schema:0 sum:5 count:6 buckets:[1 2 3]}}x20"}
    case = {
        "interval": "1m",
        "input_series": [native, {"series": 'native_or_not{a="1"}', "values": "1x20"}],
        "promql_expr_test": [{"expr": expr, "eval_time": "10m", "exp_samples": []} for expr in EMPTY],
    }
    file = tmp_path / "test.json"
    file.write_text(json.dumps({"rule_files": [], "evaluation_interval": "1m", "tests": [case]}))
    command = [os.environ["PROMTOOL3"], "test", "rules", "--enable-feature=promql-experimental-functions", file]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_what_fills_a_gap_above_the_last_bucket_takes_its_ceiling_away() -> None:
    quantile = "histogram_quantile(1, rate(duration_seconds_bucket[5m]))"
    assert analyse(f"{quantile} or vector(0)", WORLD).type.buckets == (0.1, 0.5, 1.0, 5.0)
    assert analyse(f"{quantile} or vector(9)", WORLD).type.buckets is None
    assert analyse(f"quantile(2, {quantile})", WORLD).type.buckets is None


def test_what_is_said_to_be_empty_is_empty(prometheus: Any) -> None:
    author = Author(random.Random(1), CATALOGS)
    told = 0
    for _ in range(4 * EXAMPLES.max_examples):
        expr = author.expression()
        faults = [fault for fault in analyse(expr, WORLD).faults if "the result is always empty" in fault.message]
        for fault in faults:
            data = prometheus.query(fault.expr, TIMES[0])
            told += data is not None
            assert data is None or not data["result"], fault
    assert told


@EXAMPLES
@given(CHANCE)
def test_nothing_crashes_over_any_catalog(chance: random.Random) -> None:
    catalogs = [random_catalog(chance, f"c{number}") for number in range(chance.randint(1, 2))]
    world = World.of(catalogs)
    author = Author(chance, catalogs)
    for _ in range(10):
        expr = author.expression()
        for place in (NOWHERE, Context("rule", interval=60_000, budget=100), Context("panel", budget=100)):
            faults = analyse(expr, world, place).faults
            assert not [fault for fault in faults if fault.id == "syntax"], expr
