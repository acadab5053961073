"""What an alert must do is derived from it, and promtool confirms it; what it must not do would be noticed."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from shapes import ALERTS, DEFINITIONS, PODS, UNDERIVABLE, alert, gpu

from tocsin import promtool
from tocsin.checks.missed_scrapes import findings_in
from tocsin.compiled import compiled
from tocsin.define import RATIO, Catalog, Gauge, percent, quantity, total
from tocsin.documents import rendered
from tocsin.output import write_tree
from tocsin.plan import Plan
from tocsin.proving.derive import Derived, derived
from tocsin.targets import prometheus_alerts, prometheus_rules, prometheus_tests

NAMES = [alert.name for alert in ALERTS]


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Plan(DEFINITIONS)


def written(plan: Plan, folder: Path) -> list[str]:
    targets = (prometheus_rules, prometheus_alerts, prometheus_tests)
    documents = [document for target in targets for document in rendered(target.documents(plan))]
    write_tree(folder, documents)
    return [document.path for document in documents if document.path.startswith("prometheus/tests/")]


def labels_in(found: Derived) -> set[str]:
    return {value for claim in found.claims for one in claim.instances for _, value in one.labels}


def test_every_shape_is_derived_and_promtool_confirms_each_claim(plan: Plan, tmp_path: Path) -> None:
    assert {one.name: found.missing for one in ALERTS if (found := derived(plan, one)).missing} == {}
    for one in ALERTS:
        assert {bool(claim.instances) for claim in derived(plan, one).claims} == {True, False}, one.name
    results = promtool.test_rules(tmp_path / "out", written(plan, tmp_path / "out"))
    assert [result.output for result in results if not result.passed] == []


@pytest.mark.parametrize(("hold", "every"), [("30s", "30s"), ("45s", "1m")])
def test_every_shape_is_derived_where_its_for_is_as_short_as_can_be(hold: str, every: str, tmp_path: Path) -> None:
    alerts = tuple(replace(one, hold=hold, every=every) for one in ALERTS)
    plan = Plan(replace(DEFINITIONS, alerts=alerts))
    missing = {one.name: found.missing for one in alerts if (found := derived(plan, one)).missing}
    # What begins with little does fire then.
    assert {name: "make it fire" in why for name, why in missing.items()} == {"TrafficLow": True, "Unserved": True}
    results = promtool.test_rules(tmp_path / "out", written(plan, tmp_path / "out"))
    assert [result.output for result in results if not result.passed] == []


@pytest.mark.skipif(not os.environ.get("PROMTOOL3"), reason="PROMTOOL3 names a promtool of Prometheus 3")
def test_prometheus_3_confirms_them_too(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMTOOL", os.environ["PROMTOOL3"])
    results = promtool.test_rules(tmp_path / "out", written(plan, tmp_path / "out"))
    assert [result.output for result in results if not result.passed] == []


_SERVED = "sum by (namespace) (rate(pods_served_total[5m]))"
CHANGES = [
    ("higher threshold", "Timeouts", {"expr": ("> 5", "> 5.1")}),
    ("lower threshold", "Timeouts", {"expr": ("> 5", "> 4.9")}),
    ("turned round", "Timeouts", {"expr": ("> 5", "< 5")}),
    ("or equal", "Sessions", {"expr": (">= 100", "> 100")}),
    ("not equal", "BudgetLeft", {"expr": ("< 10", "<= 10")}),
    ("longer for", "Timeouts", {"for": ("5m", "5m16s")}),
    ("shorter for", "Timeouts", {"for": ("5m", "4m30s")}),
    ("no for", "Timeouts", {"for": ("5m", "0s")}),
    ("longer window", "Timeouts", {"expr": ("[5m]", "[6m]")}),
    ("label dropped", "Timeouts", {"expr": ("by (agent_name) ", "")}),
    ("label added", "Timeouts", {"expr": ("by (agent_name)", "by (agent_name, tenant_id)")}),
    ("other function", "Timeouts", {"expr": ("rate(", "increase(")}),
    ("quantile", "SlowSearch", {"expr": ("0.99", "0.95")}),
    ("no zeros", "SuccessLow", {"expr": ("> 0", ">= 0")}),
    ("matcher dropped", "NodeNotReady", {"expr": ('{status="true"}', "")}),
    ("matcher turned", "NodeNotReady", {"expr": ('status="true"', 'status!="true"')}),
    ("pattern dropped", "PodNotRunning", {"expr": ('{phase=~"Pending|Failed"}', "")}),
    ("exclusion dropped", "Tokens", {"expr": ('token_type!="input",', "")}),
    ("job dropped", "AbsentTarget", {"expr": ('{job="agents"}', "")}),
    ("least beside it", "Beside", {"expr": ("max by (tenant_id)", "min by (tenant_id)")}),
    ("sum beside it", "Beside", {"expr": ("max by (tenant_id)", "sum by (tenant_id)")}),
    ("threshold beside a guard", "Backlog", {"expr": ("> 50", "> 51")}),
    ("higher guard", "Backlog", {"expr": ("> 3", "> 3.1")}),
    ("lower guard", "Backlog", {"expr": ("> 3", "> 2.9")}),
    ("guard that keeps out", "Unserved", {"expr": ("> 3", "> 2.9")}),
    ("threshold beside one that keeps out", "Unserved", {"expr": ("> 17.5", "> 16.5")}),
    ("late now", "LateForLong", {"expr": (" offset 30m", "")}),
    ("half a day ago", "ADayAgo", {"expr": ("1d", "12h")}),
    ("age at once", "BackupStale", {"expr": (">= 600", "> 600")}),
    ("one of two gauges", "EitherGauge", {"expr": ("> 50", "> 51")}),
    ("the other of two gauges", "EitherGauge", {"expr": ("> 60", "> 59")}),
    ("threshold of nine digits", "Bytes", {"expr": ("> 123456789", ">= 123456789")}),
    ("largest for sum", "Backlog", {"expr": ("sum by (namespace) (pods", "max by (namespace) (pods")}),
    ("largest for sum in a guard", "Backlog", {"expr": ("sum by (namespace) (rate", "max by (namespace) (rate")}),
    ("sum for largest", "Bytes", {"expr": ("max by", "sum by")}),
    ("least for largest", "Bytes", {"expr": ("max by", "min by")}),
    ("largest for least", "BudgetLeft", {"expr": ("min by", "max by")}),
    ("largest for sum of buckets", "SlowSearch", {"expr": ("sum by", "max by")}),
    ("largest for average", "GpuLazy", {"expr": ("avg by", "max by")}),
    ("age itself", "BackupOld", {"expr": ("> 100000", ">= 100000")}),
    ("oldest for youngest", "BackupOld", {"expr": ("max by", "min by")}),
    ("time from now turned", "CertificateEnds", {"expr": ("- time()", "+ time()")}),
    ("another series gone", "GoneAtOnce", {"expr": ('{namespace="web"}', "")}),
    ("other codes", "Broken", {"expr": ("5[0-9]{2}", "4[0-9]{2}")}),
    (
        "no look back",
        "CacheBusy",
        {"expr": ("last_over_time(vllm:kv_cache_usage_perc[2m])", "vllm:kv_cache_usage_perc")},
    ),
    ("looks back for half", "CacheBusy", {"expr": ("[2m]", "[1m]")}),
    ("looks back for twice", "CacheBusy", {"expr": ("[2m]", "[4m]")}),
    ("fires at one missed scrape", "AbsentTarget", {"for": ("5m", "0s")}),
    ("largest for least of what is not given", "DayAtFour", {"expr": ("max by (tenant_id)", "min by (tenant_id)")}),
    ("sum for largest of what is not given", "DayAtFour", {"expr": ("max by (tenant_id)", "sum by (tenant_id)")}),
    ("threshold, seen on a turn", "Together", {"expr": ("> 50", "> 49")}),
    ("threshold itself, seen on a turn", "Together", {"expr": ("> 50", ">= 50")}),
    ("matcher dropped, seen on a turn", "Together", {"expr": ('{namespace="web"}', "")}),
    ("kept for less", "CacheFull", {"keep_firing_for": ("5m", "4m")}),
    ("format of a share", "GpuBusy", {"description": ('printf "%.4g" $value', "$value")}),
    ("format of what is counted", "Xid", {"description": ("$value | humanize", "$value")}),
]


def test_a_rule_that_is_changed_a_little_fails_its_derived_test(plan: Plan, tmp_path: Path) -> None:
    written(plan, tmp_path / "out")
    survivors = [what for what, name, change in CHANGES if not _notices(tmp_path / "out", name, change)]
    assert survivors == []


def _notices(folder: Path, name: str, change: dict[str, tuple[str, str]]) -> bool:
    slug = next(alert.slug for alert in ALERTS if alert.name == name)
    rules = folder / f"prometheus/alerts/{slug}.yaml"
    kept = rules.read_text()
    data = yaml.safe_load(kept)
    rule = data["groups"][0]["rules"][0]
    rule["expr"] = " ".join(rule["expr"].split())
    for field, (old, new) in change.items():
        place = rule if field in rule else rule["annotations"]
        assert old in place[field], (name, place[field])
        place[field] = place[field].replace(old, new)
    rules.write_text(yaml.safe_dump(data))
    tests = [path for path in (folder / "prometheus/tests").iterdir() if f"/{slug}.yaml\n" in path.read_text()]
    results = promtool.test_rules(folder, [f"prometheus/tests/{path.name}" for path in tests])
    rules.write_text(kept)
    assert results
    return not all(result.passed for result in results)


def test_nobody_has_a_value_that_the_gauge_cannot_have() -> None:
    """Not where two exporters share it either: a fan turns at 20 or more."""
    fans = Gauge("fans", "Speed.", labels=(gpu,), unit=RATIO, minimum=20, maximum=30)
    fast = alert("Fast", total(fans, by=gpu), ">", quantity(25, RATIO))
    own = derived(Plan(replace(DEFINITIONS, catalogs=(Catalog("fans", (fans,)),), alerts=(fast,), groups=())), fast)
    assert {bool(claim.instances) for claim in own.claims} == {True, False}


def test_who_is_just_short_brief_or_idle_never_fires(plan: Plan) -> None:
    (alert,) = (one for one in ALERTS if one.name == "Timeouts")
    found = derived(plan, alert)
    fed = {matcher.value for feed in found.claims[0].scenario.feeds for matcher in feed.series.matchers}
    assert fed >= {"just-beyond", "far-beyond", "just-short", "brief", "idle"}
    assert labels_in(found) == {"just-beyond", "far-beyond"}


def missed_by(plan: Plan, name: str) -> dict[str, int]:
    """How many scrapes each subject misses, by the value of a label, or by the test's title."""
    (alert,) = (one for one in ALERTS if one.name == name)
    scenarios = {id(claim.scenario): claim.scenario for claim in derived(plan, alert).claims}
    return {
        name: len(feed.missed)
        for scenario in scenarios.values()
        for feed in scenario.feeds
        for name in [scenario.title, *(matcher.value for matcher in feed.series.matchers)]
        if feed.missed
    }


