"""Alerts that are given recorded series in their own proof are proven through all that is recorded as well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from made import Files, made
from shapes import DEFINITIONS, TARGETS, alert

from agentmetrics.catalog import agent_errors, agent_name, llm_cost, tenant_id, tenant_monthly_budget
from tocsin import promtool
from tocsin.checks.alerts import findings_of_proofs
from tocsin.define import (
    PERCENT,
    REQUESTS,
    USD,
    Alert,
    Feed,
    Indicator,
    Record,
    RuleGroup,
    Scenario,
    a_day,
    above_zero,
    fires,
    growing,
    holding,
    increase,
    instance,
    maximum,
    percent,
    promql,
    prove,
    quantity,
    rate,
    requests,
    summed_over,
    usd,
)
from tocsin.metrics import Gauge
from tocsin.model.scenario import Claim
from tocsin.plan import Plan
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.tree import Node, names_read
from tocsin.proving.derive import derived
from tocsin.proving.through import derived_through

FILE = "prometheus/tests/much-through.yaml"
Told = tuple[Sequence[Claim], Feed]


def told_of(plan: Plan, one: Alert) -> Iterator[Told]:
    """What is derived of an alert, beside each series that is fed for it."""
    through = [claim for found in derived_through(plan) for own, claims in found.told if own is one for claim in claims]
    every = [*derived(plan, one).claims, *through]
    for scenario in {id(claim.scenario): claim.scenario for claim in every}.values():
        claims = [claim for claim in every if claim.scenario is scenario]
        yield from ((claims, feed) for feed in scenario.feeds)


def survives(told: Told, times: Sequence[str]) -> bool:
    """Whether whose series these are does then what he should: who ever fires does, who never fires is quiet."""
    claims, feed = told
    own = {(matcher.label, matcher.value) for matcher in feed.series.matchers}
    fires = [any(set(one.labels) <= own for one in claim.instances) for claim in claims]
    if not any(fires) and any(claim.instances for claim in claims):
        return False  # somebody else is the one that fires
    at = [milliseconds_of(claim.at) for claim in claims]
    scenario = claims[0].scenario
    scrapes = [milliseconds_of(time) // milliseconds_of(scenario.every) * scenario.spacing for time in times]
    # The scrape that fails, or the first after a restart, is the last one before an evaluation.
    then = [next((number for number, end in enumerate(at) if end >= scrape), None) for scrape in scrapes]
    return any(number is not None and fires[number] == any(fires) for number in then)


def test_every_alert_of_the_project_survives_a_restart_and_a_missed_scrape(project_plan: Plan) -> None:
    for one in project_plan.definitions.alerts:
        planned = project_plan.alert(one)
        sides = (planned.left, planned.right)
        read = names_read(*sides, *(record.node for side in sides for record in project_plan.records_read(side)))
        metrics = [project_plan.exported[name][0] for name in read & project_plan.exported.keys()]
        names = {metric.name for metric in metrics}
        told = [told for told in told_of(project_plan, one) if told[1].series.metric.name in names]
        assert any(survives((claims, feed), feed.missed) for claims, feed in told), one.name
        if not all(isinstance(metric, Gauge) for metric in metrics):
            assert any(survives((claims, feed), feed.resets) for claims, feed in told), one.name


def test_who_has_no_traffic_is_quiet_through_all_that_is_recorded(project_plan: Plan) -> None:
    told = [found for through in derived_through(project_plan) for found in through.told]
    assert len(told) == 12
    for one, claims in told:
        feeds = claims[0].scenario.feeds
        assert any("idle" in str(feed.series.matchers) for feed in feeds), one.name
        assert all("idle" not in str(claim.instances) for claim in claims), one.name


def of_costs(month: Node) -> tuple[RuleGroup, RuleGroup]:
    cost = Indicator(increase(llm_cost, by=tenant_id, over="24h"), title="Cost of a day")
    used = Indicator(month, title="A month of it")
    return RuleGroup("days", "30s", (Record(cost, "cost:day"),)), RuleGroup(
        "month", "2m", (Record(used, "cost:month"),)
    )


day = increase(llm_cost, by=tenant_id, over="24h")
month = summed_over(day, "30d", every="1d")
spent = Indicator(month, title="A month of it")
much = replace(alert("Much", "up", ">", usd(50)), when=spent > usd(50), hold="0s", every="2m")


def test_what_is_spent_in_a_month_is_seen_after_days(tmp_path: Path) -> None:
    files = made(tmp_path, much, groups=of_costs(month))
    (test,) = files["much-through"]
    assert {one["series"].partition("{")[0] for one in test["input_series"]} == {"llm_cost_dollars_total"}
    assert all("stale" in one["values"] for one in test["input_series"])
    firing = [one for one in test["alert_rule_test"] if one["exp_alerts"]]
    assert [one["exp_labels"]["tenant_id"] for claim in firing for one in claim["exp_alerts"]] == ["far-beyond"] * 3
    assert milliseconds_of(firing[0]["eval_time"]) < milliseconds_of("15d")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # What counts from 0 again is less than it was, and a scrape that fails leaves nothing that is now.
        ("increase(llm_cost_dollars_total[24h])", "(llm_cost_dollars_total - llm_cost_dollars_total offset 24h)"),
        ("increase(llm_cost_dollars_total[24h])", "delta(llm_cost_dollars_total[24h])"),
        ("increase(llm_cost_dollars_total[24h])", "increase(llm_cost_dollars_total[24h]) and llm_cost_dollars_total"),
    ],
)
def test_rule_that_does_not_survive_is_noticed(old: str, new: str, tmp_path: Path) -> None:
    made(tmp_path, much, groups=of_costs(month))
    rules = tmp_path / "prometheus/rules/days.yaml"
    assert old in rules.read_text()
    rules.write_text(rules.read_text().replace(old, new))
    (result,) = promtool.test_rules(tmp_path, [FILE])
    assert not result.passed


def test_gauge_that_is_scraped_as_it_is_now_misses_no_scrape(tmp_path: Path) -> None:
    # The budget is gone while its scrape fails: a check warns of that, and the proof is of the restart alone.
    share = Indicator(month / above_zero(maximum(tenant_monthly_budget, by=tenant_id)), title="Share of a month")
    group = RuleGroup("month", "2m", (Record(share, "cost:share"),))
    used = replace(much, when=share > percent(80))
    (test,) = made(tmp_path, used, groups=(of_costs(month)[0], group))["much-through"]
    assert not any("stale" in one["values"] for one in test["input_series"])
    costs = [one["values"] for one in test["input_series"] if one["series"].startswith("llm_cost")]
    assert costs.pop().startswith("_ 0+0x")  # of who is idle
    assert len(costs) == 2
    assert all(one.count("+") > 1 for one in costs)


def failures(*bounds: int, hold: str = "1h") -> tuple[tuple[Alert, ...], RuleGroup]:
    failed = Indicator(increase(agent_errors, by=agent_name, over="24h"), title="Failed in a day")
    alerts = (
        replace(alert(f"Over{bound}", "up", ">", requests(1)), when=failed > requests(bound), hold=hold)
        for bound in bounds
    )
    return tuple(alerts), RuleGroup("failures", "30s", (Record(failed, "errors:day"),))


def through(files: Files) -> set[frozenset[str]]:
    """Who lives through the same."""
    tests = [test for name, tests in files.items() if "through" in name for test in tests]
    return {frozenset(claim["alertname"] for claim in test["alert_rule_test"]) for test in tests}


def test_alerts_that_rest_on_the_same_live_through_the_same_and_others_do_not(tmp_path: Path) -> None:
    alerts, group = failures(10, 5000)
    files = made(tmp_path, alerts[0], much, alerts[1], groups=(*of_costs(month), group))
    assert through(files) == {frozenset({"Over10", "Over5000"}), frozenset({"Much"})}


def test_who_cannot_be_shown_leaves_the_others_together(tmp_path: Path) -> None:
    alerts, group = failures(10, 100, 5000)
    never = replace(alerts[1], name="Never", hold="60d")
    assert through(made(tmp_path, *alerts, never, groups=(group,))) == {frozenset({"Over10", "Over100", "Over5000"})}


def test_who_is_healthy_never_fires(tmp_path: Path) -> None:
    # Who is far beyond the one is short of the other: each is shown by itself.
    (over,), group = failures(100)
    under = replace(over, name="Under", when=over.when.left < requests(1000))
    files = made(tmp_path, over, under, groups=(group,))
    assert through(files) == {frozenset({"Over100"}), frozenset({"Under"})}
    for name, tests in files.items():
        claims = [claim for test in tests for claim in test["alert_rule_test"] if "through" in name]
        assert {one["exp_labels"]["agent_name"] for claim in claims for one in claim["exp_alerts"]} <= {"far-beyond"}


@pytest.mark.parametrize("every", ["30s", "7m"])
def test_short_windows_are_evaluated_more_often(every: str, tmp_path: Path) -> None:
    # A day's evaluations would need more scrapes of five minutes than keep off the edges of windows.
    lately = Indicator(rate(agent_errors, by=agent_name, over="5m"), title="Failures")
    (_,), group = failures(100)
    records = (*group.records, Record(lately, "errors:rate5m"))
    both = Indicator(
        promql("agent_name:errors:day and on (agent_name) (agent_name:errors:rate5m > 0.5)"),
        title="Both",
        unit=REQUESTS,
    )
    lasting = replace(failures(1)[0][0], when=both > requests(100), every=every)
    assert through(made(tmp_path, lasting, groups=(replace(group, records=records),))) == {frozenset({"Over1"})}


def test_groups_may_be_called_like_alerts(tmp_path: Path) -> None:
    days, months = of_costs(month)
    also = replace(much, name="MuchAlert", when=spent > usd(60))
    files = made(tmp_path, much, also, groups=(replace(days, name="much"), replace(months, name="much-alert")))
    assert through(files) == {frozenset({"Much", "MuchAlert"})}


def test_who_stands_at_a_threshold_of_his_own_accord_is_not_healthy(tmp_path: Path) -> None:
    # A target that is up stands at the threshold of one that must be, and is exactly there.
    least = Indicator(promql("min by (instance) (min_over_time(up[24h]))"), title="Least")
    group = RuleGroup("day", "30s", (Record(least, "up:day"),))
    down = alert("DownToday", "instance:up:day", "<", quantity(1, TARGETS), "5m")
    assert through(made(tmp_path, replace(down, when=least < quantity(1, TARGETS)), groups=(group,))) == {
        frozenset({"DownToday"})
    }


def test_who_is_never_evaluated_is_told_elsewhere() -> None:
    plan = Plan(replace(DEFINITIONS, alerts=(replace(much, every="0s"),), groups=of_costs(month), proofs=()))
    assert not derived_through(plan)


def test_what_no_label_tells_apart_is_shown_by_who_fires_alone(tmp_path: Path) -> None:
    all_of_it = Indicator(increase(llm_cost, over="24h"), title="Cost of a day")
    group = RuleGroup("days", "30s", (Record(all_of_it, "cost:day"),))
    expensive = replace(much, when=all_of_it > usd(50))
    (test,) = made(tmp_path, expensive, groups=(group,))["much-through"]
    assert len(test["input_series"]) == 1
    assert "-" in test["input_series"][0]["values"] or test["input_series"][0]["values"].count("+") > 1


def test_nothing_is_proven_twice_of_who_is_scraped_in_his_own_proof() -> None:
    failing = alert("Failing", rate(agent_errors, by=agent_name), ">", percent(1), unit=PERCENT)
    assert not derived_through(Plan(replace(DEFINITIONS, alerts=(failing,), proofs=())))


SCRAPED = Feed(llm_cost(tenant_id="acme", model="m", agent_name="a"), growing(a_day(2), lasting="60d"))
GIVEN = Feed(
    Gauge("tenant_id:cost:month", "", labels=(tenant_id,), unit=USD)(tenant_id="acme"), holding(58, lasting="60d")
)


@pytest.mark.parametrize(
    ("hold", "stated", "asked"),
    [("0s", None, False), ("30d", None, True), ("30d", SCRAPED, False), ("30d", GIVEN, True)],
)
def test_what_is_not_derived_is_asked_of_the_author(hold: str, stated: Feed | None, asked: bool) -> None:
    one = replace(much, hold=hold)
    days = Scenario("two dollars a day", *([stated] if stated else ()), every="1h")
    proofs = (prove(one, fires(days, "59d", instance("USD 58", tenant_id="acme"))),) if stated else ()
    plan = Plan(replace(DEFINITIONS, alerts=(one,), groups=of_costs(month), proofs=proofs))
    assert derived(plan, one).claims
    told = [found.message for found in findings_of_proofs(plan)]
    assert any("nothing shows that it fires of what is scraped" in message for message in told) == asked
