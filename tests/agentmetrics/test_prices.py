"""What tokens cost, and that nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from genai_prices import Usage as PublishedUsage
from genai_prices import data_snapshot
from genai_prices.types import ModelInfo, ModelPrice, Provider
from prometheus_client import CollectorRegistry

from agentmetrics import AgentMetrics, Prices
from agentmetrics.usage import Usage
from tocsin.lined import TableError

Exported = Callable[..., float | None]


def _models() -> Iterator[tuple[Provider, ModelInfo, ModelPrice]]:
    now = datetime.now(UTC)
    for provider in data_snapshot.get_snapshot().providers:
        for model in provider.models:
            yield provider, model, model.get_prices(now)


@pytest.mark.parametrize("read", [10_000, 1_000_000])
def test_every_published_price_costs_what_genai_prices_says(read: int) -> None:
    ours = Usage(read, 500, cache_read=3000, cache_write=2000, cache_write_1h=1000, reasoning=200)
    parts = {"input_tokens": read, "output_tokens": 500, "cache_read_tokens": 3000, "cache_write_tokens": 2000}
    theirs = PublishedUsage(**parts, cache_write_1h_tokens=1000, output_reasoning_tokens=200)
    prices, compared = Prices(), 0
    for provider, model, price in _models():
        if price.input_mtok is None or price.output_mtok is None:
            continue
        found = provider.find_model(model.id)
        if found is None:  # its own name does not lead to it
            continue
        compared += 1
        expected = found.get_prices(datetime.now(UTC)).calc_price(theirs)["total_price"]
        assert prices.cost(model.id, provider.id, ours) == expected, (provider.id, model.id)
    assert compared > 1000


def test_a_price_is_exact_and_knows_cached_and_reasoning_tokens() -> None:
    cost = Prices().cost("gpt-4o-2024-08-06", "openai", Usage(1000, 300, cache_read=600, reasoning=100))
    assert cost == Decimal("0.00475")  # 400 x 2.5 + 600 x 1.25 + 300 x 10, each for a million


def test_the_terms_of_a_call_change_its_price() -> None:
    usage = Usage(1000, 1000)
    standard = Prices().cost("claude-opus-4-5", "anthropic", usage)
    batch = Prices().cost("claude-opus-4-5", "anthropic", usage, {"processing": "batch"})
    assert standard is not None
    assert batch == standard / 2


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("gpt-99-ultra", "openai"),
        ("gpt-4o", "not-openai"),
        ("gpt-4o", "openai-compatible"),
        ("gpt-4o", "unknown"),
        ("gpt-4o", ""),
        ("gpt-4o", "anthropic"),
        ("whisper-large-v3", "groq"),  # priced by the hour, not by the token
    ],
)
def test_what_is_not_known_has_no_price(model: str, provider: str) -> None:
    assert Prices().cost(model, provider, Usage(1000, 100)) is None


@pytest.mark.parametrize(
    ("model", "provider", "known_as"),
    [
        ("gpt-4o", "azure_openai", "azure"),  # LangChain
        ("gemini-2.5-pro", "gcp.vertex_ai", "google"),  # OpenTelemetry
        ("mistral-large-latest", "mistralai", "mistral"),
    ],
)
def test_libraries_names_of_providers_are_known(model: str, provider: str, known_as: str) -> None:
    cost = Prices().cost(model, provider, Usage(1000, 100))
    assert cost is not None
    assert cost == Prices().cost(model, known_as, Usage(1000, 100))


def test_a_call_without_a_price_is_counted_and_said_once(
    metrics: AgentMetrics, exported: Exported, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        with metrics.llm("gpt-99", "openai") as call:
            call.tokens(input=10, output=5)
    assert exported("llm_unpriced_requests_total", model="gpt-99", provider="openai") == 3
    assert exported("llm_cost_dollars_total", model="gpt-99") == 0
    assert len(caplog.records) == 1
    assert "no price is known for model 'gpt-99' of provider 'openai'" in caplog.text


def test_a_call_without_a_provider_or_a_model_is_one_of_an_unknown(
    metrics: AgentMetrics, exported: Exported, caplog: pytest.LogCaptureFixture
) -> None:
    for model, provider in ((None, "openai"), ("gpt-4o", None)):
        for _ in range(2):
            with metrics.llm(model, provider) as call:  # type: ignore[arg-type]
                call.tokens(input=10, output=5)
    assert exported("llm_unpriced_requests_total", model="unknown", provider="openai") == 2
    assert exported("llm_unpriced_requests_total", model="gpt-4o", provider="unknown") == 2
    assert exported("llm_tokens_total", token_type="input") == 40
    assert [record.args for record in caplog.records] == [("unknown", "openai"), ("gpt-4o", "unknown")]


def test_faults_whose_texts_differ_are_said_once_and_leave_room_for_what_is_unpriced(
    metrics: AgentMetrics, exported: Exported, caplog: pytest.LogCaptureFixture
) -> None:
    for more in range(150):
        metrics.tokens("claude-opus-4-5", "anthropic", input=10, cache_read=11 + more)
    metrics.tokens("brand-new", "openai", input=5)
    assert exported("agentmetrics_observations_dropped_total") == 150
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "an observation was lost; the agent goes on",
        "no price is known for model 'brand-new' of provider 'openai'",
    ]


@pytest.mark.parametrize(
    "told",
    [
        *({"input": 10, "cost": Decimal(cost)} for cost in ("NaN", "sNaN", "Infinity", "-3", "1e999")),
        {"input": 1.5, "output": 10},
        {"input": 10, "output": float("nan")},
        {"input": 10, "output": 10**400},
    ],
)
def test_a_call_that_cannot_be_counted_is_not_counted_by_half(
    metrics: AgentMetrics, exported: Exported, told: dict[str, Any]
) -> None:
    metrics.tokens("gpt-4o", "openai", **told)
    assert exported("agentmetrics_observations_dropped_total") == 1
    assert not exported("llm_tokens_total")
    assert not exported("llm_cost_dollars_total")


def test_a_priced_call_costs_its_tenant(metrics: AgentMetrics, exported: Exported) -> None:
    with metrics.request(tenant_id="globex"), metrics.llm("gpt-4o-2024-08-06", "openai") as call:
        call.tokens(input=1_000_000)
        call.tokens(output=100_000)
    assert exported("llm_cost_dollars_total", tenant_id="globex", agent_name="support") == 3.5
    assert exported("llm_unpriced_requests_total") == 0


_FILE = """\
providers:
  My-Gateway: openai
