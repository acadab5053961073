"""Both engines say the same at every moment, on values that a real Prometheus computed."""

from __future__ import annotations

import copy
import re
import shutil
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import yaml
from backfilled import Backfilled, Run, backfilled
from shapes import DEFINITIONS, busy, cache

from tocsin.documents import rendered
from tocsin.metrics import Gauge
from tocsin.model.scenario import Feed, Scenario, holding
from tocsin.plan import Plan
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.parse import tree_of
from tocsin.promql.tree import Node
from tocsin.proving.derive import derived
from tocsin.proving.engines import Moment, differences, prometheus_states
from tocsin.proving.evaluate import vector_of
from tocsin.proving.grafana import GrafanaAlert, grafana_states, is_met, reduced
from tocsin.proving.simulation import stored
from tocsin.proving.steady import nodes_of
from tocsin.proving.store import Moment as Clock
from tocsin.proving.timing import depth_of
from tocsin.proving.vectors import Vector
from tocsin.targets import grafana_alerts, prometheus_alerts

A, B = frozenset({("agent_name", "a")}), frozenset({("agent_name", "b")})
Rules = dict[str, dict[str, Any]]


def runs_of(plan: Plan) -> dict[str, list[Run]]:
    """Every derived scenario of every alert, up to its last claim."""
    return {alert.name: list(_runs(plan, alert)) for alert in plan.definitions.alerts}


