"""Operators: the type of arithmetic, comparisons and set operators."""

from __future__ import annotations

from math import inf, isfinite
from typing import NamedTuple

from tocsin.promql.dimensions import same, unit_after
from tocsin.promql.labels import LabelSet, make
from tocsin.promql.matching import Join, Matching
from tocsin.promql.ranges import (
    SIGNED_ZERO,
    always,
    computed,
    either,
    filtered,
    has_zero,
    makes_infinite,
    makes_nan,
    natural,
)
from tocsin.promql.ratios import is_part
from tocsin.promql.types import COUNTERS, FLOWING, GROWING, NATURAL, Comparison, Kind, Type, Value
from tocsin.units import RATIO, Unit

COMPARISONS = {"==": "==", "!=": "!=", ">": "<", "<": ">", ">=": "<=", "<=": ">="}
SETS = frozenset({"and", "or", "unless"})
PLAIN = Matching()
_NO_TRAFFIC = "0 / 0 is NaN"
_LASTING = FLOWING | {Kind.GAUGE, Kind.RATIO, Kind.QUANTILE, Kind.COUNT}
_SCALABLE = _LASTING | GROWING
_ADDITIVE = FLOWING | {Kind.GAUGE, Kind.COUNT}
_NEVER_NEGATIVE = FLOWING | COUNTERS


def combined(operator: str, matching: Matching, left: Type, right: Type, join: Join | None = None) -> Type:
    """The type of `left operator right`; `join` is how two vectors meet, where that was worked out before."""
    if operator in COMPARISONS:
        return _compared(operator, matching, left, right, join)
    if operator in SETS:
        return _set(operator, left, right)
    return _computed(operator, matching, left, right, join)


def negated(of: Type) -> Type:
    return of.but(kind=Kind.OPEN, low=-of.high, high=-of.low, comparison=None, origin=None, buckets=None)


class _Joined(NamedTuple):
    """What the two sides make together, whatever is done with their values."""

    value: Value
    labels: LabelSet
    maybe_absent: bool
    floats: bool
    observed: Unit | None
    window: int | None
    scrape: int | None
    lazy: tuple[str, ...]


def _joined(matching: Matching, left: Type, right: Type, join: Join | None) -> _Joined:
    """The labels of the result, and all that may be missing on either side."""
    if left.value != "vector" or right.value != "vector":
        of = right if right.value == "vector" else left
        absent = of.maybe_absent or not of.floats
        return make(_Joined, (of.value, of.labels, absent, of.floats, of.observed, of.window, of.scrape, of.lazy))
    if join is None:
        join = matching.join(left.labels, right.labels)
    ours, theirs = left.window, right.window
    one, other = left.scrape, right.scrape
    floats = left.floats and right.floats
    return make(
        _Joined,
        (
            "vector",
            join.labels,
            left.maybe_absent or right.maybe_absent or not (join.certain and floats),
            floats,
            left.observed,
            ours if ours == theirs or theirs is None else theirs if ours is None else None,
            one if one == other else _slower(one, other),
            tuple(dict.fromkeys((*left.lazy, *right.lazy))) if left.lazy or right.lazy else (),
        ),
    )


def _slower(left: int | None, right: int | None) -> int | None:
    return left if right is None else right if left is None else max(left, right)


def _computed(operator: str, matching: Matching, left: Type, right: Type, join: Join | None) -> Type:
    value, labels, absent, floats, observed, window, scrape, lazy = _joined(matching, left, right, join)
    low, high = computed(operator, left, right)
    nan = left.maybe_nan or right.maybe_nan or makes_nan(operator, left, right)
    unit = unit_after(operator, left, right)
    kind = _kind(operator, left, right, ratio=operator == "/" and same(unit, RATIO))
    finite = left.finite and right.finite and not makes_infinite(operator, left, right)
    if operator == "/" and left.origin is not None and is_part(matching, left, right):
        low, high, finite = max(low, 0.0), 1.0, True
    if matching.filled:
        low, high, finite, nan, absent = -inf, inf, False, True, True
    return make(
        Type,
        (
            value,
            kind,
            labels,
            unit,
            low,
            high,
            finite,
            absent,
            nan,
            floats,
            _scaled_buckets(operator, left, right) if left.buckets else None,
            observed,
            None,
            None,
            window,
            scrape,
            lazy,
            left.nan or right.nan or (_nan(left, right) if operator == "/" else ""),
            None,
        ),
    )


def _nan(left: Type, right: Type) -> str:
    """How a division gives NaN where both sides are known to reach 0."""
    reached = right.low == 0 and right.kind in NATURAL
    return _NO_TRAFFIC if reached and has_zero(left) and left.kind is not Kind.OPEN else ""


