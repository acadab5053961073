"""Records of recorded series: their inputs are given, so that a month takes one evaluation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from shapes import DEFINITIONS, alert

from agentmetrics.catalog import (
    agent_errors,
    agent_name,
    agent_request_duration,
    llm_cost,
    tenant_id,
    tenant_monthly_budget,
)
from tocsin import promtool
from tocsin.define import Indicator, Record, RuleGroup, above_zero, increase, maximum, promql, rate, summed_over, usd
from tocsin.documents import rendered
from tocsin.output import write_tree
from tocsin.plan import Plan
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.tree import Node
from tocsin.proving.derive import derived
from tocsin.proving.given import given_values
from tocsin.proving.values import derived_values, interval_of
from tocsin.targets import prometheus_recorded, prometheus_rules

failed, all_of_them = (
    Indicator(rate(counter, by=agent_name, over="5m"), title=counter.name)
    for counter in (agent_errors, agent_request_duration.count)
)
failed_an_hour, all_an_hour = (
    Indicator(summed_over(one.expr, "1h", every="30s"), title=f"{one.title}, an hour") for one in (failed, all_of_them)
)
month = Indicator(
    summed_over(failed_an_hour.expr, "30d", every="1h") / above_zero(summed_over(all_an_hour.expr, "30d", every="1h")),
    title="Share of a month",
)
cost = Indicator(increase(llm_cost, by=tenant_id, over="24h"), title="Cost of a day")
SIDES = RuleGroup(
    "sides",
    "30s",
    (
        Record(failed, "failed:rate5m"),
        Record(all_of_them, "all:rate5m"),
        Record(failed_an_hour, "failed:sum1h"),
        Record(all_an_hour, "all:sum1h"),
    ),
)
MONTH = RuleGroup("month", "2m", (Record(month, "failed:ratio30d"),))
FILE = "prometheus/tests/rules-month-given.yaml"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Plan(replace(DEFINITIONS, alerts=(), groups=(SIDES, MONTH), proofs=()))


@pytest.fixture
def folder(plan: Plan, tmp_path: Path) -> Path:
    drafts = [draft for target in (prometheus_rules, prometheus_recorded) for draft in target.documents(plan)]
    write_tree(tmp_path / "out", list(rendered(drafts)))
    return tmp_path / "out"


def test_promtool_confirms_a_month_in_one_evaluation(folder: Path) -> None:
    (result,) = promtool.test_rules(folder, [FILE])
    assert result.passed, result.output
    (test,) = (data := yaml.safe_load((folder / FILE).read_text()))["tests"]
    assert data["evaluation_interval"] == test["promql_expr_test"][0]["eval_time"]


def test_who_is_idle_has_no_share_and_who_has_hardly_any_traffic_has_one(plan: Plan) -> None:
    found = given_values(plan, MONTH)
    assert found is not None
    ((_, claim),) = found.stated
    assert {dict(one.labels)["agent_name"] for one in claim.instances} == {"changing", "hardly-any"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("failed:sum1h[30d:1h]", "failed:sum1h[15d:1h]"),
        ("[30d:1h]", "[15d:1h]"),
        ("[30d:1h]", "[29d:1h]"),
        ("[30d:1h]", "[31d:1h]"),
        ("[30d:1h]", "[60d:1h]"),
        (" offset 1m", ""),
        (" > 0", ""),
        (" > 0", " >= 0"),
        (" > 0", " > 1"),
        ("sum_over_time", "max_over_time"),
    ],
)
def test_a_window_or_a_guard_that_is_changed_is_noticed(old: str, new: str, folder: Path) -> None:
    rules = folder / "prometheus/rules/month.yaml"
    data = yaml.safe_load(rules.read_text())
    (rule,) = data["groups"][0]["rules"]
    assert old in rule["expr"]
    rule["expr"] = rule["expr"].replace(old, new)
    rules.write_text(yaml.safe_dump(data))
    (result,) = promtool.test_rules(folder, [FILE])
    assert not result.passed


def test_subjects_that_no_label_tells_apart_have_a_test_each(tmp_path: Path) -> None:
    everywhere = tuple(
        Indicator(rate(counter, over="5m"), title=counter.name)
        for counter in (agent_errors, agent_request_duration.count)
    )
    part, whole = (summed_over(one.expr, "1h", every="30s") for one in everywhere)
    share_of_all = Indicator(part / above_zero(whole), title="Share of an hour")
    sides = RuleGroup("sides", "30s", (Record(everywhere[0], "failed:rate5m"), Record(everywhere[1], "all:rate5m")))
    month = RuleGroup("month", "30s", (Record(share_of_all, "failed:ratio1h"),))
    plan = Plan(replace(DEFINITIONS, alerts=(), groups=(sides, month), proofs=()))
    drafts = [draft for target in (prometheus_rules, prometheus_recorded) for draft in target.documents(plan)]
    write_tree(tmp_path / "out", list(rendered(drafts)))
    (result,) = promtool.test_rules(tmp_path / "out", [FILE])
    assert result.passed, result.output
    tests = yaml.safe_load((tmp_path / "out" / FILE).read_text())["tests"]
    assert [len(test["promql_expr_test"][0]["exp_samples"]) for test in tests] == [1, 0, 1]


def test_nothing_is_given_to_what_reads_scraped_series(plan: Plan) -> None:
    scraped = RuleGroup("scraped", "30s", (Record(failed, "failed:rate5m"),))
    assert given_values(Plan(replace(plan.definitions, groups=(scraped,))), scraped) is None


def of_costs(plan: Plan, month: Node) -> tuple[Plan, RuleGroup]:
    group = RuleGroup("month", "2m", (Record(Indicator(month, title="A month of it"), "budget:used30d"),))
    recorded = RuleGroup("days", "30s", (Record(cost, "cost:increase24h"),))
    return Plan(replace(plan.definitions, groups=(recorded, group))), group


def test_what_an_exported_gauge_is_now_is_given_too(plan: Plan, tmp_path: Path) -> None:
    budget = above_zero(maximum(tenant_monthly_budget, by=tenant_id))
    made, _ = of_costs(plan, summed_over(cost.expr, "30d", every="1d") / budget)
    out = tmp_path / "out"
    drafts = [draft for target in (prometheus_rules, prometheus_recorded) for draft in target.documents(made)]
    write_tree(out, list(rendered(drafts)))
    assert 'tenant_monthly_budget_usd{tenant_id="hardly-any"}' in (out / FILE).read_text()
    assert promtool.test_rules(out, [FILE])[0].passed
    rules = out / "prometheus/rules/month.yaml"
    rules.write_text(rules.read_text().replace("> 0", "> 1"))
    assert not promtool.test_rules(out, [FILE])[0].passed


@pytest.mark.parametrize(("window", "step", "every"), [("30d", "1d", "1d"), ("1h", "30s", "2m")])
def test_what_is_looked_back_on_is_evaluated_when_it_is_read(window: str, step: str, every: str, plan: Plan) -> None:
    # Where it is read more often than the group is evaluated, that is as often as it can be.
    budget = above_zero(maximum(tenant_monthly_budget, by=tenant_id))
    made = of_costs(plan, summed_over(cost.expr, window, every=step) / budget)
    assert derived_values(*made)
    assert interval_of(*made) == milliseconds_of(every)


def test_what_given_series_show_whole_is_not_derived_again(plan: Plan) -> None:
    told = {record.name for record, _ in derived_values(plan, SIDES)}
    assert told == {"agent_name:failed:rate5m", "agent_name:all:rate5m"}
    assert not derived_values(plan, MONTH)


def test_what_the_group_computes_itself_hides_no_offset(plan: Plan, tmp_path: Path) -> None:
    # Where nobody fails, the rule says 0 of him, at the moment that is told; his last sample is another.
    none = Indicator(promql(f"{failed.expr.text()} or agent_name:all:rate5m * 0"), title="None failed")
    hour = Indicator(promql("sum_over_time(agent_name:failed:rate5m[1h:30s] offset 15s)"), title="An hour")
    records = (Record(all_of_them, "all:rate5m"), Record(none, "failed:rate5m"), Record(hour, "failed:sum1h"))
    made = Plan(replace(plan.definitions, groups=(RuleGroup("sides", "30s", records),)))
    drafts = [draft for target in (prometheus_rules, prometheus_recorded) for draft in target.documents(made)]
    write_tree(tmp_path / "out", list(rendered(drafts)))
    file = "prometheus/tests/rules-sides-given.yaml"
    assert promtool.test_rules(tmp_path / "out", [file])[0].passed
    rules = tmp_path / "out/prometheus/rules/sides.yaml"
    rules.write_text(rules.read_text().replace(" offset 15s", ""))
    assert not promtool.test_rules(tmp_path / "out", [file])[0].passed


def test_what_a_gauge_was_is_not_given(plan: Plan) -> None:
    budgets = above_zero(summed_over(maximum(tenant_monthly_budget, by=tenant_id), "30d", every="1d"))
    assert given_values(*of_costs(plan, summed_over(cost.expr, "30d", every="1d") / budgets)) is None


def test_nothing_is_given_for_a_year_of_half_minutes(plan: Plan) -> None:
    year = Indicator(summed_over(failed.expr, "365d", every="30s"), title="A year")
    group = RuleGroup("year", "1h", (Record(year, "failed:sum365d"),))
    assert given_values(Plan(replace(plan.definitions, groups=(SIDES, group))), group) is None


@pytest.mark.parametrize(("over", "is_given"), [("24h", True), ("6h", False)])
def test_an_alert_is_given_what_is_recorded_of_most_of_a_day(over: str, is_given: bool) -> None:
    spent = Indicator(increase(llm_cost, by=tenant_id, over=over), title="Spent")
    group = RuleGroup("spending", "30s", (Record(spent, f"cost:increase{over}"),))
    much = replace(alert("Much", "up", ">", usd(50)), when=spent > usd(50))
    found = derived(Plan(replace(DEFINITIONS, alerts=(much,), groups=(group,), proofs=())), much)
    given = f"tenant_id:cost:increase{over}"
    assert {feed.series.metric.name for feed in found.claims[0].scenario.feeds} == {
        given if is_given else llm_cost.name
    }
    assert (milliseconds_of(found.claims[-1].at) <= 15 * 60_000) == is_given
