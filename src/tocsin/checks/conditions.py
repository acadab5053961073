"""Conditions of alerts: that they can become true, can become false, and can be told from the truth."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from math import inf, isfinite

from tocsin.display import quantity_text
from tocsin.findings import Finding, Severity
from tocsin.plan import PlannedAlert
from tocsin.promql.comparisons import HOLDS
from tocsin.promql.parse import PromQLError, tree_of
from tocsin.promql.ranges import always, never
from tocsin.promql.tree import Aggregate, Binary, Call, Number
from tocsin.promql.types import FLOWING, Comparison, Kind, Type
from tocsin.promql.world import World
from tocsin.reading.values import Contents, Rule, RuleGroup
from tocsin.subject import Placed, Subject
from tocsin.units import Quantity, Unit

_FILTER = re.compile(r"\b(?:and|unless|absent|absent_over_time|topk|bottomk|limitk|limit_ratio)\b", re.IGNORECASE)
# What the series must meet besides a comparison.
_OTHERS = re.compile(r"\b(?:and|unless)\b", re.IGNORECASE)
_OPERATOR = re.compile(r"[<>]=?|==|!=(?!\")")
_ROUNDED = re.compile(r"\b(?:round|floor)\s*\(", re.IGNORECASE)
# Names of what is measured and not counted: it does not grow by whole numbers.
_MEASURED = re.compile(
    r"_(?:seconds|milliseconds|minutes|hours|bytes|usd|dollars|eur|costs?|spend|spent|joules)(?:_\w+)?"
    r"(?<!_count)(?<!_bucket)(?=\s*[\[{])"
)
_MEASURES = frozenset({"seconds", "bytes", "USD"})
_OF_NOTHING = "a count of nothing is no 0 but nothing: ask for absent(...), or fill it, (... or vector(0))"
# Up to here an event more or less is what an alert is about, from there on it is not.
_FEW = 3
_MANY = 10


def findings_in(subject: Subject) -> Iterator[Finding]:
    for placed in subject.alerts:
        conditions = subject.conditions(placed)
        for comparison, text in conditions:
            yield from _of(placed, comparison, text)
        if not conditions:
            yield from _unconditional(subject, placed)
    if not subject.is_ours:  # of definitions it is the same condition again
        for alert in subject.grafana_alerts:
            of = alert.comparison
            yield from _of(alert.placed, of, f"{alert.placed.rule.expr} {of.operator} {of.right.low:g}")


def _of(placed: Placed, comparison: Comparison, text: str) -> Iterator[Finding]:
    if comparison.boolean:
        yield _found(placed, "always-fires", Severity.ERROR, *_BOOLEAN, text)
        return
    yield from _ceiling(placed, comparison, text)
    yield from _gap(placed, comparison, text)
    yield from _range(placed, comparison, text)
    yield from _exact(placed, comparison, text)


def of_alert(planned: PlannedAlert, world: World) -> Iterator[Finding]:
    """What is wrong with an alert's condition where these series are read."""
    alert = planned.alert
    rule = Rule("alert", alert.name, planned.expr, alert.source, alert.source)
    group = RuleGroup(alert.slug, (rule,), alert.source, alert.every)
    yield from findings_in(Subject(Contents((group,)), world, ()))


_BOOLEAN = (
    "it always fires: `bool` gives 0 where the comparison is false, and an alert fires for every series, 0 as well",
    "take `bool` away",
)


def _found(
    placed: Placed, check: str, severity: Severity, message: str, way_out: str, text: str | None = None
) -> Finding:
    rule = placed.rule
    return Finding(check, severity, message, way_out, rule.at, rule.name, _line(text or rule.expr))


def _line(text: str) -> str:
    return " ".join(text.split())


def _text(number: float, unit: Unit | None) -> str:
    if unit is None or not isfinite(number):
        return f"{number:g}"
    return quantity_text(Quantity(Decimal(f"{number:.12g}"), unit))


def _is_beyond(operator: str, value: float, ceiling: float) -> bool:
    return value >= ceiling if operator == ">" else operator == ">=" and value > ceiling


def _ceiling(placed: Placed, of: Comparison, text: str) -> Iterator[Finding]:
    """A quantile is never above the last finite bound of its histogram."""
    value, bounds, unit = of.right.constant, of.left.buckets, of.left.unit
    if of.left.kind is Kind.QUANTILE and bounds and value is not None and _is_beyond(of.operator, value, bounds[-1]):
        yield _found(
            placed,
            "bucket-ceiling",
            Severity.ERROR,
            f"it can never fire: the last finite bucket is {_text(bounds[-1], unit)}, and no quantile is above that",
            f"compare with less than {_text(bounds[-1], unit)}, or add a bucket above {_text(value, unit)}",
            text,
        )


def _gap(placed: Placed, of: Comparison, text: str) -> Iterator[Finding]:
    """Between two bounds a quantile is interpolated: how far it is from the truth nobody knows."""
    value, bounds, unit = of.right.constant, of.left.buckets, of.left.unit
    if of.left.kind is not Kind.QUANTILE or not bounds or value is None or value in bounds:
        return
    if not of.left.low <= value <= bounds[-1]:
        return
    above = min(bound for bound in bounds if bound > value)
    below = max((bound for bound in bounds if bound < value), default=0.0)
    yield _found(
        placed,
        "bucket-gap",
        Severity.WARNING,
        f"the threshold {_text(value, unit)} lies inside the bucket from {_text(below, unit)} to "
        f"{_text(above, unit)}: the quantile is a guess there, wrong by up to {_text(above - below, unit)}",
        f"add the bound {value:g} to the histogram, or compare with {_text(below, unit)} or {_text(above, unit)}",
        text,
    )


