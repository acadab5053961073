"""Thresholds: that a condition can become true, can become false, and measures what it compares."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tocsin.display import quantity_text
from tocsin.findings import Finding, Severity
from tocsin.plan import Plan, PlannedAlert
from tocsin.promql.infer import analyse
from tocsin.promql.ranges import always, never
from tocsin.promql.types import Kind, Type
from tocsin.promql.world import World
from tocsin.units import Quantity


def findings(plan: Plan) -> Iterator[Finding]:
    for planned in plan.alerts:
        yield from of_alert(planned, plan.world)


def of_alert(planned: PlannedAlert, world: World) -> Iterator[Finding]:
    """What is wrong with an alert's threshold where these series are read."""
    right, unit = planned.alert.when.right, planned.unit
    if isinstance(right, Quantity) and (unit is None or right.unit.measures_like(unit)):
        left, other = (analyse(side.text(), world).type for side in (planned.left, planned.right))
        yield from _ceiling(planned, left, other)
        yield from _gap(planned, left, other)
        yield from _range(planned, left, other)


def _found(planned: PlannedAlert, check: str, severity: Severity, message: str, way_out: str) -> Finding:
    return Finding(check, severity, message, way_out, planned.alert.source, planned.alert.name, planned.expr)


def _text(planned: PlannedAlert, number: float) -> str:
    return quantity_text(Quantity(Decimal(repr(number)), planned.unit)) if planned.unit else f"{number:g}"


def _is_beyond(operator: str, value: float, ceiling: float) -> bool:
    return value >= ceiling if operator == ">" else operator == ">=" and value > ceiling


def _ceiling(planned: PlannedAlert, left: Type, right: Type) -> Iterator[Finding]:
    """A quantile is never above the last finite bound of its histogram."""
    value, bounds = right.constant, left.buckets
    if left.kind is Kind.QUANTILE and bounds and value is not None and _is_beyond(planned.operator, value, bounds[-1]):
        yield _found(
            planned,
            "bucket-ceiling",
            Severity.ERROR,
            f"it can never fire: the last finite bucket is {_text(planned, bounds[-1])}, and no quantile is above that",
            f"compare with less than {_text(planned, bounds[-1])}, or add a bucket above {_text(planned, value)}",
        )


def _gap(planned: PlannedAlert, left: Type, right: Type) -> Iterator[Finding]:
    """Between two bounds a quantile is interpolated: how far it is from the truth nobody knows."""
    value, bounds = right.constant, left.buckets
    if left.kind is not Kind.QUANTILE or not bounds or value is None or value in bounds or value > bounds[-1]:
        return
    above = min(bound for bound in bounds if bound > value)
    below = max((bound for bound in bounds if bound < value), default=0.0)
    yield _found(
        planned,
        "bucket-gap",
        Severity.WARNING,
        f"the threshold {_text(planned, value)} lies inside the bucket from {_text(planned, below)} to "
        f"{_text(planned, above)}: the quantile is a guess there, wrong by up to {_text(planned, above - below)}",
        f"add the bound {value:g} to the histogram, or compare with {_text(planned, below)} or {_text(planned, above)}",
    )


def _range(planned: PlannedAlert, left: Type, right: Type) -> Iterator[Finding]:
    if left.kind is Kind.QUANTILE and left.buckets:
        left_is_told = _is_beyond(planned.operator, right.constant or 0, left.buckets[-1])
        if left_is_told:
            return
    if never(planned.operator, left, right):
        yield _found(
            planned,
            "never-fires",
            Severity.ERROR,
            f"it can never fire: the left side is between {left.low:g} and {left.high:g}",
            "choose a threshold in that range; a ratio is between 0 and 1, write percent(5) for 5 %",
        )
    elif always(planned.operator, left, right):
        yield _found(
            planned,
            "always-fires",
            Severity.ERROR,
            f"it always fires: the left side is between {left.low:g} and {left.high:g}",
            "choose a threshold in that range, or turn the comparison round",
        )