def _kind(operator: str, left: Type, right: Type, *, ratio: bool) -> Kind:
    if left.kind is Kind.OPEN is right.kind:
        return Kind.OPEN
    if left.literal or right.literal:
        of, number = (left, right) if right.literal else (right, left)
        factor = number.constant or 0.0
        if operator in ("+", "-"):
            signed = operator == "-" and of is right and factor == 0 and not natural(number)
            return of.kind if of.kind in _LASTING and not signed else Kind.OPEN
        if (operator == "*" or (operator == "/" and of is left)) and factor > 0:
            return of.kind if of.kind in _SCALABLE else Kind.OPEN
        return Kind.OPEN
    if operator == "/" and ratio:
        return Kind.RATIO if left.kind in FLOWING and right.kind in FLOWING else Kind.OPEN
    alike = left.kind is right.kind
    if operator == "+" and alike and left.kind in _ADDITIVE:
        return left.kind
    if operator == "+" and {left.kind, right.kind} <= COUNTERS:
        return Kind.SUMMED
    return Kind.GAUGE if operator == "-" and alike and left.kind is Kind.GAUGE else Kind.OPEN


def _scaled_buckets(operator: str, left: Type, right: Type) -> tuple[float, ...] | None:
    """A quantile's bounds in the new scale: `* 1000`."""
    if left.kind is not Kind.QUANTILE or not left.buckets or not right.literal or operator not in ("*", "/"):
        return None
    factor = right.constant
    if factor is None or factor <= 0 or factor == inf:
        return None
    return tuple(bound * factor if operator == "*" else bound / factor for bound in left.buckets)


def _compared(operator: str, matching: Matching, left: Type, right: Type, join: Join | None) -> Type:
    vectors = left.value == right.value == "vector"
    if left.value == "scalar" and right.value == "vector":
        operator, left, right = COMPARISONS[operator], right, left
    if matching.filled:
        left, right = _or_filled(left), _or_filled(right)
    if matching.boolean:
        return _told(operator, matching, left, right, join)
    value, kind, _, unit, _, _, finite, absent, nan, floats, buckets, what, _, origin, window, scrape, lazy, _, _ = left
    labels = left.labels
    if vectors:
        value, labels, absent, floats, what, window, scrape, lazy = _joined(matching, left, right, join)
        origin = None
    elif origin is not None:
        origin = origin.some()
    passes = not nan and always(operator, left, right)
    low, high = filtered(operator, left, right)
    if high < low:
        high = low
    if low == 0 == high and not natural(left):
        low, high = SIGNED_ZERO
    guard = operator == ">" and kind in _NEVER_NEGATIVE and left.low >= 0 and right.low == right.high == 0
    return make(
        Type,
        (
            value,
            kind,
            labels if guard or passes or labels.partial else labels.chosen(),
            unit,
            low,
            high,
            finite or (isfinite(low) and isfinite(high)),
            absent or not passes,
            nan and operator == "!=",
            floats,
            buckets if "le" not in matching.include else None,
            what,
            make(Comparison, (operator, left, right, False)),
            origin,
            window,
            scrape,
            lazy,
            "",
            None,
        ),
    )


def _or_filled(of: Type) -> Type:
    """A side where any number may stand for a series that is missing."""
    return of.but(low=-inf, high=inf, finite=False, maybe_nan=True, kind=Kind.OPEN)


def _told(operator: str, matching: Matching, left: Type, right: Type, join: Join | None) -> Type:
    """A comparison that gives 0 or 1."""
    joined = _joined(matching, left, right, join)
    return make(
        Type,
        (
            joined.value,
            Kind.BOOL,
            joined.labels,
            None,
            0.0,
            1.0,
            True,
            joined.maybe_absent,
            False,
            joined.floats,
            None,
            joined.observed,
            Comparison(operator, left, right, True),
            None,
            joined.window,
            joined.scrape,
            joined.lazy,
            "",
            None,
        ),
    )


def _set(operator: str, left: Type, right: Type) -> Type:
    if operator != "or":
        origin = left.origin.some() if left.origin else None
        return left.but(labels=left.labels.chosen(), maybe_absent=True, origin=origin)
    return _either(left, right)


def _either(left: Type, right: Type) -> Type:
    """`or`: a side that is one number only fills the gaps of the other, and takes its kind and unit."""
    ours, theirs = left.constant, right.constant
    main, fill = (right, True) if theirs is None and ours is not None else (left, theirs is not None)
    other = left if main is right else right
    low, high = either(left, right)
    return make(
        Type,
        (
            left.value,
            main.kind if left.kind is right.kind or (fill and (other.low != 0 or natural(other))) else Kind.OPEN,
            left.labels if left.labels is right.labels else left.labels.either(right.labels),
            main.unit if fill or same(left.unit, right.unit) else None,
            low,
            high,
            left.finite and right.finite,
            left.maybe_absent and right.maybe_absent,
            left.maybe_nan or right.maybe_nan,
            left.floats and right.floats,
            main.buckets if left.buckets == right.buckets or (fill and _within(other, main)) else None,
            left.observed,
            None,
            left.origin.in_part() if theirs == 0 and left.origin else None,
            main.window if fill or left.window == right.window else None,
            _slower(left.scrape, right.scrape),
            right.lazy if left.lazy else (),
            left.nan or right.nan,
            left.text,
        ),
    )


def _within(fill: Type, main: Type) -> bool:
    """Whether what fills the gaps keeps to the bounds: of a quantile in its value, of buckets in their `le`."""
    if main.kind is Kind.QUANTILE:
        return bool(main.buckets) and fill.high <= max(main.buckets or ())
    le, ours = fill.labels.get("le"), main.labels.get("le")
    return le is None or le is ours