prices:
  - {provider: vLLM, model: llama-3.3-70b, input: 0.9, output: 0.9, cache_read: 0.1}
  - {provider: openai, model: gpt-4o, from: 2026-01-01, input: 2, output: 8}
  - {provider: openai, model: gpt-4o, from: 2026-07-01, input: 1, output: 4}
"""


@pytest.fixture
def price_file(tmp_path: Path) -> Path:
    file = tmp_path / "prices.yaml"
    file.write_text(_FILE)
    return file


def test_prices_of_ones_own_come_first_and_are_dated(price_file: Path, registry: CollectorRegistry) -> None:
    prices = Prices(price_file)
    million = Usage(1_000_000)
    assert prices.cost("llama-3.3-70b", "vllm", Usage(1_000_000, cache_read=500_000)) == Decimal("0.5")
    for day, expected in (("2025-12-31", "2.5"), ("2026-01-01", "2"), ("2026-06-30", "2"), ("2026-07-01", "1")):
        for provider in ("openai", "my-gateway"):
            rates = prices.rates("gpt-4o", provider, at=datetime.fromisoformat(day).replace(tzinfo=UTC))
            assert rates is not None
            assert rates.cost(million) == Decimal(expected)
    assert AgentMetrics(registry=registry, prices=prices).prices is prices


def test_a_price_file_may_be_json(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_text('{"prices": [{"provider": "vllm", "model": "m", "input": 0.1, "output": 0.2}]}')
    assert Prices(file).cost("m", "vllm", Usage(1_000_000, 1_000_000)) == Decimal("0.3")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prices:\n- {provider: p, model: m, input: a lot, output: 1}", ":2: 'a lot' is no number"),
        ("prices:\n- {provider: p, model: m, input: -1, output: 1}", ":2: -1 is no price"),
        ("prices:\n- {provider: p, model: m, output: 1,\n   input: 1e999999}", ":3: 1E+999999 is no price"),
        ("prices:\n- {provider: p, model: m, input: 1}", ":2: this price has no output"),
        ("prices:\n- {provider: p, model: m, input: 1, output: 1, cached: 2}", ":2: a price has no cached"),
        ("prices:\n- provider: p\n  model: m\n  from: soon\n  input: 1\n  output: 1", ":4: 'soon' is no day"),
        ("prices:\n" + "- {provider: p, model: m, input: 1, output: 1}\n" * 2, ":3: m has a price from that day"),
        ("providers:\n  gate: openai\n  Gate: azure", ":3: Gate is there twice, in other letters"),
        ("price:\n- 1", ":1: a price file has no price; it has `providers` and `prices`"),
        ("prices: 5", ":1: a list is expected here"),
        ("prices: [", ":1: is no YAML"),
        ("prices: \x07", ": is no YAML"),
        ("", ": is empty"),
        (None, ": cannot be read: No such file"),
    ],
)
def test_a_wrong_price_file_is_one_line_with_its_place(tmp_path: Path, text: str | None, message: str) -> None:
    file = tmp_path / "prices.yaml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(TableError) as wrong:
        Prices(file)
    assert str(wrong.value).startswith(f"{file}{message}")
    assert "\n" not in str(wrong.value)
