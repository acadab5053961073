"""Operators: the type of arithmetic, comparisons and set operators."""

from __future__ import annotations

from math import inf, isfinite
from typing import NamedTuple

from tocsin.promql.dimensions import same, unit_after
from tocsin.promql.labels import LabelSet
from tocsin.promql.matching import Matching
from tocsin.promql.ranges import ARITHMETIC, always, filtered, has_zero, makes_infinite, makes_nan
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


def combined(operator: str, matching: Matching, left: Type, right: Type) -> Type:
    """The type of `left operator right`."""
    if operator in SETS:
        return _set(operator, left, right)
    if operator in COMPARISONS:
        return _compared(operator, matching, left, right)
    return _computed(operator, matching, left, right)


def negated(of: Type) -> Type:
    kind = Kind.GAUGE if of.kind is Kind.GAUGE else Kind.OPEN
    return of.but(kind=kind, low=-of.high, high=-of.low, comparison=None, origin=None, buckets=None)


def _both(left: Type, right: Type) -> bool:
    return left.value == "vector" and right.value == "vector"


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


def _joined(matching: Matching, left: Type, right: Type) -> _Joined:
    """The labels of the result, and all that may be missing on either side."""
    if not _both(left, right):
        of = right if left.value == "scalar" and right.value == "vector" else left
        return _Joined(of.value, of.labels, of.maybe_absent, of.floats, of.observed, of.window, of.scrape, of.lazy)
    return _Joined(
        "vector",
        matching.result(left.labels, right.labels),
        left.maybe_absent or right.maybe_absent or not _certain_match(matching, left, right),
        left.floats and right.floats,
        left.observed,
        _agreed(left.window, right.window),
        _slower(left.scrape, right.scrape),
        tuple(dict.fromkeys((*left.lazy, *right.lazy))) if left.lazy or right.lazy else (),
    )


def _agreed(left: int | None, right: int | None) -> int | None:
    """The window of both sides, or of the one that has one."""
    return left if left == right or right is None else right if left is None else None


def _slower(left: int | None, right: int | None) -> int | None:
    return left if right is None else right if left is None else max(left, right)


def _certain_match(matching: Matching, left: Type, right: Type) -> bool:
    """Whether both sides have one series without labels in which to disagree."""
    ours, theirs = left.labels, right.labels
    if not (ours.closed and theirs.closed):
        return False
    return not any((name in matching.labels) == matching.on for name in (*ours.known, *theirs.known))


def _computed(operator: str, matching: Matching, left: Type, right: Type) -> Type:
    joined = _joined(matching, left, right)
    low, high = ARITHMETIC[operator](left, right)
    nan = left.maybe_nan or right.maybe_nan or makes_nan(operator, left, right) or matching.filled
    unit = unit_after(operator, left, right)
    kind = _kind(operator, left, right, ratio=same(unit, RATIO))
    finite = left.finite and right.finite and not makes_infinite(operator, left, right)
    if operator == "/" and is_part(matching, left, right):
        low, high, finite = max(low, 0.0), 1.0, True
    if matching.filled:
        low, high, finite = -inf, inf, False
    return Type(
        joined.value,
        kind,
        joined.labels,
        unit,
        low,
        high,
        finite,
        joined.maybe_absent or matching.filled,
        nan,
        joined.floats,
        _scaled_buckets(operator, left, right) if left.buckets else None,
        joined.observed,
        window=joined.window,
        scrape=joined.scrape,
        lazy=joined.lazy,
        nan=left.nan or right.nan or _nan(operator, left, right),
    )


def _nan(operator: str, left: Type, right: Type) -> str:
    """How a division gives NaN where both sides are known to reach 0."""
    reached = right.low == 0 and right.kind in NATURAL
    return _NO_TRAFFIC if operator == "/" and reached and has_zero(left) and left.kind is not Kind.OPEN else ""


def _kind(operator: str, left: Type, right: Type, *, ratio: bool) -> Kind:
    if left.literal or right.literal:
        of, number = (left, right) if right.literal else (right, left)
        factor = number.constant or 0.0
        if operator in ("+", "-"):
            return of.kind if of.kind in _LASTING else Kind.OPEN
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


def _compared(operator: str, matching: Matching, left: Type, right: Type) -> Type:
    vectors = left.value == right.value == "vector"
    if left.value == "scalar" and right.value == "vector":
        operator, left, right = COMPARISONS[operator], right, left
    joined = _joined(matching, left, right)
    comparison = Comparison(operator, left, right, matching.boolean)
    if matching.boolean:
        kind, unit, low, high, finite, nan = Kind.BOOL, None, 0.0, 1.0, True, False
        labels, absent, buckets, origin = joined.labels, joined.maybe_absent, None, None
    else:
        kind, unit, buckets = left.kind, left.unit, left.buckets
        low, high = filtered(operator, left, right)
        passes = always(operator, left, right)
        guard = operator == ">" and right.low == right.high == 0 and left.kind in _NEVER_NEGATIVE
        labels = joined.labels if guard or passes else joined.labels.chosen()
        high = max(low, high)
        finite = left.finite or (isfinite(low) and isfinite(high))
        absent = joined.maybe_absent or not passes
        nan = left.maybe_nan and operator == "!="
        origin = left.origin.some() if left.origin and not vectors else None
    return Type(
        joined.value,
        kind,
        labels,
        unit,
        low,
        high,
        finite,
        absent,
        nan,
        joined.floats,
        buckets,
        joined.observed,
        comparison,
        origin,
        joined.window,
        joined.scrape,
        joined.lazy,
    )


def _set(operator: str, left: Type, right: Type) -> Type:
    if operator != "or":
        origin = left.origin.some() if left.origin else None
        return left.but(labels=left.labels.chosen(), maybe_absent=True, origin=origin)
    return _either(left, right)


def _either(left: Type, right: Type) -> Type:
    """`or`: a side that is one number only fills the gaps of the other, and takes its kind and unit."""
    main, filled = (right, left) if right.constant is None and left.constant is not None else (left, right)
    fill = filled.constant is not None
    origin = left.origin._replace(whole=False) if left.origin and right.constant == 0 else None
    return left.but(
        kind=main.kind if fill or left.kind is right.kind else Kind.OPEN,
        labels=left.labels.either(right.labels),
        unit=main.unit if fill or same(left.unit, right.unit) else None,
        low=min(left.low, right.low),
        high=max(left.high, right.high),
        finite=left.finite and right.finite,
        maybe_absent=left.maybe_absent and right.maybe_absent,
        maybe_nan=left.maybe_nan or right.maybe_nan,
        floats=left.floats and right.floats,
        buckets=main.buckets if fill or left.buckets == right.buckets else None,
        comparison=None,
        origin=origin,
        window=main.window if fill or left.window == right.window else None,
        scrape=_slower(left.scrape, right.scrape),
        lazy=right.lazy if left.lazy else (),
        nan=left.nan or right.nan,
    )
