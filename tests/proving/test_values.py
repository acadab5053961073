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
    quantile,
    rate,
    ratio,
    total,
)
from tocsin.documents import rendered
from tocsin.output import write_tree
from tocsin.plan import Plan
from tocsin.targets import prometheus_rules, prometheus_tests

service, code = Label("service", cardinality=5), Label("code", cardinality=5)
served = Counter("served_total", "Served.", labels=(service, code), unit=REQUESTS, initialised=False)
latency = Histogram("latency_seconds", "Time.", labels=(service,), unit=SECONDS, counts=REQUESTS, buckets=(0.1, 1, 10))
zone = Label("zone", values=("east", "west"))
load = Gauge("load", "Load.", labels=(service,), unit=RATIO, minimum=0)
healthy = Gauge("healthy", "Health.", labels=(zone,), unit=RATIO, minimum=0, maximum=1)
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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    catalogs = (Catalog("web", (served, latency, load, healthy, fans)),)
    plan = Plan(replace(DEFINITIONS, catalogs=catalogs, alerts=(), groups=(GROUP,), proofs=()))
    drafts = [draft for target in (prometheus_rules, prometheus_tests) for draft in target.documents(plan)]
    write_tree(tmp_path / "out", list(rendered(drafts)))
    return tmp_path / "out"


def passes(folder: Path) -> bool:
    (result,) = promtool.test_rules(folder, ["prometheus/tests/rules-web.yaml"])
    return result.passed


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
