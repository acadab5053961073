"""What an agent's code says, and what a scrape then returns."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Sample
from prometheus_client.parser import text_string_to_metric_families

from agentmetrics import AgentMetrics, catalog
from agentmetrics.catalog import CATALOG
from agentmetrics.errors import ERROR_TYPES
from tocsin.metrics import Counter, Gauge, Histogram, Metric

Exported = Callable[..., float | None]


def test_a_scrape_is_what_the_catalog_says(registry: CollectorRegistry, metrics: AgentMetrics) -> None:
    everything = {"model": "m", "provider": "p", "tool_name": "t", "collection": "c"}
    metrics.declare(**everything)
    metrics.budget("acme", daily=50, monthly=1000)
    with metrics.session():
        pass
    families = {
        family.name: family
        for family in text_string_to_metric_families(generate_latest(registry).decode())
        if not family.name.endswith("_created")
    }

    def family_of(metric: Metric) -> str:
        return metric.name.removesuffix("_total") if isinstance(metric, Counter) else metric.name

    assert families.keys() == {family_of(metric) for metric in CATALOG}
    for metric in CATALOG:
        family = families[family_of(metric)]
        kinds: dict[str, type[Metric]] = {"counter": Counter, "gauge": Gauge, "histogram": Histogram}
        assert isinstance(metric, kinds[family.type])
        assert family.documentation == metric.help
        for sample in family.samples:
            assert sample.labels.keys() - {"le"} == set(metric.label_names)
        if isinstance(metric, Histogram):
            bounds = {sample.labels["le"] for sample in family.samples if sample.name == metric.bucket.name}
            assert bounds == set(metric.bucket.label("le").values or ())


def test_one_request_is_counted_with_all_that_it_did(metrics: AgentMetrics, exported: Exported) -> None:
    with metrics.request(tenant_id="globex"):
        with metrics.llm("gpt-4o", "openai") as call:
            call.tokens(input=1000, output=300, cache_read=600, reasoning=100)
        with metrics.tool("search"), metrics.retrieval("docs"):
            pass
        with metrics.llm("gpt-4o-mini", "openai") as call:
            call.tokens(input=10, output=5)
    labels = {"agent_name": "support", "model": "gpt-4o", "tenant_id": "globex"}
    assert exported("agent_request_duration_seconds_count", **labels) == 1
    assert exported("llm_inference_duration_seconds_count", model="gpt-4o", provider="openai") == 1
    assert exported("tool_execution_duration_seconds_count", tool_name="search", agent_name="support") == 1
    assert exported("vector_search_duration_seconds_count", collection="docs", agent_name="support") == 1
    assert exported("agent_chain_length_sum", agent_name="support") == 4
    assert exported("agent_tool_calls_sum", agent_name="support") == 1
    assert exported("agent_iterations_sum", agent_name="support") == 2
    tokens = {
        kind: exported("llm_tokens_total", token_type=kind, **labels)
        for kind in ("input", "output", "cache_read", "cache_write", "reasoning")
    }
    assert tokens == {"input": 400, "output": 200, "cache_read": 600, "cache_write": None, "reasoning": 100}
    assert exported("agent_errors_total") is None
    assert exported("llm_calls_without_usage_total") == 0
    assert exported("llm_unpriced_requests_total") == 0


def test_counting_tokens_observes_no_duration(metrics: AgentMetrics, exported: Exported) -> None:
    metrics.tokens("gpt-4o", "openai", input=10, output=5, cost=Decimal("0.25"))
    assert exported("llm_tokens_total", tenant_id="acme", agent_name="support") == 15
    assert exported("llm_cost_dollars_total", tenant_id="acme") == 0.25
    assert exported("llm_inference_duration_seconds_count") is None
    assert exported("agent_request_duration_seconds_count") is None


class RefusedError(Exception):
    status_code = 429


def test_an_error_is_counted_with_its_type_and_raised(metrics: AgentMetrics, exported: Exported) -> None:
    with pytest.raises(ZeroDivisionError), metrics.request(), metrics.tool("divide"):
        _ = 1 / 0
    with pytest.raises(TimeoutError), metrics.request():
        raise TimeoutError
    with pytest.raises(RefusedError), metrics.request(), metrics.llm("gpt-4o", "openai"):
        raise RefusedError
    with metrics.request() as request:
        request.fail("no_answer")
    for kind in ("unknown", "timeout", "rate_limit", "no_answer"):
        assert exported("agent_errors_total", agent_name="support", tenant_id="acme", error_type=kind) == 1
    assert exported("agent_timeout_total", agent_name="support", tenant_id="acme") == 1
    assert exported("llm_rate_limit_errors_total", model="gpt-4o", provider="openai", tenant_id="acme") == 1
    assert exported("llm_inference_errors_total", model="gpt-4o", error_type="rate_limit") == 1
    assert exported("tool_execution_errors_total", tool_name="divide", error_type="unknown") == 1
    assert exported("agent_request_duration_seconds_count", agent_name="support") == 4
    assert exported("llm_calls_without_usage_total") == 0  # a refused call has no tokens to tell


def test_an_error_that_cannot_be_asked_ends_its_request_all_the_same(metrics: AgentMetrics, exported: Exported) -> None:
    class OddError(Exception):
        @property
        def code(self) -> int:
            raise RuntimeError("not here")

    with pytest.raises(OddError), metrics.request("odd"):
        raise OddError
    assert exported("agent_errors_total", agent_name="odd", error_type="unknown") == 1
    assert metrics.current.agent_name == "support"
    with metrics.request("odd") as request:
        request.fail(None)
    assert exported("agent_errors_total", agent_name="odd", error_type="unknown") == 2


def test_requests_that_end_in_any_order_leave_none_behind(metrics: AgentMetrics) -> None:
    first, second = metrics.request("first").start(), metrics.request("second").start()
    first.stop()
    assert metrics.current is second
    third = metrics.request("third").start()
    second.stop()
    third.stop()
    assert metrics.current.agent_name == "support"


def test_a_span_that_is_entered_while_it_is_open_is_two(metrics: AgentMetrics, exported: Exported) -> None:
    session = metrics.session()
    with session, session:
        assert exported("agent_active_sessions") == 2
    assert exported("agent_active_sessions") == 0
    shared, both = metrics.tool("search"), Barrier(4)

    def use() -> None:
        for _ in range(50):
            with shared:
                both.wait(10)

    with ThreadPoolExecutor(4) as pool:
        for used in [pool.submit(use) for _ in range(4)]:
            used.result()
    assert exported("tool_execution_duration_seconds_count", tool_name="search") == 200


def test_a_call_that_tells_no_tokens_is_counted_as_such(metrics: AgentMetrics, exported: Exported) -> None:
    with metrics.llm("gpt-4o", "openai"):
        pass
    assert exported("llm_calls_without_usage_total", model="gpt-4o", provider="openai") == 1
    assert exported("llm_tokens_total") is None


def test_sessions_are_open_until_they_end(metrics: AgentMetrics, exported: Exported) -> None:
    with metrics.session():
        second = metrics.session().start()
        assert exported("agent_active_sessions", agent_name="support", tenant_id="acme") == 2
        second.stop()
        second.stop()
    assert exported("agent_active_sessions", agent_name="support", tenant_id="acme") == 0


def test_declared_series_start_at_zero(metrics: AgentMetrics, exported: Exported) -> None:
    metrics.declare(tenant_id=("acme", "globex"), model="gpt-4o", provider="openai", tool_name=("search", "book"))
    for tenant in ("acme", "globex"):
        for kind in ERROR_TYPES:
            assert exported("agent_errors_total", agent_name="support", tenant_id=tenant, error_type=kind) == 0
        assert exported("llm_cost_dollars_total", model="gpt-4o", tenant_id=tenant, agent_name="support") == 0
        assert exported("llm_tokens_total", tenant_id=tenant, token_type="reasoning") == 0
    assert exported("tool_execution_errors_total", tool_name="book", error_type="timeout") == 0
    assert exported("vector_search_duration_seconds_count") is None  # no collection was declared
    assert exported("tenant_daily_budget_usd") is None  # a budget of 0 would be a statement


def test_values_beyond_a_labels_limit_become_other(
    registry: CollectorRegistry, exported: Exported, caplog: pytest.LogCaptureFixture
) -> None:
    metrics = AgentMetrics(registry=registry, agent_name="support", limits={"tenant_id": 2})
    for tenant in ("a", "b", "c", "d", "c", "a"):
        with metrics.request(tenant_id=tenant):
            pass
    counts = {
        tenant: exported("agent_request_duration_seconds_count", tenant_id=tenant) for tenant in ("a", "b", "other")
    }
    assert counts == {"a": 2, "b": 1, "other": 3}
    assert exported("agentmetrics_label_values_capped_total", label="tenant_id") == 3
    assert exported("agentmetrics_label_values_capped_total", label="model") == 0
    assert [record.message.split(":")[0] for record in caplog.records] == ["label tenant_id has more than 2 values"]


def test_what_is_declared_beyond_a_limit_was_not_observed(registry: CollectorRegistry, exported: Exported) -> None:
    metrics = AgentMetrics(registry=registry, limits={"tenant_id": 1, "model": 0})
    metrics.declare(tenant_id=("a", "b", "c"), model="m", provider="p")
    assert exported("agentmetrics_label_values_capped_total") == 0
    with metrics.llm("m", "p"):
        pass
    assert (
        exported("agentmetrics_label_values_capped_total", label="model") == 2
    )  # its time, and that it told no tokens


def test_no_value_of_a_label_spoils_the_scrape(metrics: AgentMetrics, registry: CollectorRegistry) -> None:
    for tenant in ("half \ud800", "x" * 100_000):
        with metrics.request(tenant_id=tenant):
            pass
    values = {sample.labels.get("tenant_id") for sample in _samples(registry, "agent_request_duration_seconds_count")}
    assert values == {"half ?", "x" * 200}
    assert b'"half ?"' in generate_latest(registry)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"tenant": 5}, "limits: no label 'tenant' can be limited; those that can are agent_name, "),
        ({"token_type": 5}, "limits: no label 'token_type' can be limited"),
        ({"model": -1}, "limits: -1 is no number of values for model; write 0 or more"),
    ],
)
def test_a_limit_that_is_none_is_refused(registry: CollectorRegistry, limits: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        AgentMetrics(registry=registry, limits=limits)


def test_no_label_has_more_values_than_its_contract_states(metrics: AgentMetrics, registry: CollectorRegistry) -> None:
    for number in range(510):
        metrics.session(tenant_id=f"tenant-{number}").start()
    metrics.session(tenant_id="unknown").start()
    values = {sample.labels["tenant_id"] for sample in _samples(registry, "agent_active_sessions")}
    assert len(values) == catalog.tenant_id.cardinality
    assert {"other", "unknown"} <= values


def _samples(registry: CollectorRegistry, name: str) -> list[Sample]:
    return [sample for family in registry.collect() for sample in family.samples if sample.name == name]


def test_a_fault_of_the_instrumentation_never_reaches_the_agent(
    metrics: AgentMetrics, exported: Exported, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        with metrics.request(tenant_id=["no", "text"]) as request:  # type: ignore[arg-type]
            with metrics.llm("gpt-4o", "openai") as call:
                call.tokens(input=1, cache_read=2)
            answer = "answered"
            request.fail(7)  # type: ignore[arg-type]
    assert answer == "answered"
    dropped = exported("agentmetrics_observations_dropped_total")
    assert dropped is not None
    assert dropped >= 4
    assert len(caplog.records) == 3  # each once in its place: a call's start, its tokens, a request's end
    assert "input counts all that were read" in caplog.text


def test_functions_coroutines_and_streams_are_wrapped_alike(metrics: AgentMetrics, exported: Exported) -> None:
    @metrics.request("plain")
    def plain() -> int:
        metrics.current.tenant_id = "globex"
        return 1

    @metrics.request("coroutine")
    async def coroutine() -> int:
        await asyncio.sleep(0)
        return 2

    @metrics.request("stream")
    def stream() -> Iterator[int]:
        with metrics.tool("inside"):
            yield 1
        yield 2

    @metrics.request("async_stream")
    async def async_stream() -> AsyncIterator[int]:
        yield 1
        with metrics.tool("inside"):
            yield 2

    async def read() -> list[int]:
        return [value async for value in async_stream()]

    assert (plain(), asyncio.run(coroutine()), list(stream()), asyncio.run(read())) == (1, 2, [1, 2], [1, 2])
    for agent in ("plain", "coroutine", "stream", "async_stream"):
        assert exported("agent_request_duration_seconds_count", agent_name=agent) == 1
    assert exported("agent_request_duration_seconds_count", agent_name="plain", tenant_id="globex") == 1
    for agent in ("stream", "async_stream"):
        assert exported("agent_tool_calls_sum", agent_name=agent) == 1
    assert plain.__name__ == "plain"


def test_what_a_plain_callable_returns_to_be_awaited_is_timed_until_it_has_come(
    metrics: AgentMetrics, exported: Exported
) -> None:
    async def slow() -> None:
        with metrics.tool("inside"):
            await asyncio.sleep(0)
        raise TimeoutError

    async def values() -> AsyncIterator[int]:
        yield 1
        await slow()

    class Callee:
        async def __call__(self) -> None:
            await slow()

    async def read(made: AsyncIterator[int]) -> None:
        async for _ in made:
            assert metrics.current.agent_name == "stream"  # the reader's own

    async def main() -> None:
        shapes = {
            "object": Callee(),
            "lambda": lambda: slow(),
            "future": lambda: asyncio.ensure_future(slow()),
            "stream": lambda: read(metrics.request("values")(lambda: values())()),
        }
        for name, shape in shapes.items():
            with pytest.raises(TimeoutError):
                await metrics.request(name)(shape)()
            assert exported("agent_errors_total", agent_name=name, error_type="timeout") == 1, name
        assert metrics.current.agent_name == "support"

    asyncio.run(main())
    assert exported("agent_tool_calls_sum", agent_name="values") == 1
    metrics.session()(lambda: values())()  # nobody reads it
    assert exported("agent_active_sessions") == 0


def test_what_a_reader_does_between_two_values_is_not_the_streams(metrics: AgentMetrics, exported: Exported) -> None:
    @metrics.request("stream")
    def stream() -> Iterator[int]:
        yield 1
        yield 2

    for _ in stream():
        with metrics.tool("readers"):
            pass
    assert exported("agent_tool_calls_sum", agent_name="stream") == 0


def test_a_stream_that_is_left_is_no_error_and_one_that_breaks_is(metrics: AgentMetrics, exported: Exported) -> None:
    @metrics.request("stream")
    def stream() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    left = stream()
    next(left)
    left.close()  # type: ignore[attr-defined]
    assert exported("agent_request_duration_seconds_count", agent_name="stream") == 1
    assert exported("agent_errors_total") is None
    with pytest.raises(ValueError, match="broken"):
        list(stream())
    assert exported("agent_errors_total", agent_name="stream", error_type="unknown") == 1


def test_concurrent_requests_keep_their_steps_apart(metrics: AgentMetrics, exported: Exported) -> None:
    async def answer(calls: int) -> None:
        async with metrics.request(f"agent-{calls}"), asyncio.TaskGroup() as group:
            for _ in range(calls):
                group.create_task(use_tool())

    @metrics.tool("search")
    async def use_tool() -> None:
        await asyncio.sleep(0)

    async def main() -> None:
        await asyncio.gather(*(answer(calls) for calls in (1, 2, 5)))

    asyncio.run(main())
    for calls in (1, 2, 5):
        assert exported("agent_tool_calls_sum", agent_name=f"agent-{calls}") == calls


def test_threads_lose_no_count(metrics: AgentMetrics, exported: Exported) -> None:
    with metrics.request() as request, ThreadPoolExecutor(8) as pool:

        def use_tool(_: int) -> None:
            with metrics.tool("search", within=request):
                pass

        list(pool.map(use_tool, range(2000)))
    assert exported("agent_tool_calls_sum", agent_name="support") == 2000
    assert exported("tool_execution_duration_seconds_count", tool_name="search", agent_name="support") == 2000


def test_an_agent_that_asks_another_takes_one_step(metrics: AgentMetrics, exported: Exported) -> None:
    with metrics.request("outer"):
        with metrics.request("inner"), metrics.tool("search"):
            pass
        with metrics.tool("book"):
            pass
    assert exported("agent_chain_length_sum", agent_name="outer") == 2
    assert exported("agent_chain_length_sum", agent_name="inner") == 1
    assert exported("tool_execution_duration_seconds_count", tool_name="book", agent_name="outer") == 1


def test_a_second_instrumentation_of_one_registry_is_refused_in_words(metrics: AgentMetrics) -> None:
    registry = metrics.series.registry
    with pytest.raises(ValueError, match="make one AgentMetrics and share it"):
        AgentMetrics(registry=registry)


def test_the_catalog_needs_no_metrics_client() -> None:
    code = (
        "import sys, agentmetrics.catalog; "
        "assert not {'prometheus_client', 'genai_prices', 'pydantic'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_instrumentation_needs_the_contract_and_nothing_else_of_tocsin() -> None:
    code = "import sys, agentmetrics; agentmetrics.AgentMetrics; print(*(m for m in sys.modules if m[:6] == 'tocsin'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"tocsin", "tocsin.lined", "tocsin.metrics", "tocsin.units"}


@pytest.mark.parametrize("missing", ["prometheus_client", "genai_prices"])
def test_without_the_extra_one_line_says_what_to_install(missing: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None; import agentmetrics; agentmetrics.AgentMetrics"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == f"ImportError: AgentMetrics needs {missing}: pip install 'tocsin[agents]'"