def _range(placed: Placed, of: Comparison, text: str) -> Iterator[Finding]:
    left, right = of.left, of.right
    if left.kind is Kind.QUANTILE and left.buckets and _is_beyond(of.operator, right.constant or 0, left.buckets[-1]):
        return  # told as bucket-ceiling
    if never(of.operator, left, right):
        yield _found(
            placed,
            "never-fires",
            Severity.ERROR,
            f"it can never fire: the left side is {_between(left)}, none of it `{of.operator} {_right(right)}`",
            _OF_NOTHING
            if left.kind is Kind.COUNT and (right.constant or 0) < 1
            else "choose a threshold in that range; a ratio is between 0 and 1, so 5 % is 0.05",
            text,
        )
    elif always(of.operator, left.but(maybe_nan=False), right) and not _is_presence(left, text):
        certain = not _OTHERS.search(placed.rule.expr)
        effect = "it fires for whatever has a number" if left.maybe_nan else "it always fires"
        yield _found(
            placed,
            "always-fires",
            Severity.ERROR if certain else Severity.WARNING,
            f"{effect if certain else 'this condition is always true'}: the left side is {_between(left)}, all of it "
            f"`{of.operator} {_right(right)}`",
            "choose a threshold in that range, or turn the comparison round",
            text,
        )


def _is_presence(left: Type, text: str) -> bool:
    """Whether the question is if there are such series at all: what is counted, chosen before, or made of nothing."""
    return left.kind is Kind.COUNT or left.constant is not None or len(_OPERATOR.findall(text)) > 1


def _between(of: Type) -> str:
    if of.low == of.high:
        return f"always {of.low:g}"
    if of.high == inf:
        return f"{of.low:g} or more"
    return f"{of.high:g} or less" if of.low == -inf else f"between {of.low:g} and {of.high:g}"


def _right(of: Type) -> str:
    return f"{of.constant:g}" if of.constant is not None else "the right side"


def _exact(placed: Placed, of: Comparison, text: str) -> Iterator[Finding]:
    """`increase` extrapolates to the edges of its window: one event reads 1.16."""
    value = of.right.constant
    if value is None or not 0 < value < inf or not (of.left.kind is Kind.INCREASE or _is_increase(of, text)):
        return
    if (value <= _FEW and _ROUNDED.search(text)) or _is_measured(of.left.unit, text):
        return
    whole = value == int(value)
    strict = of.operator in (">", "<=")
    near = value > 1 and not whole and value - int(value) < 0.2
    if of.operator in ("==", "!=") or ((whole or near) and strict and value < _MANY):
        most = int(value)
        yield _found(
            placed,
            "increase-exact",
            Severity.WARNING if of.operator in ("==", "!=") or value < _FEW + 1 else Severity.INFO,
            f"`{of.operator} {value:g}` counts on whole numbers, and increase() extrapolates: {most} "
            f"event{'s' if most != 1 else ''}, in 5 minutes for example, give {most * 1.16:.3g} where samples are 45 s "
            "apart",
            f"leave room for that: `> {most - 0.5:g}` for {most} and more, `> {most + 0.5:g}` for more than {most}",
            text,
        )


def _is_measured(unit: Unit | None, text: str) -> bool:
    known = unit is not None and any(name in _MEASURES for name, _ in unit.factors)
    return known or _MEASURED.search(text) is not None


def _is_increase(of: Comparison, text: str) -> bool:
    """Whether it is one of series that nothing is known of."""
    if of.left.kind is not Kind.OPEN or "increase" not in text:
        return False
    try:
        node = tree_of(text)
    except (PromQLError, ValueError):
        return False
    if isinstance(node, Binary) and node.operator in HOLDS:
        node = node.right if isinstance(node.left, Number) else node.left
    while isinstance(node, Aggregate) and node.operator in ("sum", "max", "min"):
        node = node.of
    return isinstance(node, Call) and node.function == "increase"


def _unconditional(subject: Subject, placed: Placed) -> Iterator[Finding]:
    """An alert without any comparison fires for every series that there is; one with a result always, always."""
    analysis = subject.analysis(placed)
    if analysis.series and analysis.comparisons and analysis.type.value == "vector" and not analysis.type.maybe_absent:
        yield _found(
            placed,
            "always-fires",
            Severity.ERROR,
            "it always fires: there is always a result, whatever the comparison in it says",
            "compare what it gives in the end",
        )
        return
    if analysis.comparisons or not analysis.series or _FILTER.search(placed.rule.expr):
        return
    exported = all(name in subject.world.series for name in analysis.series)
    if analysis.type.value == "vector" and (exported or analysis.type.kind in FLOWING):
        yield _found(
            placed,
            "always-fires",
            Severity.ERROR if exported else Severity.WARNING,
            "it has no condition: it fires for each series that exists, whatever its value",
            "compare it with a threshold",
        )
