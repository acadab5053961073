"""promtool's unit tests: one file for each alert, one for each group of recording rules.

Samples are taken a millisecond later each time than their interval says, so that none ever lies on the edge of a
range: Prometheus 2 counts such a sample, Prometheus 3 does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from tocsin.annotations import annotations_of
from tocsin.display import number_of
from tocsin.documents import Draft
from tocsin.metrics import Histogram, Matcher, bound_text
from tocsin.model.alert import Alert, slug
from tocsin.model.recording import RuleGroup
from tocsin.model.scenario import (
    Claim,
    Feed,
    Growing,
    Holding,
    Instance,
    Observing,
    Scenario,
    Segment,
    Silence,
)
from tocsin.plan import Plan, PlannedRecord
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.tree import Binary, Call, Node, Number, Select
from tocsin.targets.prometheus_alerts import alert_path, rule_labels
from tocsin.targets.prometheus_rules import rules_path
from tocsin.units import plain

_MINUTE = 60_000


def documents(plan: Plan) -> Iterator[Draft]:
    for alert in plan.definitions.alerts:
        claims = [claim for proof in plan.definitions.proofs_of(alert) for claim in proof.claims]
        if claims:
            yield _alert_tests(plan, alert, claims)
    for group in plan.definitions.groups:
        tests = list(_record_tests(plan, group))
        if tests:
            needed = [record for record in plan.records if record.group is group]
            yield _file(plan, rules_test_path(group), group.interval, needed, None, tests)


def _alert_tests(plan: Plan, alert: Alert, claims: list[Claim]) -> Draft:
    planned = plan.alert(alert)
    condition = Binary(planned.operator, planned.left, planned.right)
    needed = plan.records_read(condition)
    read = _names_read(condition, *(record.node for record in needed))
    tests = [
        {
            **_series(scenario, read),
            "alert_rule_test": [
                {
                    "eval_time": claim.at,
                    "alertname": alert.name,
                    "exp_alerts": [_expected(plan, alert, one) for one in claim.instances],
                }
                for claim in stated
            ],
        }
        for scenario, stated in _by_scenario(claims)
    ]
    return _file(plan, alert_test_path(alert), alert.every, needed, alert, tests)


def _file(
    plan: Plan,
    path: str,
    interval: str,
    records: Iterable[PlannedRecord],
    alert: Alert | None,
    tests: list[dict[str, Any]],
) -> Draft:
    needed = {id(record.group) for record in records}
    for record in plan.records if alert is None else ():
        if any(other.group is record.group for other in records):
            needed |= {id(other.group) for other in plan.records_read(record.node)}
    groups = [group for group in plan.definitions.groups if id(group) in needed]
    files = [f"../{rules_path(group).removeprefix('prometheus/')}" for group in groups]
    order = [group.name for group in groups]
    if alert is not None:
        files.append(f"../{alert_path(alert).removeprefix('prometheus/')}")
        order.append(alert.slug)
    data = {
        "rule_files": files,
        "evaluation_interval": interval,
        "group_eval_order": order,
        "tests": tests,
    }
    return Draft(path, "promtool-tests", data)


def alert_test_path(alert: Alert) -> str:
    return f"prometheus/tests/{alert.slug}.yaml"


def rules_test_path(group: RuleGroup) -> str:
    return f"prometheus/tests/rules-{slug(group.name)}.yaml"


def _record_tests(plan: Plan, group: RuleGroup) -> Iterator[dict[str, Any]]:
    stated = [
        (record, claim)
        for record in plan.records
        if record.group is group
        for proof in plan.definitions.proofs_of(record.record.indicator)
        for claim in proof.claims
    ]
    needed = {id(one): one for record, _ in stated for one in (*plan.records_read(record.node), record)}
    read = _names_read(*(record.node for record in needed.values()))
    for scenario, claims in _by_scenario([claim for _, claim in stated]):
        yield {
            **_series(scenario, read),
            "promql_expr_test": [
                _computed(record, claim) for record, claim in stated if any(claim is one for one in claims)
            ],
        }


def _names_read(*nodes: Node) -> frozenset[str]:
    return frozenset(part.name for node in nodes for part in node.walk() if isinstance(part, Select))


def _by_scenario(claims: list[Claim]) -> Iterator[tuple[Scenario, list[Claim]]]:
    scenarios = {id(claim.scenario): claim.scenario for claim in claims}
    for scenario in scenarios.values():
        yield scenario, [claim for claim in claims if claim.scenario is scenario]


def _expected(plan: Plan, alert: Alert, one: Instance) -> dict[str, Any]:
    labels = dict(one.labels)
    return {
        "exp_labels": dict(sorted({**labels, **rule_labels(alert)}.items())),
        "exp_annotations": annotations_of(plan, alert, one.value, labels),
    }


def _computed(record: PlannedRecord, claim: Claim) -> dict[str, Any]:
    digits = max((_digits(one.value) for one in claim.instances), default=0)
    precision = Number(Decimal(1).scaleb(-digits))
    return {
        "expr": Call("round", (Select(record.name), precision)).text(),
        "eval_time": claim.at,
        "exp_samples": [
            {
                "labels": Select("", tuple(Matcher(name, "=", value) for name, value in one.labels)).text(),
                "value": number_of(Decimal(one.value)),
            }
            for one in claim.instances
        ],
    }


def _digits(value: str) -> int:
    exponent = Decimal(value).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _series(scenario: Scenario, read: frozenset[str]) -> dict[str, Any]:
    """The scenario's series, but for those that no rule of the test reads."""
    every = milliseconds_of(scenario.every)
    series = [
        (Select(name, matchers).text(), values)
        for feed in scenario.feeds
        for name, matchers, values in _input_series(feed, every)
        if name in read
    ]
    return {
        "name": scenario.title,
        "interval": f"{every + 1}ms",
        "input_series": [{"series": name, "values": values} for name, values in series],
    }


