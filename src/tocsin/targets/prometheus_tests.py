"""promtool's unit tests of alerts: one file for each.

Where what its author states is evaluated at other times than what is derived, that has a second file: promtool knows
one interval a file, and a day in steps of 30 seconds would take it a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from tocsin.annotations import annotations_of
from tocsin.documents import Draft
from tocsin.model.alert import Alert
from tocsin.model.recording import RuleGroup
from tocsin.model.scenario import Claim, Instance, Scenario
from tocsin.plan import Plan, PlannedRecord
from tocsin.promql.durations import duration_text, milliseconds_of
from tocsin.promql.tree import Binary, Node, names_read
from tocsin.proving.beside import by_scenario, together
from tocsin.proving.bounds import bounded_beside
from tocsin.proving.derive import derived
from tocsin.proving.seldom import stated_interval
from tocsin.proving.threshold import standing_beside
from tocsin.scenarios.promtool import input_series
from tocsin.scenarios.samples import series_of
from tocsin.targets.prometheus_alerts import alert_path, rule_labels
from tocsin.targets.prometheus_rules import rules_path


def documents(plan: Plan) -> Iterator[Draft]:
    for alert in plan.definitions.alerts:
        for path, every, claims in alert_tests(plan, alert):
            yield _alert_tests(plan, alert, path, every, claims)


def alert_tests(plan: Plan, alert: Alert) -> Iterator[tuple[str, int, list[Claim]]]:
    """The test files of an alert: the path, the interval in milliseconds, and the claims, the author's first."""
    stated = [claim for proof in plan.definitions.proofs_of(alert) for claim in proof.claims]
    found = derived(plan, alert)
    interval = stated_interval(plan, alert, stated) if stated else found.interval
    if found.interval == interval:
        stated += found.claims
    elif found.claims:
        yield f"prometheus/tests/{alert.slug}-derived.yaml", found.interval, list(found.claims)
    if stated:
        yield f"prometheus/tests/{alert.slug}.yaml", interval, stated


def _alert_tests(plan: Plan, alert: Alert, path: str, interval: int, claims: list[Claim]) -> Draft:
    planned = plan.alert(alert)
    condition = Binary(planned.operator, planned.left, planned.right)
    needed = _records_needed(plan, condition, claims)
    read = names_read(condition, *(record.node for record in needed))
    found = derived(plan, alert).claims
    fed = {id(feed) for feed in found[0].scenario.feeds} if found else set()
    tests = [
        _beside_threshold(plan, alert, told, interval, read)
        if any(id(feed) in fed for feed in scenario.feeds)
        else _alert_test(plan, alert, told, read)
        for scenario, told in by_scenario(together(plan, alert, claims, interval))
    ]
    groups = [group for group in plan.definitions.groups if any(record.group is group for record in needed)]
    return test_file(path, duration_text(interval), groups, tests, alert)


def _alert_test(
    plan: Plan, alert: Alert, claims: Sequence[Claim], read: frozenset[str], given: Iterable[dict[str, str]] = ()
) -> dict[str, Any]:
    return {
        **series_fed(claims[0].scenario, read, given),
        "alert_rule_test": [
            {
                "eval_time": claim.at,
                "alertname": alert.name,
                "exp_alerts": [expected_alert(plan, alert, one) for one in claim.instances],
            }
            for claim in claims
        ],
    }


def _beside_threshold(
    plan: Plan, alert: Alert, claims: Sequence[Claim], interval: int, read: frozenset[str]
) -> dict[str, Any]:
    """The test with who stands at the threshold or at the bounds, where that can be: one is quiet until the end."""
    standing = standing_beside(plan, alert) or bounded_beside(plan, alert)
    if standing is None:
        return _alert_test(plan, alert, claims, read)
    *before, last = claims
    end = milliseconds_of(last.at)
    held = -(-milliseconds_of(alert.hold) // interval) * interval
    spacing = last.scenario.spacing
    quiet = (end - held - interval) // spacing + 1
    fires = replace(last, instances=(*last.instances, standing.instance))
    given = standing.series(quiet, end // spacing + 1 - quiet)
    return _alert_test(plan, alert, [*before, fires], read, given)


def _records_needed(plan: Plan, condition: Node, claims: list[Claim]) -> tuple[PlannedRecord, ...]:
    """The recording rules of a test: none where every scenario gives what they record."""
    needed = plan.records_read(condition)
    direct = {record.name for record in needed} & names_read(condition)
    fed = [{feed.series.metric.name for feed in claim.scenario.feeds} for claim in claims]
    return () if all(direct <= names for names in fed) else needed


def test_file(
    path: str, interval: str, groups: Iterable[RuleGroup], tests: Sequence[dict[str, Any]], alert: Alert | None
) -> Draft:
    """A file of tests that loads these groups, and the alert that it is about, which is evaluated after them."""
    groups = tuple(groups)
    files = [f"../{rules_path(group).removeprefix('prometheus/')}" for group in groups]
    order = [group.name for group in groups]
    if alert is not None:
        files.append(f"../{alert_path(alert).removeprefix('prometheus/')}")
        order.append(alert.slug)
    data = {
        "rule_files": files,
        "evaluation_interval": interval,
        "group_eval_order": order,
        "tests": list(tests),
    }
    return Draft(path, "promtool-tests", data, alert.source if alert else groups[-1].source)


def expected_alert(plan: Plan, alert: Alert, one: Instance) -> dict[str, Any]:
    """An alert as promtool compares it: all its labels and annotations."""
    labels = dict(one.labels)
    return {
        "exp_labels": dict(sorted({**labels, **rule_labels(alert)}.items())),
        # A label that the condition may have and this alert has not is printed as nothing.
        "exp_annotations": annotations_of(
            plan, alert, one.value, {**dict.fromkeys(plan.alert(alert).labels, ""), **labels}
        ),
    }


def series_fed(
    scenario: Scenario, read: frozenset[str] | None = None, given: Iterable[dict[str, str]] = ()
) -> dict[str, Any]:
    """The scenario's series; where it is said what the rules of the test read, without the others.

    What is `given` stands beside them.
    """
    fed = (input_series(series) for series in series_of(scenario) if read is None or series.name in read)
    return {
        "name": scenario.title,
        "interval": f"{scenario.spacing}ms",
        "input_series": [*fed, *given],
    }