def test_a_missed_scrape_is_survived_where_that_is_true(plan: Plan) -> None:
    """While it waits and while it fires, if it looks back; while it fires, if it is kept; not at all, if neither.

    Where a window keeps the last value, as many fail in a row as that bridges.
    """
    assert missed_by(plan, "Timeouts")["far-beyond"] == 2
    assert missed_by(plan, "GpuLazy")["far-beyond"] == 2
    assert missed_by(plan, "CacheBusy")["far-beyond"] == 4
    assert missed_by(plan, "CacheFull") == {"derived: several at once": 1, "far-beyond": 1}
    for name in ("GpuBusy", "GpuMemory", "NodeNotReady", "Sessions", "Backlog"):
        assert missed_by(plan, name) == {}, name


def test_who_asks_for_absence_is_quiet_at_a_missed_scrape_if_it_waits(plan: Plan) -> None:
    assert missed_by(plan, "AbsentTarget")["derived: brief then just short"] == 1
    assert missed_by(plan, "TargetDown")["just-short"] == 1
    assert missed_by(plan, "GoneAtOnce") == {}


def test_who_fires_of_a_default_is_quiet_at_a_missed_scrape_if_it_waits(plan: Plan) -> None:
    assert [title for title, missed in missed_by(plan, "NoneReady").items() if "just short" in title and missed == 1]