def _input_series(feed: Feed, every: int) -> Iterator[tuple[str, tuple[Matcher, ...], str]]:
    metric, matchers = feed.series.metric, feed.series.matchers
    if not isinstance(metric, Histogram):
        yield metric.name, matchers, _values(feed.segments, every, None)
        return
    for bound in (*metric.buckets, float("inf")):
        le = Matcher("le", "=", bound_text(bound) if bound != float("inf") else "+Inf")
        upto = Decimal(str(bound)) if bound != float("inf") else Decimal("Infinity")
        yield metric.bucket.name, (*matchers, le), _values(feed.segments, every, upto)
    yield metric.sum.name, matchers, _values(feed.segments, every, None)
    yield metric.count.name, matchers, _values(feed.segments, every, Decimal("Infinity"))


def _values(segments: tuple[Segment, ...], every: int, upto: Decimal | None) -> str:
    """The samples in promtool's notation. `upto` counts observations up to a bound; without it they are summed."""
    parts = ["_"]
    standing: Decimal | None = None
    for segment in segments:
        samples = milliseconds_of(segment.lasting) // every
        if isinstance(segment, Silence):
            parts.append(f"_x{samples}")
            continue
        if isinstance(segment, Holding):
            parts.append(f"{plain(segment.value)}+0x{samples - 1}")
            continue
        if standing is None:
            standing = Decimal(0)
            parts.append("0")
        step = _a_minute(segment, upto) * every / _MINUTE
        parts.append(f"{plain(standing + step)}+{plain(step)}x{samples - 1}")
        standing += step * samples
    return " ".join(parts)


def _a_minute(segment: Segment, upto: Decimal | None) -> Decimal:
    if isinstance(segment, Growing):
        return segment.a_minute
    assert isinstance(segment, Observing)
    if upto is None:
        return sum((value * count for value, count in segment.a_minute), Decimal(0))
    return sum((count for value, count in segment.a_minute if value <= upto), Decimal(0))