def _runs(plan: Plan, alert: Any) -> Iterator[Run]:
    own, planned = derived(plan, alert), plan.alert(alert)
    window = max(depth_of(side, nodes_of(plan.records)) for side in (planned.left, planned.right)) / 1000
    last = {id(claim.scenario): claim for claim in own.claims}
    for claim in last.values():
        yield Run(claim.scenario, own.interval / 1000, milliseconds_of(claim.at) // own.interval, window)


def records_of(plan: Plan, run: Run) -> dict[str, Node]:
    """The recording rules' expressions, but for the series that the scenario gives."""
    given = {feed.series.metric.name for feed in run.scenario.feeds}
    return {name: node for name, node in nodes_of(plan.records).items() if name not in given}


def read_back(plan: Plan) -> tuple[Rules, Rules]:
    """The rules of both engines by the alert's name, as their files have them."""
    found: tuple[Rules, Rules] = ({}, {})
    for rules, target, name in zip(found, (prometheus_alerts, grafana_alerts), ("alert", "title"), strict=True):
        for document in rendered(target.documents(plan)):
            for group in yaml.safe_load(document.content)["groups"]:
                rules.update({rule[name]: rule for rule in group["rules"]})
    return found


@pytest.fixture(scope="module")
def plans(project_plan: Plan) -> list[Plan]:
    return [project_plan, Plan(DEFINITIONS)]


@pytest.fixture(scope="module")
def prometheus(plans: list[Plan], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backfilled]:
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed")
    runs = [run for plan in plans for own in runs_of(plan).values() for run in own]
    with backfilled(runs, tmp_path_factory.mktemp("engines")) as found:
        yield found


def test_every_alert_has_the_same_states_in_both_engines_at_every_moment(
    plans: list[Plan], prometheus: Backfilled
) -> None:
    for plan in plans:
        ours, theirs = read_back(plan)
        for name, runs in runs_of(plan).items():
            seen: set[str] = set()
            for run in runs:
                values, records = partial(prometheus.values, run), records_of(plan, run)
                assert differences(ours[name], theirs[name], records, run.interval, values) == [], name
                states = prometheus_states(ours[name], records, run.interval, values)
                seen |= {state for one in states for state in one.values()}
            hold = milliseconds_of(ours[name].get("for", "0s"))
            assert seen == {"firing", *(["pending"] if hold else [])}, name


def test_real_prometheus_fires_when_the_derived_proof_says_so(plans: list[Plan], prometheus: Backfilled) -> None:
    """The backfill holds what promtool's input series hold."""
    for plan in plans:
        ours, _ = read_back(plan)
        for alert in plan.definitions.alerts:
            for run in runs_of(plan)[alert.name]:
                values = partial(prometheus.values, run)
                states = list(prometheus_states(ours[alert.name], records_of(plan, run), run.interval, values))
                for claim in derived(plan, alert).claims:
                    if claim.scenario is run.scenario:
                        now = states[round(milliseconds_of(claim.at) / 1000 / run.interval)]
                        firing = {labels for labels, state in now.items() if state == "firing"}
                        assert firing == {frozenset(one.labels) for one in claim.instances}, (alert.name, claim.at)


CHANGES = ["threshold", "operator", "for", "keep", "query", "missing"]


@pytest.mark.parametrize("change", CHANGES)
def test_rule_that_means_something_else_is_seen(change: str, plans: list[Plan], prometheus: Backfilled) -> None:
    plan = plans[1]
    name = {"query": "DayAtFour", "keep": "CacheFull", "missing": "AbsentTarget"}.get(change, "Timeouts")
    ours, theirs = read_back(plan)
    rule = copy.deepcopy(theirs[name])
    steps = {step["refId"]: step["model"] for step in rule["data"]}
    if change == "threshold":
        steps["C"]["conditions"][0]["evaluator"]["params"] = [5.1]
    elif change == "operator":
        steps["C"]["conditions"][0]["evaluator"]["type"] = "lt"
    elif change == "for":
        rule["for"] = "4m"
    elif change == "keep":
        del rule["keepFiringFor"]
    elif change == "missing":
        rule["noDataState"] = "Alerting"
    else:
        steps["A"]["expr"] = re.sub(r"\b4\b", "3", steps["A"]["expr"])
    (run, *_) = runs_of(plan)[name]
    values = partial(prometheus.values, run)
    assert differences(ours[name], rule, records_of(plan, run), run.interval, values) != []


def test_what_is_backfilled_is_what_the_scenario_says(plans: list[Plan], prometheus: Backfilled) -> None:
    (run,) = runs_of(plans[1])["Timeouts"]
    (rate, *_) = (
        vector
        for vector in reversed(prometheus.values(run, "sum by (agent_name) (rate(agent_timeout_total[5m])) * 60"))
    )
    assert rate is not None
    # 0.0832 a second, as the scenario has it, at the end of it.
    assert rate[frozenset({("agent_name", "just-short")})] == pytest.approx(4.992, rel=1e-6)


MINUTE = 60.0


def at_a_missed_scrape(plan: Plan, name: str, gauge: Gauge, value: str) -> tuple[list[Moment], list[str]]:
    """Where the engines differ if one of two series misses a scrape after 20 minutes, and Prometheus's states of it."""
    (label,) = gauge.labels
    hit, other = (gauge(**{label.name: one}) for one in ("hit", "other"))
    scenario = Scenario(
        "one is beyond the threshold, and a scrape of it fails",
        Feed(hit, holding(value, lasting="40m"), missed=("20m",)),
        Feed(other, holding(0, lasting="40m")),
        every="30s",
    )
    store = stored(scenario, [gauge.name])

    def values(expr: str) -> list[Vector | None]:
        return [vector_of(tree_of(expr), Clock(store, number * MINUTE)) for number in range(41)]

    ours, theirs = read_back(plan)
    states = prometheus_states(ours[name], {}, MINUTE, values)
    labels = frozenset({(label.name, "hit")})
    return differences(ours[name], theirs[name], {}, MINUTE, values), [one.get(labels, "-") for one in states][19:]


def test_a_missed_scrape_is_the_same_to_both_engines(plans: list[Plan]) -> None:
    """The backfill has no stale markers; the model has, as promtool confirms."""
    differ, states = at_a_missed_scrape(plans[1], "GpuBusy", busy, "99")
    assert (differ, states[:4], states[-1]) == ([], ["firing", "-", "pending", "pending"], "firing")
    differ, states = at_a_missed_scrape(plans[1], "CacheBusy", cache, "0.9")
    assert (differ, set(states)) == ([], {"firing"})


def test_who_is_kept_firing_at_a_missed_scrape_is_missing_to_grafana(plans: list[Plan]) -> None:
    differ, states = at_a_missed_scrape(plans[1], "CacheFull", cache, "0.95")
    assert set(states) == {"firing"}
    assert [(one.evaluation, set(one.grafana.values())) for one in differ][:2] == [(20, set()), (21, {"pending"})]


# What Grafana does where no generated rule leads.


def rule(**changes: Any) -> dict[str, Any]:
    evaluator = {"type": "gt", "params": [10]}
    return {
        "condition": "C",
        "data": [
            {"refId": "A", "datasourceUid": "p", "model": {"expr": "x", "instant": True}},
            {
                "refId": "B",
                "datasourceUid": "__expr__",
                "model": {"type": "reduce", "expression": "A", "reducer": "last", "settings": {"mode": "dropNN"}},
            },
            {
                "refId": "C",
                "datasourceUid": "__expr__",
                "model": {"type": "threshold", "expression": "B", "conditions": [{"evaluator": evaluator}]},
            },
        ],
        "for": "0s",
        "noDataState": "OK",
        "execErrState": "Error",
        "missing_series_evals_to_resolve": 1,
        **changes,
    }


def told(of: dict[str, Any], *answers: Vector | None) -> list[str]:
    """The state of A (or of the rule itself) after each evaluation."""
    states = grafana_states(of, 30.0, {"A": answers})
    return [one.get(A) or one.get(frozenset()) or "-" for one in states]


def test_nan_and_infinity_are_no_data_to_a_reduce_that_drops_them() -> None:
    assert told(rule(), {A: 11.0}, {A: float("nan")}, {A: float("inf")}) == ["firing", "-", "-"]


def test_infinity_fires_where_the_reduce_is_strict() -> None:
    of = rule()
    of["data"][1]["model"]["settings"]["mode"] = ""
    assert told(of, {A: float("inf")}, {A: float("nan")}) == ["firing", "-"]


def test_series_that_is_gone_is_waited_for() -> None:
    of = rule(missing_series_evals_to_resolve=2)
    assert told(of, {A: 11.0, B: 1.0}, {B: 1.0}, {B: 1.0}) == ["firing", "firing", "-"]
    assert told(rule(), {A: 11.0, B: 1.0}, {B: 1.0}) == ["firing", "-"]


def test_no_data_is_what_the_rule_says_it_is() -> None:
    assert told(rule(), {A: 11.0}, {}) == ["firing", "-"]
    assert told(rule(noDataState="Alerting"), {A: 1.0}, {}) == ["-", "firing"]
    assert told(rule(noDataState="KeepLast"), {A: 11.0}, {}) == ["firing", "firing"]
    assert told(rule(noDataState="NoData"), {}, {A: 1.0}) == ["no data", "-"]


def test_query_that_fails_is_an_error_and_keeps_who_fires_until_it_is_missing() -> None:
    assert told(rule(), None) == ["error"]
    assert told(rule(execErrState="Alerting"), None) == ["firing"]
    assert told(rule(execErrState="OK"), {A: 11.0}, None) == ["firing", "-"]


def test_recovery_threshold_holds_who_is_beyond_the_first() -> None:
    of = rule()
    of["data"][2]["model"]["conditions"][0]["unloadEvaluator"] = {"type": "lt", "params": [8]}
    assert told(of, {A: 9.0}, {A: 11.0}, {A: 9.0}, {A: 7.0}, {A: 9.0}) == ["-", "firing", "firing", "-", "-"]


def test_recovering_counts_as_firing_until_its_time_is_over() -> None:
    of = rule(keepFiringFor="1m")
    assert told(of, {A: 11.0}, {A: 1.0}, {A: 1.0}, {A: 1.0}) == ["firing", "firing", "firing", "-"]


@pytest.mark.parametrize(
    ("kind", "params", "met"),
    [
        ("gt", [5], False),
        ("gte", [5], True),
        ("lt", [5], False),
        ("lte", [5], True),
        ("eq", [5], True),
        ("ne", [5], False),
        ("within_range", [5, 9], False),
        ("within_range_included", [9, 5], True),
        ("outside_range", [5, 9], False),
        ("outside_range_included", [5, 9], True),
    ],
)
def test_threshold_types(kind: str, params: list[int], met: bool) -> None:
    assert is_met({"type": kind, "params": params}, 5.0) is met


def test_reduce_modes() -> None:
    nan = float("nan")
    assert reduced({"reducer": "last", "settings": {"mode": "replaceNN", "replaceWithValue": 3}}, nan) == 3
    assert reduced({"reducer": "count", "settings": {"mode": "dropNN"}}, nan) == 0
    assert reduced({"reducer": "sum", "settings": {"mode": "dropNN"}}, nan) == 0
    assert reduced({"reducer": "mean", "settings": {"mode": "dropNN"}}, 4.0) == 4.0


def test_query_that_is_no_instant_query_is_refused() -> None:
    of = rule()
    del of["data"][0]["model"]["instant"]
    with pytest.raises(Exception, match="no instant query"):
        GrafanaAlert(of, 30.0).queries()
