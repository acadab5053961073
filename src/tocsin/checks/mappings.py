"""Mappings: that what they read is there, and that the alerts mean the same on what they make."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tocsin.checks.conditions import of_alert
from tocsin.findings import Finding, Severity
from tocsin.model.mapping import SeriesMapping
from tocsin.plan import Plan
from tocsin.promql.context import Context
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.infer import analyse
from tocsin.promql.world import World


def findings(plan: Plan) -> Iterator[Finding]:
    for mapping in plan.definitions.mappings:
        yield from _interval(mapping)
        yield from _expressions(mapping)
        yield from _alerts(plan, mapping)


def _interval(mapping: SeriesMapping) -> Iterator[Finding]:
    try:
        if milliseconds_of(mapping.interval) == 0:
            raise ValueError(f"{mapping.interval} is no time at all")
    except ValueError as error:
        yield Finding(
            "duration",
            Severity.ERROR,
            f"interval: {error}",
            "write it as Prometheus does",
            mapping.source,
            mapping.name,
        )


def _expressions(mapping: SeriesMapping) -> Iterator[Finding]:
    world = World.of((mapping.catalog,))
    for one in mapping.mapped:
        for name, node in one.series():
            for fault in analyse(node.text(), world, Context("rule", record=name)).faults:
                yield Finding(
                    fault.id,
                    fault.severity,
                    fault.message,
                    fault.help,
                    mapping.source,
                    f"{mapping.name}: {name}",
                    fault.expr,
                )


def _alerts(plan: Plan, mapping: SeriesMapping) -> Iterator[Finding]:
    """What is wrong with the alerts' thresholds there and not with our own buckets."""
    world = World.of(mapping.catalogs(plan.definitions.catalogs), plan.world.recordings)
    for planned in plan.alerts:
        ours = {finding.id for finding in of_alert(planned, plan.world)}
        for finding in of_alert(planned, world):
            if finding.id not in ours:
                yield replace(
                    finding,
                    message=f"where {mapping.name} fills it, {finding.message}",
                    source=mapping.source,
                    object=f"{mapping.name}: {planned.alert.name}",
                )