def test_where_no_label_tells_them_apart_the_quiet_ones_take_turns(plan: Plan) -> None:
    titles = {
        alert.name: list(dict.fromkeys(claim.scenario.title for claim in derived(plan, alert).claims))
        for alert in ALERTS
    }
    beyond = ["derived: just beyond", "derived: far beyond"]
    assert titles["Overall"] == [*beyond, "derived: brief then just short then guarded 1 then idle"]
    assert titles["AbsentTarget"] == [beyond[0], "derived: brief then just short"]
    assert titles["Timeouts"] == ["derived: several at once"]


def test_each_side_of_an_or_is_beyond_it_alone(plan: Plan) -> None:
    (either,) = (one for one in ALERTS if one.name == "Either")
    found = derived(plan, either)
    values = {dict(one.labels)["agent_name"]: one.value for claim in found.claims for one in claim.instances}
    assert values["just-beyond"] == "2.002 pods"
    assert values["other-1"] == "3.002 pods"


def test_of_a_closed_set_of_values_nobody_has_another(plan: Plan) -> None:
    (alert,) = (one for one in ALERTS if one.name == "InState")
    scenarios = {claim.scenario.title: claim.scenario for claim in derived(plan, alert).claims}
    assert list(scenarios) == ["derived: several at once", "derived: several more (1)"]
    found = [one.value for scenario in scenarios.values() for feed in scenario.feeds for one in feed.series.matchers]
    assert {"true", "false", "unknown"} <= set(found)
    assert not {"brief", "just-short"} & set(found)


