"""Amounts in time: 4 requests a second, 5 USD a minute, 120 USD a day. Exact, because money is."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

Amount = int | str | Decimal
_SECOND, _MINUTE, _HOUR, _DAY = 1000, 60_000, 3_600_000, 86_400_000


def exact(amount: Amount) -> Decimal:
    """The amount as a number; "10%" is 0.1. A float is refused: write "0.1"."""
    if isinstance(amount, bool) or not isinstance(amount, int | str | Decimal):
        raise TypeError(f'write {amount!r} as "{amount}": amounts are exact, floats are not')
    percent = isinstance(amount, str) and amount.endswith("%")
    try:
        number = Decimal(amount.removesuffix("%") if isinstance(amount, str) else amount)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ValueError(f'{amount!r} is no amount: write a number, such as "0.1" or "10%"')
    return number / 100 if percent else number


@dataclass(frozen=True, slots=True)
class Flow:
    """So much in so many milliseconds."""

    amount: Decimal
    milliseconds: int

    def within(self, milliseconds: int | Decimal) -> Decimal:
        """How much flows in that time."""
        return self.amount * milliseconds / self.milliseconds

    def share(self, part: Amount) -> Flow:
        """A part of the flow: `traffic.share("10%")`."""
        return Flow(self.amount * exact(part), self.milliseconds)


def a_second(amount: Amount) -> Flow:
    return Flow(exact(amount), _SECOND)


def a_minute(amount: Amount) -> Flow:
    return Flow(exact(amount), _MINUTE)


def an_hour(amount: Amount) -> Flow:
    return Flow(exact(amount), _HOUR)


def a_day(amount: Amount) -> Flow:
    return Flow(exact(amount), _DAY)
