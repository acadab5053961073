"""What is recorded has a derived value for each of a few subjects, and whoever changes a rule changes one of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from shapes import DEFINITIONS

from tocsin import promtool
from tocsin.define import (
    RATIO,
    REQUESTS,
    SECONDS,
    Catalog,
    Counter,
    Gauge,
    Histogram,
    Indicator,
    Label,
    Record,
    RuleGroup,
    average,
    maximum,
    minimum,
    promql,
    quantile,
    rate,
    ratio,
    total,
)
from tocsin.documents import rendered
from tocsin.output import write_tree
from tocsin.plan import Plan
from tocsin.targets import prometheus_recorded, prometheus_rules

service, code = Label("service", cardinality=5), Label("code", cardinality=5)
served = Counter("served_total", "Served.", labels=(service, code), unit=REQUESTS, initialised=False)
latency = Histogram("latency_seconds", "Time.", labels=(service,), unit=SECONDS, counts=REQUESTS, buckets=(0.1, 1, 10))
zone = Label("zone", values=("east", "west"))
load = Gauge("load", "Load.", labels=(service,), unit=RATIO, minimum=0)
healthy = Gauge("healthy", "Health.", labels=(zone,), unit=RATIO, minimum=0, maximum=1)
probe = Gauge("probe", "Up.", labels=(Label("instance"), Label("pod")), unit=RATIO, minimum=0, maximum=1)
warm = Gauge("warm", "Warmth.", labels=(service,), unit=RATIO, minimum=20)
cold = Gauge("cold", "Cold.", labels=(service,), unit=RATIO, minimum=-50, maximum=-10)
fans = Gauge("fans", "Speed.", labels=(service,), unit=RATIO, minimum=20, maximum=30)
GROUP = RuleGroup(
    "web",
    "30s",
    (
        Record(Indicator(rate(served, by=service), title="Served"), "served:rate5m"),
        Record(Indicator(ratio(served(code="500"), served, by=service), title="Failed"), "served:failed"),
        Record(Indicator(quantile("0.9", latency, by=service), title="P90"), "latency:p90"),
        Record(Indicator(average(latency, by=service), title="Average"), "latency:average"),
        Record(Indicator(maximum(load, by=service, over="2m"), title="Load"), "load:max"),
        Record(Indicator(minimum(healthy, by=zone, over="3m"), title="Health"), "healthy:min"),
        Record(Indicator(total(fans, by=service), title="Fans"), "fans:sum"),
        Record(Indicator(maximum(fans, by=service, over="2m"), title="Fastest"), "fans:max"),
    ),
)


def written(folder: Path, *groups: RuleGroup) -> Path:
    catalogs = (Catalog("web", (served, latency, load, healthy, fans, probe, warm, cold)),)
    plan = Plan(replace(DEFINITIONS, catalogs=catalogs, alerts=(), groups=groups, proofs=()))
    targets = (prometheus_rules, prometheus_recorded)
    drafts = [draft for target in targets for draft in target.documents(plan)]
    write_tree(folder / "out", list(rendered(drafts)))
    return folder / "out"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return written(tmp_path, GROUP)


def passes(folder: Path, *names: str) -> bool:
    return all(result.passed for result in promtool.test_rules(folder, names or ("prometheus/tests/rules-web.yaml",)))


@pytest.mark.parametrize(
    ("reads", "every"),
    [
        ("service:served:rate5m * 60", "12m"),
        ("max_over_time(service:served:rate5m[2m]) + max by (service) (load) * 0", "30s"),
        ("max_over_time((service:served:rate5m * 60)[2m:30s]) + max by (service) (load) * 0", "30s"),
        ("max_over_time((service:served:rate5m * 60)[10m:2m] offset 10s) + max by (service) (load) * 0", "2m"),
        # At 45 seconds what was recorded at 30 is seen.
        ("max_over_time((service:served:rate5m * 60)[9m:45s] offset 10s) + max by (service) (load) * 0", "30s"),
        ("service:served:rate5m offset 1m", "30s"),
        ("max_over_time(load[2m])", "12m"),
        ("load offset 1m", "12m"),
    ],
)
def test_evaluations_are_claimed_or_read_by_a_later_one(reads: str, every: str, tmp_path: Path) -> None:
    reader = Record(Indicator(promql(reads), title="Reader"), "all:read")
    folder = written(tmp_path, replace(GROUP, records=(*GROUP.records, reader)))
    tests = yaml.safe_load((folder / "prometheus/tests/rules-web.yaml").read_text())
    assert "all:read" in str(tests)
    assert tests["evaluation_interval"] == every
    assert passes(folder)


@pytest.mark.parametrize("every", ["30s", "2m", "5m"])
def test_window_has_scrapes_however_seldom_its_group_is_evaluated(every: str, tmp_path: Path) -> None:
    folder = written(tmp_path, replace(GROUP, interval=every))
    text = (folder / "prometheus/tests/rules-web.yaml").read_text()
    assert "service:served:rate5m" in text
    assert passes(folder)


def test_record_that_has_no_model_stands_in_nobodys_way(tmp_path: Path) -> None:
    exprs = {"spread": "max by (service) (stddev_over_time(load[5m]))", "seen": "max by (service) (load)"}
    records = (Record(Indicator(promql(expr), title=name), f"load:{name}") for name, expr in exprs.items())
    folder = written(tmp_path, RuleGroup("loads", "1m", tuple(records)))
    text = (folder / "prometheus/tests/rules-loads.yaml").read_text()
    assert ("load:seen" in text, "load:spread" in text) == (True, False)


def test_nobody_stands_at_a_threshold_where_floats_decide(tmp_path: Path) -> None:
    above = Record(Indicator(promql("rate(served_total[2m]) > 1"), title="Above"), "served:above")
    folder = written(tmp_path, RuleGroup("above", "1m", (above,)))
    assert "value: 1.3" in (folder / "prometheus/tests/rules-above.yaml").read_text()
    assert passes(folder, "prometheus/tests/rules-above.yaml")


def test_no_window_begins_at_a_sample_that_only_prometheus_2_counts(tmp_path: Path) -> None:
    sums = {
        "steps": "sum_over_time(sum by (service) (rate(served_total[4m]))[5m:1m])",
        "counted": "count_over_time(load[5m:1m])",
        "given": "sum_over_time(service:served:rate5m[2h:5m])",
        "recorded": "count_over_time(service:served:rate5m[10m]) + max by (service) (load) * 0",
        "alone": "count_over_time(service:served:rate5m[10m])",
    }
    groups = [
        RuleGroup(name, "1m", (Record(Indicator(promql(expr), title=name), f"{name}:sum"),))
        for name, expr in sums.items()
    ]
    folder = written(tmp_path, GROUP, *groups)
    names = {f"prometheus/tests/{path.name}" for path in (folder / "prometheus/tests").iterdir()}
    tests = [test for name in names for test in yaml.safe_load((folder / name).read_text())["tests"]]
    told = {name: sum(f"{name}:sum" in str(test["promql_expr_test"]) for test in tests) for name in sums}
    # One reads what is scraped beside what is recorded, and has both.
    assert told == {"steps": 1, "counted": 1, "given": 1, "recorded": 2, "alone": 1}
    assert passes(folder, *sorted(names))


def test_each_record_is_stated_and_idle_is_left_out_only_where_it_is_no_number(folder: Path) -> None:
    assert passes(folder)
    (test,) = yaml.safe_load((folder / "prometheus/tests/rules-web.yaml").read_text())["tests"]
    told = {one["expr"].split("(")[1].split(",")[0]: str(one["exp_samples"]) for one in test["promql_expr_test"]}
    assert len(told) == len(GROUP.records)
    assert [name for name, samples in told.items() if "idle" in samples] == [
        "service:served:rate5m",
        "service:load:max",
        "service:fans:sum",
        "service:fans:max",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("or service:served:rate5m * 0", ""),
        ("rate5m > 0", "rate5m >= 0"),
        ("rate(served_total[5m])", "delta(served_total[5m])"),
        ("sum by (service) (rate(served", "max by (service) (rate(served"),
        ("sum by (service, le)", "max by (service, le)"),
        ("load[2m]", "load[1m]"),
        ("load[2m]", "load[4m]"),
        ("last_over_time(load[2m])", "load"),
        ("max by (service) (last", "min by (service) (last"),
        ("healthy[3m]", "healthy[90s]"),
        ("healthy[3m]", "healthy[6m]"),
        ("min by (zone)", "max by (zone)"),
    ],
)
def test_a_rule_that_is_changed_is_noticed(old: str, new: str, folder: Path) -> None:
    rules = folder / "prometheus/rules/web.yaml"
    data = yaml.safe_load(rules.read_text())
    changed = 0
    for rule in data["groups"][0]["rules"]:
        expr = " ".join(rule["expr"].split())
        changed += old in expr
        rule["expr"] = expr.replace(old, new)
    rules.write_text(yaml.safe_dump(data))
    assert changed
    assert not passes(folder)


WHOLE = "sum by (service) (rate(served_total[5m]))"
SHARP = {
    "cube": "sum by (service, code) (rate(served_total[5m]))",
    "each": "sum by (service) (code_service:cube)",
    "share": f'(sum by (service) (rate(served_total{{code="500"}}[5m])) or {WHOLE} * 0) / ({WHOLE} > 0)',
    "load": f"max by (service) (load) or {WHOLE} * 0 + 7",
    "probe": "min by (instance) (probe)",
}


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("each", "sum by", "max by"),
        ("each", "sum by", "avg by"),
        ("share", "> 0", "> 1"),
        ("share", "[5m])) * 0", "[150s])) * 0"),
        ("share", '"500"}[5m]', '"500"}[10m]'),
        ("load", "+ 7", "+ 8"),
        ("load", "* 0", "* 1"),
        ("load", "max by (service) (load) or ", ""),
        ("probe", "min by", "max by"),
        ("probe", "min by", "sum by"),
    ],
)
def test_what_an_author_would_have_to_state_is_derived(name: str, old: str, new: str, tmp_path: Path) -> None:
    names = ("cube", "each") if name == "each" else (name,)
    groups = (RuleGroup(one, "30s", (Record(Indicator(promql(SHARP[one]), title=one), one),)) for one in names)
    folder = written(tmp_path, *groups)
    files = [f"prometheus/tests/{path.name}" for path in (folder / "prometheus/tests").iterdir()]
    assert passes(folder, *files)
    rules = folder / f"prometheus/rules/{name}.yaml"
    data = yaml.safe_load(rules.read_text())
    (rule,) = data["groups"][0]["rules"]
    expr = " ".join(rule["expr"].split())
    assert old in expr
    rule["expr"] = expr.replace(old, new)
    rules.write_text(yaml.safe_dump(data))
    assert not passes(folder, *files)


def shares_over(*windows: str) -> RuleGroup:
    """A share of each window, 0 where nobody fails: filled in of who has had no failure in it."""
    whole = "sum by (service) (rate(latency_seconds_count[{0}]))"
    share = '(sum by (service) (rate(served_total{{code="500"}}[{0}])) or ' + whole + " * 0) / (" + whole + " > 0)"
    records = (Record(Indicator(promql(share.format(one)), title=one), f"share:{one}") for one in windows)
    return RuleGroup("shares", "30s", tuple(records))


@pytest.mark.parametrize(
    ("windows", "old", "new"),
    [
        (("5m", "1h"), "[1h])) or", "[1h])) and"),
        (("5m", "1h"), "[1h])) * 0", "[1h])) * 1"),
        (("5m", "1h"), "[5m])) or", "[5m])) and"),
        (("1m",), "[1m])) or", "[1m])) and"),
        (("1m",), "[1m])) * 0", "[1m])) * 1"),
    ],
)
def test_what_is_filled_in_is_shown_of_every_window(
    windows: tuple[str, ...], old: str, new: str, tmp_path: Path
) -> None:
    folder = written(tmp_path, shares_over(*windows))
    (file,) = [f"prometheus/tests/{path.name}" for path in (folder / "prometheus/tests").iterdir()]
    assert passes(folder, file)
    rules = folder / "prometheus/rules/shares.yaml"
    data = yaml.safe_load(rules.read_text())
    whole = [" ".join(rule["expr"].split()) for rule in data["groups"][0]["rules"]]
    changed = [expr.replace(old, new) for expr in whole]
    assert changed != whole
    for rule, expr in zip(data["groups"][0]["rules"], changed, strict=True):
        rule["expr"] = expr
    rules.write_text(yaml.safe_dump(data))
    assert not passes(folder, file)


@pytest.mark.parametrize(
    "expr",
    [
        f"{WHOLE} > bool sum by (service) (rate(served_total[10m]))",
        f"{WHOLE} == sum by (service) (rate(served_total[10m]))",
        f"({WHOLE} > sum by (service) (rate(served_total[10m]))) * 2",
        f"{WHOLE} < bool 3",
        f"avg_over_time(({WHOLE} > bool 1)[10m:1m])",
        *(f"{rounding}(sum by (service) (increase(served_total[5m])))" for rounding in ("ceil", "floor")),
        "round(sum by (service) (increase(served_total[5m])), 100)",
        "sum by (service) (increase(served_total[5m])) % 3",
        "sum by (service) (warm)",
        "max by (service) (last_over_time(cold[5m]))",
    ],
)
def test_nothing_is_claimed_that_a_hair_decides_or_that_cannot_be(expr: str, tmp_path: Path) -> None:
    folder = written(tmp_path, RuleGroup("one", "30s", (Record(Indicator(promql(expr), title="One"), "one"),)))
    tests = folder / "prometheus/tests"
    files = [f"prometheus/tests/{path.name}" for path in tests.iterdir()] if tests.exists() else []
    assert passes(folder, *files) if files else "warm" not in expr
