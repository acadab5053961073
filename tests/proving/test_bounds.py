"""Alerts that ask several things at once: each bound is met alone, and that must not be enough."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from shapes import DEFINITIONS, alert

from agentmetrics.catalog import agent_errors, agent_name, agent_request_duration
from tocsin import promtool
from tocsin.define import Indicator, Record, RuleGroup, percent, ratio, summed_over
from tocsin.documents import rendered
from tocsin.output import write_tree
from tocsin.plan import Plan
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.tree import Binary, Number
from tocsin.proving.bounds import bounds_of
from tocsin.proving.derive import derived
from tocsin.targets import prometheus_alerts, prometheus_bounds, prometheus_rules, prometheus_tests

hour, minutes = (
    Indicator(ratio(agent_errors, agent_request_duration.count, by=agent_name, over=over), title=over)
    for over in ("1h", "5m")
)
hour_of_all, minutes_of_all = (
    Indicator(ratio(agent_errors, agent_request_duration.count, over=over), title=over) for over in ("1h", "5m")
)
RECORDS = RuleGroup(
    "ratios",
    "30s",
    tuple(
        Record(indicator, f"errors:ratio_rate{indicator.title}")
        for indicator in (hour, minutes, hour_of_all, minutes_of_all)
    ),
)


def both(one: Indicator, other: Indicator) -> Binary:
    return Binary("and", one.expr, Binary(">", other.expr, Number(Decimal("0.03"))))


BURN = alert("Burn", both(hour, minutes), ">", percent(5), "2m")
BURN_OF_ALL = alert("BurnOfAll", both(hour_of_all, minutes_of_all), ">", percent(5), "2m")


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Plan(replace(DEFINITIONS, alerts=(BURN, BURN_OF_ALL), groups=(RECORDS,), proofs=()))


@pytest.fixture
def folder(plan: Plan, tmp_path: Path) -> Path:
    targets = (prometheus_rules, prometheus_alerts, prometheus_bounds, prometheus_tests)
    drafts = [draft for target in targets for draft in target.documents(plan)]
    write_tree(tmp_path / "out", list(rendered(drafts)))
    return tmp_path / "out"


def passes(folder: Path, name: str) -> bool:
    (result,) = promtool.test_rules(folder, [f"prometheus/tests/{name}.yaml"])
    return result.passed


# Beside what is derived, and where no label tells subjects apart.
@pytest.mark.parametrize("name", ["burn", "burn-of-all-threshold"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("> 0.05", ">= 0.05"),
        ("> 0.05", "> 0.045"),
        ("> 0.03", ">= 0.03"),
        ("> 0.03", "> 0.027"),
        ("> 0.03", "> 0.06"),
        (" and ", " or "),
        (" and ", " unless "),
    ],
)
def test_a_bound_that_is_moved_is_noticed(name: str, old: str, new: str, folder: Path) -> None:
    assert passes(folder, name)
    rules = folder / f"prometheus/alerts/{name.removesuffix('-threshold')}.yaml"
    data = yaml.safe_load(rules.read_text())
    (rule,) = data["groups"][0]["rules"]
    assert old in rule["expr"]
    rule["expr"] = rule["expr"].replace(old, new)
    rules.write_text(yaml.safe_dump(data))
    assert not passes(folder, name)


def test_alert_on_what_is_summed_of_recorded_values_is_given_it() -> None:
    """None of the days beneath it need be lived through."""
    month = Indicator(summed_over(hour.expr, "30d", every="1h"), title="A month of hours")
    group = RuleGroup("month", "2m", (Record(month, "errors:sum30d"),))
    spent = alert("Spent", month.expr, ">", percent(80), "10m")
    plan = Plan(replace(DEFINITIONS, alerts=(spent,), groups=(RECORDS, group), proofs=()))
    found = derived(plan, spent)
    assert max(milliseconds_of(claim.at) for claim in found.claims) < milliseconds_of("1h")
    assert {feed.series.metric.name for claim in found.claims for feed in claim.scenario.feeds} == {
        "agent_name:errors:sum30d"
    }
    assert {bool(claim.instances) for claim in found.claims} == {True, False}


def test_only_series_that_stand_by_themselves_have_bounds(plan: Plan) -> None:
    limits = [bound.limit for bound in bounds_of(plan, plan.alert(BURN))]
    assert limits == [Decimal("0.05"), Decimal("0.03")]
    single = alert("Single", hour.expr, ">", percent(5))
    computed = alert("Computed", both(hour, Indicator(minutes.expr * 2, title="x")), ">", percent(5))
    for other in (single, computed):
        assert bounds_of(plan, plan.alert(other)) == ()
