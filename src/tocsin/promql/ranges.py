"""Ranges of values: what arithmetic makes of the least and the largest value, and how NaN gets in."""

from __future__ import annotations

from collections.abc import Callable
from math import copysign, inf, isfinite, isnan, nextafter, pi
from typing import Any

from tocsin.promql.labels import LabelSet, make
from tocsin.promql.types import NATURAL, Kind, Origin, Type
from tocsin.units import Unit

HALF_TURN = pi / 2
Range = tuple[float, float]
ALL: Range = (-inf, inf)
# That of a value which is 0, and perhaps -0: what is divided by it may be -Inf.
SIGNED_ZERO: Range = (-0.0, 0.0)


def natural(of: Type) -> bool:
    """Whether no value is below 0, nor -0."""
    low = of.low
    if low != 0:
        return low > 0
    if copysign(1, low) < 0:
        return False
    return of.kind in NATURAL or (of.high == 0 and copysign(1, of.high) > 0)


def derived(
    of: Type,
    *,
    kind: Kind = Kind.OPEN,
    unit: Unit | None = None,
    low: float = -inf,
    high: float = inf,
    finite: bool = False,
    maybe_nan: bool | None = None,
    labels: LabelSet | None = None,
    buckets: tuple[float, ...] | None = None,
    origin: Origin | None = None,
    window: int | None = None,
    **changes: Any,
) -> Type:
    """The type of a vector that is computed from `of`, series by series. Many functions leave native histograms out."""
    if low == 0 == high and not natural(of):
        low, high = SIGNED_ZERO
    _, _, own, _, _, _, _, absent, nan, floats, _, observed, _, _, _, scrape, lazy, why, _ = of
    found = make(
        Type,
        (
            "vector",
            kind,
            labels or own,
            unit,
            low,
            high,
            finite,
            absent or not floats,
            nan if maybe_nan is None else maybe_nan,
            floats,
            buckets,
            observed,
            None,
            origin,
            window,
            scrape,
            lazy,
            why,
            None,
        ),
    )
    return found.but(**changes) if changes else found


def monotone(of: Type, step: Callable[[float], float], *, unit: Unit | None) -> Type:
    """The type after a function that never turns the order of two values round."""
    low, high = (float(step(bound)) if isfinite(bound) else bound for bound in (of.low, of.high))
    return derived(of, kind=of.kind if of.low >= 0 else Kind.OPEN, unit=unit, low=low, high=high, finite=of.finite)


def _sum(left: Range, right: Range) -> Range:
    low, high = left[0] + right[0], left[1] + right[1]
    return (-inf if isnan(low) else low, inf if isnan(high) else high)


def _product(left: Range, right: Range) -> Range:
    corners = [_times(a, b) for a in left for b in right]
    return min(corners), max(corners)


def _times(a: float, b: float) -> float:
    return 0.0 if a == 0 or b == 0 else a * b


def _quotient(left: Range, right: Range) -> Range:
    corners = [a / b if isfinite(b) else 0.0 for a in left for b in right]
    low, high = min(corners), max(corners)
    infinite = not all(map(isfinite, left)) and not all(map(isfinite, right))
    if infinite:  # Inf/Inf may be anything that keeps the signs.
        low, high = min(low, 0.0 if left[0] >= 0 and right[0] > 0 else -inf), inf
    return low, high


def either(left: Type, right: Type) -> Range:
    """The range of values that come from one side or the other."""
    low, high = min(left.low, right.low), max(left.high, right.high)
    return SIGNED_ZERO if low == 0 == high and not (natural(left) and natural(right)) else (low, high)


def computed(operator: str, left: Type, right: Type) -> Range:
    """The range of an arithmetic result."""
    low, high = _ARITHMETIC[operator](left, right)
    return SIGNED_ZERO if low == 0 == high and not (natural(left) and natural(right)) else (low, high)


def added(left: Type, right: Type) -> Range:
    return _sum((left.low, left.high), (right.low, right.high))


def subtracted(left: Type, right: Type) -> Range:
    return _sum((left.low, left.high), (-right.high, -right.low))


