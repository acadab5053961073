"""A price file of your own: negotiated prices, models that you serve yourself, other names of providers.

providers:
  my-gateway: openai          # its models cost what openai's cost
prices:
  - provider: vllm
    model: llama-3.3-70b
    from: 2026-01-01          # valid from this day on (UTC), until a later entry
    input: 0.9                # USD for a million tokens
    output: 0.9
    cache_read: 0.1           # as input, where it is not stated; so is cache_write
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from agentmetrics.rates import Rate, Rates
from agentmetrics.usage import KINDS
from tocsin.lined import Value, read_table

_HIGHEST = 1_000_000  # a dollar for each token
_FIELDS = ("provider", "model", "from", *KINDS)


@dataclass(frozen=True, slots=True)
class PriceFile:
    """`prices` are by provider and model, newest first, each valid from its day on. Providers are in small letters:
    each library writes them in its own way.
    """

    providers: Mapping[str, str] = field(default_factory=dict)
    prices: Mapping[tuple[str, str], tuple[tuple[date, Rates], ...]] = field(default_factory=dict)

    def rates(self, provider: str, model: str, day: date) -> Rates | None:
        """The prices of a model on a day."""
        dated = self.prices.get((provider.lower(), model), ())
        return next((rates for since, rates in dated if since <= day), None)

    def known_as(self, provider: str) -> str:
        """The provider whose prices hold for this one's models: itself, where nothing else is stated."""
        return self.providers.get(provider.lower(), provider)

    @classmethod
    def read(cls, file: str | Path) -> PriceFile:
        """Raises TableError, naming the line and the way out, where the file is wrong."""
        providers: dict[str, str] = {}
        prices: dict[tuple[str, str], dict[date, Rates]] = {}
        for name, key, value in read_table(file).items():
            if name == "providers":
                for other, at, known in value.items():
                    if other.lower() in providers:
                        raise at.wrong(f"{other} is there twice, in other letters", "keep one of them")
                    providers[other.lower()] = known.text()
            elif name == "prices":
                for entry in value.entries():
                    _add(prices, entry)
            else:
                raise key.wrong(f"a price file has no {name}", "it has `providers` and `prices`")
        return cls(providers, {model: tuple(sorted(dated.items(), reverse=True)) for model, dated in prices.items()})


def _add(prices: dict[tuple[str, str], dict[date, Rates]], entry: Value) -> None:
    fields: dict[str, Value] = {}
    for name, key, value in entry.items():
        if name not in _FIELDS:
            raise key.wrong(f"a price has no {name}", f"it has {', '.join(_FIELDS)}")
        fields[name] = value
    for name in ("provider", "model", "input", "output"):
        if name not in fields:
            raise entry.wrong(f"this price has no {name}", f"state it: `{name}: ...`")
    dated = prices.setdefault((fields["provider"].text().lower(), fields["model"].text()), {})
    since = _day(fields["from"]) if "from" in fields else date.min
    if since in dated:
        raise entry.wrong(
            f"{fields['model'].text()} has a price from that day already", "give it another `from`, or keep one of them"
        )
    dated[since] = Rates.of({name: Rate(_price(fields[name])) for name in KINDS if name in fields})


def _price(value: Value) -> Decimal:
    price = value.number()
    if not 0 <= price <= _HIGHEST:
        raise value.wrong(f"{price} is no price", f"write USD for a million tokens, from 0 to {_HIGHEST}")
    return price


def _day(value: Value) -> date:
    try:
        return date.fromisoformat(value.text())
    except ValueError:
        raise value.wrong(f"{value.text()!r} is no day", "write it like 2026-01-31") from None
