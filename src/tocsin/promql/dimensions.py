"""Units of results: what operators make of the units of their sides."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import inf

from tocsin.promql.faults import Fault, error
from tocsin.promql.types import Type
from tocsin.units import DAYS, HOURS, MILLISECONDS, MINUTES, PERCENT, RATIO, SECONDS, USD, Unit

_TIMES = tuple(unit.scale for unit in (SECONDS, MINUTES, HOURS, DAYS))
# The scales in which people write each dimension. A number that is multiplied into another scale is a conversion.
_SCALES: dict[str, frozenset[Fraction]] = {
    "seconds": frozenset({*_TIMES, MILLISECONDS.scale, Fraction(1, 10**6), Fraction(1, 10**9)}),
    "bytes": frozenset(Fraction(base**power) for base in (1000, 1024) for power in range(5)) | {Fraction(1, 8)},
    "USD": frozenset({USD.scale, Fraction(1, 100)}),
}
_COUNTS = frozenset({Fraction(1)})
# Exact arithmetic is slow, and the units of a catalog are few: results by the identity of the operands, which are
# kept with them.
_QUOTIENTS: dict[tuple[int, int], tuple[Unit, Unit, Unit]] = {}
_PRODUCTS: dict[tuple[int, int], tuple[Unit, Unit, Unit]] = {}
_MULTIPLES: dict[tuple[int, float], tuple[Unit | None, Unit]] = {}


def quotient(left: Unit | None, right: Unit | None) -> Unit | None:
    """One unit divided by another; open where one is."""
    if left is None or right is None:
        return None
    key = (id(left), id(right))
    found = _QUOTIENTS.get(key)
    if found is None:
        found = _QUOTIENTS[key] = (left / right, left, right)
    return found[0]


def product(left: Unit | None, right: Unit | None) -> Unit | None:
    """One unit times another; open where one is."""
    if left is None or right is None:
        return None
    key = (id(left), id(right))
    found = _PRODUCTS.get(key)
    if found is None:
        found = _PRODUCTS[key] = (left * right, left, right)
    return found[0]


def same(left: Unit | None, right: Unit | None) -> bool:
    return left is right or left == right


def unit_after(operator: str, left: Type, right: Type) -> Unit | None:
    """The unit of an arithmetic result; None where it is open."""
    if operator in ("+", "-", "%"):
        if left.literal:
            return right.unit
        if right.literal or same(left.unit, right.unit):
            return left.unit
        return None
    if operator == "*":
        return _scaled(left, right.constant) if right.literal else _times(left, right)
    if operator == "/":
        constant = right.constant
        if right.literal:
            # A share divided by 0.01 may be in percent, and it may be a share of the 1 % that are allowed.
            if not constant or (left.unit is not None and not left.unit.factors and constant < 1):
                return None
            return _scaled(left, 1 / constant)
        return quotient(left.unit, right.unit)
    if operator == "^" and right.constant == 1:
        return left.unit
    return None


def _times(left: Type, right: Type) -> Unit | None:
    if left.literal:
        return _scaled(right, left.constant)
    return product(left.unit, right.unit)


def _scaled(of: Type, factor: float | None) -> Unit | None:
    """The unit in which a number that was multiplied says the same as before."""
    unit = of.unit
    if unit is None or factor is None or factor in (0.0, 1.0, -1.0):
        return unit
    if not 0 < factor < inf:
        return None
    key = (id(unit), factor)
    found = _MULTIPLES.get(key)
    if found is None:
        found = _MULTIPLES[key] = (_multiple(unit, factor), unit)
    return found[0]


def _multiple(unit: Unit, factor: float) -> Unit | None:
    divisor = Fraction(factor).limit_denominator(10**12)
    if not divisor:
        return None
    scale = unit.scale / divisor
    if not _is_known(unit, scale):
        return None
    if not unit.factors:
        return RATIO if scale == RATIO.scale else PERCENT
    return Unit("", unit.factors, scale) * RATIO


def _is_known(unit: Unit, scale: Fraction) -> bool:
    if not unit.factors:
        return scale in (RATIO.scale, PERCENT.scale)
    above = [name for name, power in unit.factors if power == 1]
    below = [name for name, power in unit.factors if power == -1]
    if len(above) + len(below) != len(unit.factors) or len(above) > 1 or len(below) > 1:
        return False
    scales = _SCALES.get(above[0], _COUNTS) if above else _COUNTS
    if not below:
        return scale in scales
    if below != ["seconds"]:
        return False
    return any(scale * time in scales for time in _TIMES)


def unit_faults(operator: str, left: Type, right: Type) -> Iterator[Fault]:
    """unit-mismatch: a sum, a difference or a comparison of different units."""
    if operator in ("*", "/", "^", "atan2") or not differ(left, right):
        return
    assert left.unit is not None
    assert right.unit is not None
    like = left.unit.measures_like(right.unit)
    yield error(
        "unit-mismatch",
        f"{left.unit} {operator} {right.unit}: the two sides are in different units, so the result means nothing",
        f"convert one side: 1 {left.unit} is {float(left.unit.scale / right.unit.scale):g} {right.unit}"
        if like
        else "bring both sides to one unit first, or compare what is alike",
    )


def differ(left: Type, right: Type) -> bool:
    """Whether two sides measure in different units, for certain.

    Something for each of what is counted is the same as something: seconds for each request are seconds.
    """
    if left.unit is None or right.unit is None or same(left.unit, right.unit):
        return False
    return left.unit.scale != right.unit.scale or _bare(left.unit) != _bare(right.unit)


def _bare(unit: Unit) -> tuple[tuple[str, int], ...]:
    return tuple((name, power) for name, power in unit.factors if power > 0 or name in _SCALES)
