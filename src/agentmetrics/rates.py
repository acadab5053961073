"""Prices of tokens, and what a usage costs by them. Money is Decimal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from agentmetrics.usage import KINDS, Usage

_PARTS = (
    ("cache_read", "input"),
    ("cache_write", "input"),
    ("cache_write_1h", "cache_write"),
    ("reasoning", "output"),
)
_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Rate:
    """USD for a million tokens. A call that reads more than a tier's start pays the tier's price for all of them."""

    usd: Decimal
    tiers: tuple[tuple[int, Decimal], ...] = ()

    def at(self, read: int) -> Decimal:
        """The price in a call that reads this many tokens."""
        found = self.usd
        for start, usd in self.tiers:
            if read > start:
                found = usd
        return found


@dataclass(frozen=True, slots=True)
class Rates:
    """The prices of one model, in the order of `KINDS`: None where a kind has none. `request` is USD for each call."""

    rates: tuple[Rate | None, ...]
    request: Decimal = Decimal(0)

    @classmethod
    def of(cls, stated: Mapping[str, Rate], request: Decimal = Decimal(0)) -> Rates:
        """The prices, by kind of token. A kind without one costs what the kind that it is a part of costs."""
        found = dict(stated)
        for part, whole in _PARTS:
            if part not in found and whole in found:
                found[part] = found[whole]
        return cls(tuple(found.get(kind) for kind in KINDS), request)

    def cost(self, usage: Usage) -> Decimal | None:
        """What one call costs in USD; None where it used tokens that have no price."""
        millions = Decimal(0)
        for rate, number in zip(self.rates, usage.parts(), strict=True):
            if number:
                if rate is None:
                    return None
                millions += (rate.at(usage.input) if rate.tiers else rate.usd) * number
        return millions / _MILLION + self.request
