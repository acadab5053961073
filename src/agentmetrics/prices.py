"""What tokens cost, exactly: the prices of genai-prices, and those of a file of your own.

Nothing is guessed. A provider is known by its name or by one of the names that libraries use for it, and by no other;
a model, or a kind of token, that has no price has no cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from time import monotonic
from types import MappingProxyType

from genai_prices import data_snapshot
from genai_prices.types import ModelPrice, TieredPrices

from agentmetrics.pricefile import PriceFile
from agentmetrics.rates import Rate, Rates
from agentmetrics.usage import KINDS, Usage

# Names that LangChain, OpenTelemetry and LiteLLM give to the providers of genai-prices.
_ALSO_CALLED: Mapping[str, str] = MappingProxyType(
    {
        "amazon_bedrock": "aws",
        "anthropic_bedrock": "aws",
        "aws.bedrock": "aws",
        "bedrock": "aws",
        "bedrock_converse": "aws",
        "azure.ai.inference": "azure",
        "azure.ai.openai": "azure",
        "azure_ai": "azure",
        "azure_openai": "azure",
        "fireworks_ai": "fireworks",
        "gcp.gemini": "google",
        "gcp.gen_ai": "google",
        "gcp.vertex_ai": "google",
        "gemini": "google",
        "google_genai": "google",
        "google_vertexai": "google",
        "vertex_ai": "google",
        "mistral_ai": "mistral",
        "mistralai": "mistral",
        "moonshot": "moonshotai",
        "moonshot_ai": "moonshotai",
        "together_ai": "together",
        "x_ai": "x-ai",
        "xai": "x-ai",
        "zhipu_ai": "zhipuai",
    }
)
# How genai-prices calls the prices of each kind of token.
_NAMES = {kind: f"{kind}_mtok" for kind in KINDS} | {"reasoning": "output_reasoning_mtok"}
_SECONDS_REMEMBERED = 60.0  # prices change with the day and the hour, and with updates
_MOST_REMEMBERED = 10_000

Terms = Mapping[str, str]
_Key = tuple[str, str, tuple[tuple[str, str], ...]]


class Prices:
    """Prices by provider and model. A file of your own comes before genai-prices.

    genai-prices carries its data with it, and asks no network. To update it while the agent runs, start its
    `UpdatePrices`; what that fetches is used here within a minute.
    """

    def __init__(self, file: str | Path | None = None) -> None:
        """Raises TableError where the file is wrong."""
        self._own = PriceFile.read(file) if file is not None else PriceFile()
        self._remembered: dict[_Key, tuple[float, Rates | None]] = {}

    def cost(self, model: str, provider: str, usage: Usage, terms: Terms | None = None) -> Decimal | None:
        """What the tokens cost in USD; None where the price is not known.

        `terms` are those of the call that change its price, as genai-prices names them: `{"processing": "batch"}`,
        `{"service_tier": "flex"}`.
        """
        key = (provider, model, tuple(sorted(terms.items())) if terms else ())
        until, rates = self._remembered.get(key, (0.0, None))
        now = monotonic()
        if now >= until:
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            rates = self.rates(model, provider, terms)
            self._remembered[key] = (now + _SECONDS_REMEMBERED, rates)
        return rates.cost(usage) if rates is not None else None

    def rates(self, model: str, provider: str, terms: Terms | None = None, at: datetime | None = None) -> Rates | None:
        """The prices of a model's tokens, now or at another time."""
        at = at or datetime.now(UTC)
        name = self._own.known_as(provider)
        own = self._own.rates(name, model, at.date()) or self._own.rates(provider, model, at.date())
        return own or _published(_ALSO_CALLED.get(name.lower(), name.lower()), model, terms, at)


def _published(provider: str, model: str, terms: Terms | None, at: datetime) -> Rates | None:
    snapshot = data_snapshot.get_snapshot()
    found = next((known for known in snapshot.providers if known.id == provider), None)
    info = found.find_model(model, all_providers=snapshot.providers) if found is not None else None
    if found is None or info is None:
        return None
    # Terms are the provider's own: another's model has them not.
    own_model = any(info is one for one in found.models)
    return _rates_of(info.get_prices(at, dict(terms) if terms and own_model else None))


def _rates_of(price: ModelPrice) -> Rates | None:
    """The prices that text tokens have; None where there are none."""
    stated = {
        kind: _rate(price.__dict__[name]) for kind, name in _NAMES.items() if price.__dict__.get(name) is not None
    }
    if not stated:
        return None
    request = price.__dict__.get("requests_kcount")
    return Rates.of(stated, request / 1000 if isinstance(request, Decimal) else Decimal(0))


def _rate(price: Decimal | TieredPrices) -> Rate:
    if isinstance(price, TieredPrices):
        return Rate(price.base, tuple((tier.start, tier.price) for tier in price.tiers))
    return Rate(price)