def multiplied(left: Type, right: Type) -> Range:
    if right.low == right.high:
        low, high = _times(left.low, right.low), _times(left.high, right.low)
        return (low, high) if low <= high else (high, low)
    return _product((left.low, left.high), (right.low, right.high))


def divided(left: Type, right: Type) -> Range:
    if right.low > 0 or right.high < 0:
        if right.low > 0 and left.low >= 0 and left.high == inf == right.high:  # as most are
            return 0.0, inf
        return _quotient((left.low, left.high), (right.low, right.high))
    if left.low >= 0 and right.low >= 0 and natural(right):
        return 0.0, inf
    return ALL


def remainder(left: Type, right: Type) -> Range:
    most = min(max(abs(left.low), abs(left.high)), max(abs(right.low), abs(right.high)))
    return (0.0 if left.low >= 0 else -most, most if left.high > 0 else 0.0)


def raised(left: Type, right: Type) -> Range:
    exponent = right.constant
    if exponent is not None and exponent % 2 == 0:
        return 0.0, inf
    if left.low >= 0 and (right.low >= 0 or natural(left)):
        return 0.0, inf
    return ALL


def _turned(_left: Type, _right: Type) -> Range:
    return -pi, pi


_ARITHMETIC: dict[str, Callable[[Type, Type], Range]] = {
    "+": added,
    "-": subtracted,
    "*": multiplied,
    "/": divided,
    "%": remainder,
    "^": raised,
    "atan2": _turned,
}


def has_zero(of: Type) -> bool:
    return of.low <= 0 <= of.high


def makes_nan(operator: str, left: Type, right: Type) -> bool:
    """Whether arithmetic on numbers that are no NaN may give one."""
    finite = left.finite and right.finite
    if operator in ("+", "-", "*"):
        return not finite
    if operator == "/":
        return not finite or (has_zero(right) and has_zero(left))
    if operator == "%":
        return not finite or has_zero(right)
    if operator == "^":
        return left.low < 0
    return False


def makes_infinite(operator: str, left: Type, right: Type) -> bool:
    """Whether arithmetic on finite numbers may give Inf, where they are not too large to multiply."""
    if operator == "/":
        return has_zero(right)
    return operator == "^" or not (left.finite and right.finite)


def filtered(operator: str, left: Type, right: Type) -> Range:
    """The range of the values on the left that a comparison lets through."""
    low, high = left.low, left.high
    if operator == "==":
        return max(low, right.low), min(high, right.high)
    if operator == ">=":
        return max(low, right.low), high
    if operator == ">":
        return max(low, nextafter(right.low, inf)) if right.low < inf else low, high
    if operator == "<=":
        return low, min(high, right.high)
    if operator == "<":
        return low, min(high, nextafter(right.high, -inf)) if right.high > -inf else high
    if operator == "!=" and low == right.constant:
        return nextafter(low, inf), high
    return low, high


def always(operator: str, left: Type, right: Type) -> bool:
    """Whether a comparison is true of every value."""
    if left.maybe_nan or right.maybe_nan:
        return False
    if operator == ">":
        return left.low > right.high
    if operator == ">=":
        return left.low >= right.high
    if operator == "<":
        return left.high < right.low
    if operator == "<=":
        return left.high <= right.low
    if operator == "==":
        return left.low == left.high == right.low == right.high
    return left.high < right.low or left.low > right.high


def never(operator: str, left: Type, right: Type) -> bool:
    """Whether a comparison is true of no value."""
    opposite = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}.get(operator)
    if opposite is not None:
        return _certainly(opposite, left, right)
    if operator == "==":
        return left.high < right.low or left.low > right.high
    return left.low == left.high == right.low == right.high and not (left.maybe_nan or right.maybe_nan)


def _certainly(operator: str, left: Type, right: Type) -> bool:
    if operator == "<=":
        return left.high <= right.low
    if operator == "<":
        return left.high < right.low
    if operator == ">=":
        return left.low >= right.high
    return left.low > right.high
