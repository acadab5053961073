"""Prices of tokens, and what a usage costs by them. Money is Decimal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from agentmetrics.usage import Usage

KINDS = ("input", "output", "cache_read", "cache_write", "cache_write_1h", "reasoning")

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
    """The prices of one model, by kind of token; None where a kind has none."""

    input: Rate | None = None
    output: Rate | None = None
    cache_read: Rate | None = None
    cache_write: Rate | None = None
    cache_write_1h: Rate | None = None
    reasoning: Rate | None = None
    request: Decimal = Decimal(0)

    @classmethod
    def of(cls, stated: Mapping[str, Rate], request: Decimal = Decimal(0)) -> Rates:
        """The prices, by kind of token. A kind without one costs what the kind that it is a part of costs."""
        read, written = stated.get("input"), stated.get("output")
        cache_write = stated.get("cache_write", read)
        return cls(
            input=read,
            output=written,
            cache_read=stated.get("cache_read", read),
            cache_write=cache_write,
            cache_write_1h=stated.get("cache_write_1h", cache_write),
            reasoning=stated.get("reasoning", written),
            request=request,
        )

    def cost(self, usage: Usage) -> Decimal | None:
        """What one call costs in USD; None where it used tokens that have no price."""
        millions = Decimal(0)
        for rate, number in (
            (self.input, usage.input - usage.cache_read - usage.cache_write),
            (self.output, usage.output - usage.reasoning),
            (self.cache_read, usage.cache_read),
            (self.cache_write, usage.cache_write - usage.cache_write_1h),
            (self.cache_write_1h, usage.cache_write_1h),
            (self.reasoning, usage.reasoning),
        ):
            if number:
                if rate is None:
                    return None
                millions += rate.at(usage.input) * number
        return millions / _MILLION + self.request
