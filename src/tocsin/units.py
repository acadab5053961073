"""Units and quantities: what a number counts, and how units combine.

A unit is a product of named dimensions with a scale. Things that are counted are dimensions of their own
(requests, tokens, calls), so `errors / requests` is a ratio and `tokens / requests` is not. An error is a
failed request, so an error counter counts in requests.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

Factors = tuple[tuple[str, int], ...]


def _multiply(left: Factors, right: Factors, sign: int) -> Factors:
    powers = dict(left)
    for name, power in right:
        powers[name] = powers.get(name, 0) + sign * power
    return tuple(sorted((name, power) for name, power in powers.items() if power))


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measure. Two units are equal when dimensions and scale are, whatever they are called."""

    name: str = field(compare=False)
    factors: Factors = ()
    scale: Fraction = Fraction(1)

    @classmethod
    def counting(cls, noun: str) -> Unit:
        """The unit of a count of `noun` (plural): requests, tokens, sessions."""
        return cls(noun, ((noun, 1),))

    def __mul__(self, other: Unit) -> Unit:
        return _named(_multiply(self.factors, other.factors, 1), self.scale * other.scale)

    def __truediv__(self, other: Unit) -> Unit:
        return _named(_multiply(self.factors, other.factors, -1), self.scale / other.scale)

    def measures_like(self, other: Unit) -> bool:
        """Whether both measure the same thing, so that one converts to the other."""
        return self.factors == other.factors

    @property
    def is_known(self) -> bool:
        """Whether it says anything: nothing follows from what UNKNOWN is part of."""
        return all(name != "unknown" for name, _ in self.factors)

    @property
    def noun(self) -> str | None:
        """What is counted, where this unit is a plain count."""
        if self.scale == 1 and len(self.factors) == 1 and self.factors[0] not in _NAMED_DIMENSIONS:
            name, power = self.factors[0]
            return name if power == 1 else None
        return None

    @property
    def per_time(self) -> tuple[Unit, Unit] | None:
        """The unit as (something, unit of time), where it is a rate: requests/second, USD/minute."""
        if ("seconds", -1) not in self.factors:
            return None
        rest = tuple(factor for factor in self.factors if factor[0] != "seconds")
        for time in (SECONDS, MINUTES, HOURS, DAYS):
            what = _named(rest, self.scale * time.scale)
            if what.scale == 1 or what in _known():
                return what, time
        return None

    def __str__(self) -> str:
        return self.name


def _named(factors: Factors, scale: Fraction) -> Unit:
    for known in _known():
        if known.factors == factors and known.scale == scale:
            return known
    rate = Unit("", factors, scale).per_time
    if rate:
        what, time = rate
        return Unit(f"{what}/{time.name.removesuffix('s')}", factors, scale)
    above = " ".join(name if power == 1 else f"{name}^{power}" for name, power in factors if power > 0)
    below = " ".join(name if power == -1 else f"{name}^{-power}" for name, power in factors if power < 0)
    text = f"{above or '1'}/{below}" if below else above or "1"
    return Unit(text if scale == 1 else f"{scale} {text}", factors, scale)


_TIME = (("seconds", 1),)
SECONDS = Unit("seconds", _TIME)
MILLISECONDS = Unit("milliseconds", _TIME, Fraction(1, 1000))
MINUTES = Unit("minutes", _TIME, Fraction(60))
HOURS = Unit("hours", _TIME, Fraction(3600))
DAYS = Unit("days", _TIME, Fraction(86400))
RATIO = Unit("ratio")
PERCENT = Unit("percent", (), Fraction(1, 100))
USD = Unit("USD", (("USD", 1),))
BYTES = Unit("bytes", (("bytes", 1),))
MEBIBYTES = Unit("MiB", (("bytes", 1),), Fraction(2**20))
CELSIUS = Unit("°C", (("celsius", 1),))
WATTS = Unit("watts", (("watts", 1),))
REQUESTS = Unit.counting("requests")
CALLS = Unit.counting("calls")
QUERIES = Unit.counting("queries")
TOKENS = Unit.counting("tokens")
SESSIONS = Unit.counting("sessions")
STEPS = Unit.counting("steps")
# Of metrics that nobody states the unit of.
UNKNOWN = Unit("unknown", (("unknown", 1),))

_NAMED_DIMENSIONS = frozenset({("seconds", 1), ("USD", 1), ("bytes", 1), ("celsius", 1), ("watts", 1)})


def _known() -> Iterable[Unit]:
    return (SECONDS, MILLISECONDS, MINUTES, HOURS, DAYS, RATIO, PERCENT, USD, BYTES, MEBIBYTES)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit: a threshold, a budget. Exact, because money is."""

    value: Decimal
    unit: Unit

    def to(self, unit: Unit) -> Decimal:
        """The same quantity's number in `unit`. Raises ValueError where the two measure different things."""
        if not self.unit.measures_like(unit):
            raise ValueError(f"{self} is no number of {unit}")
        factor = self.unit.scale / unit.scale
        number = Fraction(self.value) * factor
        return (Decimal(number.numerator) / Decimal(number.denominator)).normalize() + 0

    def __str__(self) -> str:
        return f"{plain(self.value)} {self.unit}"


def plain(number: Decimal) -> str:
    """A number's shortest form without an exponent: 10, 0.05."""
    text = format(number.normalize(), "f")
    return "0" if text in ("-0", "0") else text


Number = int | str | Decimal


def quantity(number: Number, unit: Unit) -> Quantity:
    """A quantity of any unit. A float is refused: write 0.1 as "0.1", and it is exact. Raises TypeError, ValueError."""
    if isinstance(number, bool) or not isinstance(number, int | str | Decimal):
        raise TypeError(f'write {number!r} as "{number}": quantities are exact, floats are not')
    try:
        value = Decimal(number)
    except ArithmeticError:
        raise ValueError(f"{number!r} is no number") from None
    if not value.is_finite():
        raise ValueError(f"{number!r} is no quantity: nothing is above or below it")
    if not isinstance(unit, Unit):
        raise TypeError(f"{unit!r} is no unit: take one of tocsin.define (RATIO, SECONDS, USD, ...) or of the metric")
    return Quantity(value, unit)


def seconds(number: Number) -> Quantity:
    return quantity(number, SECONDS)


def milliseconds(number: Number) -> Quantity:
    return quantity(number, MILLISECONDS)


def minutes(number: Number) -> Quantity:
    return quantity(number, MINUTES)


def percent(number: Number) -> Quantity:
    return quantity(number, PERCENT)


def usd(number: Number) -> Quantity:
    return quantity(number, USD)


def requests(number: Number) -> Quantity:
    return quantity(number, REQUESTS)


def calls(number: Number) -> Quantity:
    return quantity(number, CALLS)


def tokens(number: Number) -> Quantity:
    return quantity(number, TOKENS)
