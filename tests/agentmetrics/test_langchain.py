"""LangChain's and LangGraph's own agents, models and tools, counted."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any, TypedDict
from uuid import uuid4

import pytest
from langchain.agents import create_agent
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.language_models.fake import FakeListLLM
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.language_models.llms import BaseLLM
from langchain_core.messages import AIMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import Generation, LLMResult
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableConfig, RunnableLambda, RunnableParallel
from langchain_core.tools import ToolException, tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt
from prometheus_client import CollectorRegistry

from agentmetrics import AgentMetrics
from agentmetrics.langchain import AgentMetricsHandler

Exported = Callable[..., float | None]


class Model(GenericFakeChatModel):
    """LangChain's fake model, under the name of one that has a price."""

    model_name: str = "gpt-4o"
    provider: str = "openai"

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> Any:
        return {
            **super()._get_ls_params(stop, **kwargs),
            "ls_provider": self.provider,
            "ls_model_name": self.model_name,
        }

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        return self


class RateLimitError(Exception):
    """Named as the providers' libraries name it."""


class Throttled(Model):
    def _generate(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        raise RateLimitError


USAGE: UsageMetadata = {
    "input_tokens": 1000,
    "output_tokens": 300,
    "total_tokens": 1300,
    "input_token_details": {"cache_read": 600},
    "output_token_details": {"reasoning": 100},
}


def says(text: str, *, usage: UsageMetadata | None = USAGE) -> AIMessage:
    return AIMessage(text, usage_metadata=usage, response_metadata={"model_name": "gpt-4o-2024-08-06"})


def calls(name: str, **arguments: str) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": "1"}], usage_metadata=USAGE)


@tool
def search(query: str) -> str:
    """Searches."""
    return f"found {query}"


@tool
def broken(query: str) -> str:
    """Breaks."""
    raise TimeoutError(query)


@pytest.fixture
def handler(metrics: AgentMetrics) -> Iterator[AgentMetricsHandler]:
    handler = AgentMetricsHandler(metrics)
    yield handler
    assert not handler._runs, "a run was not freed"


def config(handler: AgentMetricsHandler, tenant: str = "globex") -> RunnableConfig:
    return {"callbacks": [handler], "metadata": {"tenant_id": tenant}}


QUESTION: Any = {"messages": [("user", "where is my parcel?")]}


def test_an_agent_is_counted_with_all_that_it_did(handler: AgentMetricsHandler, exported: Exported) -> None:
    agent = create_agent(Model(messages=iter([calls("search", query="parcel"), says("here")])), [search], name="helper")
    agent.invoke(QUESTION, config(handler))
    of = {"agent_name": "helper", "tenant_id": "globex", "model": "gpt-4o"}
    assert exported("agent_request_duration_seconds_count", **of) == 1
    assert exported("llm_inference_duration_seconds_count", model="gpt-4o", provider="openai") == 2
    assert exported("tool_execution_duration_seconds_count", tool_name="search", agent_name="helper") == 1
    assert exported("agent_chain_length_sum", agent_name="helper") == 3
    assert exported("agent_iterations_sum", agent_name="helper") == 2
    assert exported("llm_tokens_total", token_type="cache_read", **of) == 1200
    assert exported("llm_tokens_total", token_type="reasoning", **of) == 200
    assert exported("llm_tokens_total", **of) == 2600
    assert exported("llm_cost_dollars_total", **of) == pytest.approx(2 * 0.00475)
    assert exported("agent_errors_total") is None
    assert exported("llm_calls_without_usage_total") == exported("llm_unpriced_requests_total") == 0
    assert exported("agentmetrics_observations_dropped_total") == 0


def test_async_runs_at_the_same_time_are_kept_apart(handler: AgentMetricsHandler, exported: Exported) -> None:
    async def ask(tenant: str, rounds: int) -> None:
        messages = [*(calls("search", query="x") for _ in range(rounds)), says("done")]
        agent = create_agent(Model(messages=iter(messages)), [search], name=tenant)
        await agent.ainvoke(QUESTION, config(handler, tenant))

    async def main() -> None:
        await asyncio.gather(*(ask(f"tenant-{rounds}", rounds) for rounds in range(4)))

    asyncio.run(main())
    for rounds in range(4):
        tenant = f"tenant-{rounds}"
        assert exported("agent_tool_calls_sum", agent_name=tenant) == rounds
        assert exported("llm_tokens_total", tenant_id=tenant, agent_name=tenant) == 1300 * (rounds + 1)


def test_a_stream_without_usage_is_counted_as_such(handler: AgentMetricsHandler, exported: Exported) -> None:
    chain = Model(messages=iter([says("one two three", usage=None)])) | RunnableLambda(lambda message: message)
    assert list(chain.stream("hello", config(handler)))
    assert exported("llm_calls_without_usage_total", model="gpt-4o", provider="openai") == 1
    assert exported("llm_tokens_total") is None
    assert exported("agent_request_duration_seconds_count", tenant_id="globex") == 1


def test_a_stream_that_is_left_is_freed_and_no_error(handler: AgentMetricsHandler, exported: Exported) -> None:
    stream = (RunnableLambda(lambda text: text) | Model(messages=iter([says("one two three")]))).stream(
        "hello", config(handler)
    )
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert exported("agent_request_duration_seconds_count") == 1
    assert exported("agent_errors_total") is None


def test_errors_are_counted_where_they_arise_and_freed(handler: AgentMetricsHandler, exported: Exported) -> None:
    throttled = create_agent(Throttled(messages=iter([])), [search], name="throttled")
    with pytest.raises(RateLimitError):
        throttled.invoke(QUESTION, config(handler))
    slow = create_agent(Model(messages=iter([calls("broken", query="x")])), [broken], name="slow")
    with pytest.raises(TimeoutError):
        slow.invoke(QUESTION, config(handler))
    assert exported("llm_rate_limit_errors_total", model="gpt-4o", provider="openai", tenant_id="globex") == 1
    assert exported("llm_inference_errors_total", error_type="rate_limit") == 1
    assert exported("agent_errors_total", agent_name="throttled", error_type="rate_limit") == 1
    assert exported("tool_execution_errors_total", tool_name="broken", agent_name="slow", error_type="timeout") == 1
    assert exported("agent_timeout_total", agent_name="slow", tenant_id="globex") == 1


def test_a_tool_error_that_langchain_handles_is_the_tools_alone(
    handler: AgentMetricsHandler, exported: Exported
) -> None:
    @tool
    def picky(query: str) -> str:
        """Is picky."""
        raise ToolException(query)

    picky.handle_tool_error = True
    agent = create_agent(Model(messages=iter([calls("picky", query="x"), says("sorry")])), [picky], name="helper")
    agent.invoke(QUESTION, config(handler))
    assert exported("tool_execution_errors_total", tool_name="picky", error_type="unknown") == 1
    assert exported("agent_errors_total") is None


def test_an_interrupt_is_no_error(handler: AgentMetricsHandler, exported: Exported) -> None:
    @tool
    def approve(query: str) -> str:
        """Asks a person."""
        return str(interrupt(query))

    model = Model(messages=iter([calls("approve", query="send?"), says("sent")]))
    agent = create_agent(model, [approve], name="careful", checkpointer=InMemorySaver())
    thread: RunnableConfig = {**config(handler), "configurable": {"thread_id": "1"}}
    assert agent.invoke(QUESTION, thread)["__interrupt__"]
    agent.invoke(Command(resume="yes"), thread)
    assert exported("agent_request_duration_seconds_count", agent_name="careful") == 2
    assert exported("agent_errors_total") is None
    assert exported("tool_execution_errors_total") is None


class State(TypedDict):
    text: str


def test_an_agent_that_a_graph_asks_counts_for_the_graphs_request(
    handler: AgentMetricsHandler, exported: Exported
) -> None:
    inner = create_agent(Model(messages=iter([calls("search", query="x"), says("here")])), [search], name="inner")
    graph = StateGraph(State)

    def ask(state: State, config: RunnableConfig) -> State:
        return {"text": state["text"] + inner.invoke(QUESTION, config)["messages"][-1].text}

    graph.add_node("ask", ask)
    graph.add_edge(START, "ask")
    graph.add_edge("ask", END)
    graph.compile(name="outer").invoke({"text": ""}, config(handler))
    assert exported("agent_request_duration_seconds_count") == 1
    assert exported("agent_tool_calls_sum", agent_name="support") == 1
    assert exported("llm_tokens_total", agent_name="support", tenant_id="globex") == 2600


def test_an_agent_that_a_tool_asks_counts_for_the_request_too(handler: AgentMetricsHandler, exported: Exported) -> None:
    expert = create_agent(Model(messages=iter([says("here")])), [], name="expert")

    @tool
    def ask_expert(query: str, config: RunnableConfig) -> str:
        """Asks an expert."""
        return str(expert.invoke({"messages": [("user", query)]}, config)["messages"][-1].text)

    model = Model(messages=iter([calls("ask_expert", query="x"), says("here")]))
    create_agent(model, [ask_expert], name="helper").invoke(QUESTION, config(handler))
    assert exported("agent_request_duration_seconds_count") == 1
    assert exported("agent_iterations_sum", agent_name="helper") == 3


@pytest.mark.parametrize(
    "details",
    [
        {"cache_creation": 500, "ephemeral_1h_input_tokens": 300},
        {"cache_creation": 0, "ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 300},
    ],
)
def test_tokens_that_are_kept_for_an_hour_have_their_own_price(
    handler: AgentMetricsHandler, exported: Exported, details: Any
) -> None:
    usage: UsageMetadata = {**USAGE, "input_token_details": details}
    message = AIMessage("x", usage_metadata=usage)
    model = Model(messages=iter([message]), provider="anthropic", model_name="claude-opus-4-5")
    model.invoke("hello", config(handler))
    assert exported("llm_tokens_total", token_type="cache_write") == 500
    # USD for a million: 500 read at 5, 200 kept at 6.25, 300 for an hour at 10, 300 written at 25.
    assert exported("llm_cost_dollars_total") == pytest.approx(0.01425)


def test_the_model_that_answered_has_the_price(handler: AgentMetricsHandler, exported: Exported) -> None:
    Model(messages=iter([says("here")]), model_name="my-deployment").invoke("hello", config(handler))
    assert exported("llm_cost_dollars_total", model="my-deployment") == pytest.approx(0.00475)
    assert exported("llm_unpriced_requests_total") == 0


def test_a_request_that_is_begun_already_takes_the_run(
    metrics: AgentMetrics, handler: AgentMetricsHandler, exported: Exported
) -> None:
    agent = create_agent(Model(messages=iter([says("here")])), [], name="helper")
    with metrics.request("api", tenant_id="acme"):
        agent.invoke(QUESTION, config(handler))
    assert exported("agent_request_duration_seconds_count") == 1
    assert exported("llm_tokens_total", agent_name="api", tenant_id="acme") == 1300


def test_a_request_leaves_nothing_behind_in_the_context(
    metrics: AgentMetrics, handler: AgentMetricsHandler, exported: Exported
) -> None:
    agent = create_agent(Model(messages=iter([says("here")])), [], name="helper")
    agent.invoke(QUESTION, config(handler))
    with metrics.tool("later"):
        pass
    assert exported("tool_execution_duration_seconds_count", tool_name="later", agent_name="support") == 1


class Shelf(BaseRetriever):
    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:  # noqa: ARG002
        if query == "nothing":
            raise ConnectionError(query)
        return [Document(query)]


def test_searches_and_models_alone_are_counted_without_a_request(
    handler: AgentMetricsHandler, exported: Exported
) -> None:
    Shelf(metadata={"collection": "docs"}).invoke("parcel", config(handler))
    with pytest.raises(ConnectionError):
        Shelf().invoke("nothing", config(handler))
    Model(messages=iter([says("here")])).invoke("hello", config(handler))
    FakeListLLM(responses=["here"]).invoke("hello", config(handler))
    assert exported("vector_search_duration_seconds_count", collection="docs", agent_name="support") == 1
    assert exported("vector_search_errors_total", collection="Shelf", error_type="connection") == 1
    assert exported("llm_tokens_total", tenant_id="globex", agent_name="support") == 1300
    assert exported("llm_inference_duration_seconds_count") == 2
    assert exported("agent_request_duration_seconds_count") is None


class Hung(Model):
    """Never answers, and says when it was asked."""

    asked: Callable[[], None]

    async def _agenerate(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        self.asked()
        await asyncio.Event().wait()


@pytest.mark.parametrize("steps", [(), (RunnableLambda(lambda text: text),)])
def test_a_model_that_is_cancelled_ends_with_its_task_or_the_run_around_it(
    handler: AgentMetricsHandler, exported: Exported, steps: tuple[Any, ...]
) -> None:
    async def ask() -> None:
        limit = asyncio.timeout(None)
        model: Any = Hung(messages=iter([]), asked=lambda: limit.reschedule(0))
        with pytest.raises(TimeoutError):
            async with limit:
                await (steps[0] | model if steps else model).ainvoke("hello", config(handler))

    async def main() -> None:
        await asyncio.create_task(ask())

    asyncio.run(main())
    assert exported("llm_inference_errors_total", model="gpt-4o", provider="openai", error_type="cancelled") == 1
    assert exported("llm_calls_without_usage_total") == 0
    assert exported("agent_errors_total", agent_name="support", error_type="cancelled") == (1 if steps else None)


def test_what_still_runs_when_the_run_around_it_fails_is_counted_to_its_end(
    handler: AgentMetricsHandler, exported: Exported
) -> None:
    class Late(Model):
        async def _agenerate(self, *args: Any, **kwargs: Any) -> Any:
            await failed.wait()
            return self._generate(*args, **kwargs)

    async def fail(_: str) -> None:
        raise ValueError("too bad")

    failed = asyncio.Event()

    async def main() -> None:
        model = Late(messages=iter([says("here")]))
        with pytest.raises(ValueError, match="too bad"):
            await RunnableParallel(late=model, fails=RunnableLambda(fail)).ainvoke("hello", config(handler))
        failed.set()
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})

    asyncio.run(main())
    assert exported("llm_tokens_total", agent_name="support", tenant_id="globex") == 1300
    assert exported("llm_inference_errors_total") is None


def test_a_stream_whose_values_are_read_by_tasks_of_their_own_is_counted_to_its_end(
    handler: AgentMetricsHandler, exported: Exported
) -> None:
    async def main() -> None:
        stream = Model(messages=iter([says("one two three")])).astream("hello", config(handler))
        with contextlib.suppress(StopAsyncIteration):
            while True:
                await asyncio.create_task(anext(stream))  # type: ignore[arg-type]

    asyncio.run(main())
    assert exported("llm_inference_duration_seconds_count") == 1
    assert exported("llm_inference_errors_total") is None


def test_a_model_that_completes_text_tells_its_tokens_too(handler: AgentMetricsHandler, exported: Exported) -> None:
    class Completes(BaseLLM):
        @property
        def _llm_type(self) -> str:
            return "completes"

        def _generate(self, prompts: list[str], *args: Any, **kwargs: Any) -> LLMResult:  # noqa: ARG002
            usage = {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4}}
            return LLMResult(generations=[[Generation(text="x")] for _ in prompts], llm_output={"token_usage": usage})

    Completes().invoke("hello", config(handler))
    assert exported("llm_tokens_total", token_type="input") == 6
    assert exported("llm_tokens_total") == 15
    assert exported("llm_calls_without_usage_total") == 0


