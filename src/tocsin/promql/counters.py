"""Counters: functions that do not fit a kind of metric, resets that are lost, series that come late."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.promql.faults import Fault, error, warning
from tocsin.promql.operators import COMPARISONS
from tocsin.promql.types import COUNTERS, FLOWING, Comparison, Kind, Type

_FOR_COUNTERS = frozenset({"rate", "increase", "irate", "resets"})
_FOR_GAUGES = frozenset({"delta", "idelta", "deriv", "predict_linear", "double_exponential_smoothing", "holt_winters"})
_OF_RAW_VALUES = frozenset(
    f"{name}_over_time" for name in ("avg", "max", "min", "sum", "quantile", "stddev", "stdvar", "mad")
)
_NO_COUNTERS = FLOWING | {Kind.GAUGE, Kind.RATIO, Kind.QUANTILE}


def function_faults(name: str, of: Type) -> Iterator[Fault]:
    """type-function and counter-reset: a function over a range of the wrong kind."""
    if name in _FOR_COUNTERS:
        if of.kind in _NO_COUNTERS:
            yield error(
                "type-function",
                f"{name}() is for counters, and this is a {of.kind}: each fall of its value is taken for a restart, "
                "and the result is too large",
                "use delta() or deriv() for a gauge; a rate needs no second rate",
            )
        elif of.kind is Kind.SUMMED:
            yield _summed_reset(name)
    elif name in _FOR_GAUGES and of.kind in COUNTERS:
        yield error(
            "type-function",
            f"{name}() is for gauges, and this is a counter: at every restart the result falls far below 0",
            f"use {'rate' if name in ('deriv', 'predict_linear') else 'increase'}()",
        )
    elif name in _OF_RAW_VALUES and of.kind in COUNTERS:
        yield warning(
            "counter-reset",
            f"{name}() over a counter mixes values from before and after a restart, and says nothing of what happened",
            "take rate() or increase() of the counter first",
        )


def _summed_reset(name: str) -> Fault:
    return warning(
        "counter-reset",
        f"{name}() over counters that are put together: when one process restarts the result falls, and all the rest "
        "counts again",
        f"take {name}() of each counter first, then put these together: sum({name}(...))",
    )


def sum_faults(operator: str, of: Type) -> Iterator[Fault]:
    """type-function: a sum of raw counters."""
    if operator in ("sum", "avg") and of.kind is Kind.COUNTER:
        yield error(
            "type-function",
            f"{operator} of raw counters falls at every restart and jumps when a process comes or goes",
            f"{operator} what happened in a window: {operator}(increase(...)) or {operator}(rate(...))",
        )


def comparison_faults(comparison: Comparison) -> Iterator[Fault]:
    """type-function: a counter's raw value compared with a number. Whether it ever counted is a fair question."""
    number = comparison.right.constant
    if comparison.left.kind is Kind.COUNTER and number is not None and number not in (0.0, 1.0):
        yield error(
            "type-function",
            "a counter's raw value only tells how long its process has run: sooner or later it is above any number, "
            "and a restart sets it back",
            "compare what happened in a window: increase(...[5m]) or rate(...[5m])",
        )


def subtraction_faults(left: Type, right: Type) -> Iterator[Fault]:
    """counter-reset: the difference of two counters."""
    if left.kind in COUNTERS and right.kind in COUNTERS:
        yield warning(
            "counter-reset",
            "the difference of two counters jumps when one of them restarts and the other does not",
            "subtract rates or increases: rate(a[5m]) - rate(b[5m])",
        )


def lazy_faults(operator: str, left: Type, right: Type) -> Iterator[Fault]:
    """lazy-series: a counter that is missing until its first event takes the whole result with it."""
    if operator in COMPARISONS:
        if left.lazy and left.kind is Kind.INCREASE and operator in (">", ">=") and right.value == "scalar":
            yield warning(
                "lazy-series",
                f"{left.lazy[0]} appears with its first event, whatever it counts by then: increase() does not see it, "
                "and a first burst stays silent",
                "create the series with 0 at start, and say so in the catalog: initialised=True",
            )
        return
    if left.value == "scalar" or right.value == "scalar" or operator not in ("+", "-", "/"):
        return
    missing = _missing(left, right) or (_missing(right, left) if operator != "/" else None)
    if missing:
        yield warning(
            "lazy-series",
            f"{missing} is missing until its first event, and the whole result with it: no data, instead of 0",
            f"fill it with zeros: (... or {'denominator' if operator == '/' else 'other'} * 0), "
            "or create the series at start and say initialised=True in the catalog",
        )


def _missing(side: Type, other: Type) -> str | None:
    """A lazy counter that may be missing where the other side is there."""
    if not side.lazy or side.constant is not None:
        return None
    if set(side.lazy) <= set(other.lazy):
        ours, theirs = side.origin, other.origin
        if ours is None or theirs is None or not ours.conditions > theirs.conditions:
            return None
    return side.lazy[0]