def test_where_samples_lie_on_an_edge_evaluations_come_later(plan: Plan) -> None:
    (peak,) = (one for one in ALERTS if one.name == "Peak")
    assert derived(plan, peak).interval == 45_010


def test_values_are_stated_as_people_read_them(plan: Plan) -> None:
    texts = {
        alert.name: {one.value for claim in derived(plan, alert).claims for one in claim.instances} for alert in ALERTS
    }
    assert "5.004 requests/minute" in texts["Timeouts"]
    assert "500.5ms" in texts["SlowSearch"]
    assert "USD 9.99" in texts["BudgetLeft"]


def test_what_cannot_be_derived_says_why() -> None:
    plan = Plan(replace(DEFINITIONS, alerts=(UNDERIVABLE,)))
    assert derived(plan, UNDERIVABLE) == Derived(
        missing="no level of tenant_id:llm_cost_dollars:increase24h was found at which it begins to fire, all else "
        "standing still"
    )


def test_of_a_time_of_day_it_is_said_when_tests_begin() -> None:
    by_day = alert("ByDay", "max(pods_waiting) and on () (hour() > 8)", ">", quantity(50, PODS), unit=PODS)
    plan = Plan(replace(DEFINITIONS, alerts=(by_day,)))
    assert derived(plan, by_day).missing == (
        "no level of pods_waiting was found at which it begins to fire, all else standing still; tests begin at "
        "midnight on Thursday, 1 January 1970"
    )


def test_what_is_too_long_ago_is_asked_for() -> None:
    expr = "sum by (namespace) (rate(pods_served_total[1m] offset 6h))"
    formerly = alert("Formerly", expr, ">", quantity(50, PODS), unit=PODS)
    plan = Plan(replace(DEFINITIONS, alerts=(formerly,)))
    assert derived(plan, formerly).missing == "it looks back for 6h1m, and that is too many scrapes ago"


def test_alert_that_fires_without_any_traffic_is_not_proven() -> None:
    failures = "sum by (agent_name) (rate(agent_errors_total[5m])) + 1"
    expr = f"({failures}) / sum by (agent_name) (rate(agent_request_duration_seconds_count[5m]))"
    infinite = alert("OneByNothing", expr, ">", quantity(5, RATIO), unit=RATIO)
    plan = Plan(replace(DEFINITIONS, alerts=(infinite,)))
    assert derived(plan, infinite).missing == "series without traffic make it fire"


def test_what_is_asked_beside_the_threshold_is_not_varied_for_it() -> None:
    """Nobody has a value that the threshold keeps out: a guard alone would decide."""
    guarded = alert("Served", f"{_SERVED} > 3 and {_SERVED} < 2", ">", quantity(50, PODS), unit=PODS)
    found = derived(Plan(replace(DEFINITIONS, alerts=(guarded,))), guarded)
    assert not found.claims
    assert found.missing.startswith("no level of pods_served_total was found at which it begins to fire")


def test_each_who_must_fire_is_seen_to_with_others() -> None:
    """5.005 would be printed now as 5.00, now as 5.01; so another level is taken."""
    once = alert("Ties", "sum by (namespace) (increase(pods_served_total[5m]))", ">", quantity(10, PODS), unit=PODS)
    for limit in (1, 10, 100):
        tried = replace(once, when=once.when.left > quantity(limit, PODS))
        found = derived(Plan(replace(DEFINITIONS, alerts=(tried,))), tried)
        assert max(len(claim.instances) for claim in found.claims) == 2
        assert labels_in(found) == {"just-beyond", "far-beyond"}


def test_nothing_is_derived_that_the_definition_does_not_say(plan: Plan) -> None:
    """A threshold that nothing reaches has no firing claim, and the alert is asked for a scenario."""
    (busy,) = (one for one in ALERTS if one.name == "GpuBusy")
    unreachable = replace(busy, when=busy.when.left > percent(101))
    plan = Plan(replace(DEFINITIONS, alerts=(unreachable,)))
    assert derived(plan, unreachable).claims == ()


def test_the_check_and_the_model_say_the_same_of_a_missed_scrape(plan: Plan) -> None:
    """Where the alert waits and is not kept, the one warns of what the other does not claim."""
    warned = {finding.object for subject in compiled(plan).subjects() for finding in findings_in(subject)}
    survive = {alert.name for alert in ALERTS if "far-beyond" in missed_by(plan, alert.name)}
    both_tell = {one.name for one in ALERTS if one.hold != "0s" and plan.alert(one).labels and "Absent" not in one.name}
    assert warned & both_tell == both_tell - survive
    assert "Sessions" in warned