def test_a_chain_is_the_agent_that_is_stated_and_its_own_name_only_where_none_is(
    handler: AgentMetricsHandler, exported: Exported
) -> None:
    chain = RunnableLambda(lambda text: text) | Model(messages=iter([says("here"), says("here")]))
    chain.invoke("hello", config(handler))
    assert exported("agent_request_duration_seconds_count", agent_name="support") == 1
    chain.invoke("hello", {"callbacks": [AgentMetricsHandler(AgentMetrics(registry=(own := CollectorRegistry())))]})
    assert own.get_sample_value("agent_chain_length_count", {"agent_name": "RunnableSequence"}) == 1


def test_a_run_that_never_ends_is_forgotten_and_counted(
    metrics: AgentMetrics, exported: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agentmetrics.langchain._MOST_OPEN", 3)
    handler = AgentMetricsHandler(metrics)
    for _ in range(5):
        handler.on_chain_start(None, {}, run_id=uuid4())
    assert len(handler._runs) == 3
    assert exported("agentmetrics_observations_dropped_total") == 2


def test_without_langchain_one_line_says_what_to_install() -> None:
    code = "import sys; sys.modules['langchain_core'] = None; import agentmetrics.langchain"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    message = "ImportError: agentmetrics.langchain needs LangChain: pip install langchain-core"
    assert done.stderr.splitlines()[-1] == message
