"""LangChain and LangGraph: a callback handler that fills the metrics.

    from agentmetrics.langchain import AgentMetricsHandler

    agent.invoke(question, config={"callbacks": [AgentMetricsHandler(metrics)], "metadata": {"tenant_id": "acme"}})

A run without a parent is a request, unless the code around it has begun one. Its agent is the one that LangChain names,
or that of AgentMetrics, or else the run's own name; its tenant is `tenant_id` of the metadata. What runs inside counts
for it, agents that it asks included. What LangChain leaves open, as it does with a model that is cancelled, ends with
the run around it or with its task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

try:
    from langchain_core.callbacks import BaseCallbackHandler
    from langchain_core.documents import Document
    from langchain_core.messages import BaseMessage
    from langchain_core.outputs import LLMResult
except ModuleNotFoundError as error:
    if not (error.name or "").startswith("langchain_core"):
        raise
    raise ImportError("agentmetrics.langchain needs LangChain: pip install langchain-core") from None

from agentmetrics.instrument import AgentMetrics
from agentmetrics.limits import UNKNOWN
from agentmetrics.spans import CURRENT, LlmCall, Request, Retrieval, Span
from agentmetrics.usage import Tokens

_Metadata = Mapping[str, Any] | None
# Runs that nobody ended are forgotten, the oldest first.
_MOST_OPEN = 10_000


@dataclass(slots=True)
class _Run:
    """A run that is open. What runs inside counts for its request; `task` is the one that it began in."""

    span: Span | None
    request: Request | None
    parent: UUID | None
    task: asyncio.Task[Any] | None = field(default_factory=lambda: _task())
    inside: set[UUID] = field(default_factory=set)
    streams: bool = False
    watch: Callable[[object], None] | None = None

    def goes_on(self, without: _Run) -> bool:
        """Whether a task of its own still works on it when the run around it has ended."""
        return self.task is not None and self.task is not without.task and not self.task.done()


class AgentMetricsHandler(BaseCallbackHandler):
    """Fills the metrics from LangChain's callbacks. One handler serves any number of runs at a time."""

    run_inline = True  # it counts and never waits: in a thread of its own, the times would be others

    def __init__(self, metrics: AgentMetrics) -> None:
        self._metrics = metrics
        self._runs: dict[UUID, _Run] = {}

    def on_chain_start(
        self,
        serialized: dict[str, Any] | None,
        inputs: Any,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        request = self._around(parent_run_id)
        if request is None:
            request = self._metrics.request(
                self._agent_name(metadata, kwargs.get("name")), tenant_id=_text(metadata, "tenant_id")
            )
            self._begin(run_id, parent_run_id, request, request)
            request.suspend()  # it may end in another context than this
        else:
            self._begin(run_id, parent_run_id, None, request)

    def on_chain_end(self, outputs: Any, *, run_id: UUID, **kwargs: Any) -> None:
        self._end(run_id)

    def on_chain_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        self._end(run_id, error)

    def on_chat_model_start(
        self,
        serialized: dict[str, Any] | None,
        messages: list[list[BaseMessage]],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        model, provider = _text(metadata, "ls_model_name"), _text(metadata, "ls_provider")
        within = self._within(parent_run_id, metadata)
        self._begin(run_id, parent_run_id, self._metrics.llm(model or UNKNOWN, provider or UNKNOWN, within=within))

    def on_llm_start(
        self,
        serialized: dict[str, Any] | None,
        prompts: list[str],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.on_chat_model_start(
            serialized, [], run_id=run_id, parent_run_id=parent_run_id, metadata=metadata, **kwargs
        )

    def on_llm_new_token(self, token: str | list[str | dict[str, Any]], *, run_id: UUID, **kwargs: Any) -> None:
        run = self._runs.get(run_id)
        if run is not None:
            run.streams = True

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        run = self._runs.get(run_id)
        if run is not None and isinstance(run.span, LlmCall):
            _tell(run.span, response)
        self._end(run_id)

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        self._end(run_id, error)

    def on_tool_start(
        self,
        serialized: dict[str, Any] | None,
        input_str: str,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        inputs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        within = self._within(parent_run_id, metadata)
        # A tool may ask an agent of its own.
        self._begin(run_id, parent_run_id, self._metrics.tool(_name(serialized, kwargs), within=within), within)

    def on_tool_end(self, output: Any, *, run_id: UUID, **kwargs: Any) -> None:
        run = self._runs.get(run_id)
        if run is not None and run.span is not None and getattr(output, "status", None) == "error":
            run.span.fail()  # LangChain handled the error, and tells the model of it
        self._end(run_id)

    def on_tool_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        self._end(run_id, error)

    def on_retriever_start(
        self,
        serialized: dict[str, Any] | None,
        query: str,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        within = self._within(parent_run_id, metadata)
        collection = _text(metadata, "collection") or _name(serialized, kwargs)
        self._begin(run_id, parent_run_id, self._metrics.retrieval(collection, within=within))

    def on_retriever_end(self, documents: Sequence[Document], *, run_id: UUID, **kwargs: Any) -> None:
        self._end(run_id)

    def on_retriever_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        self._end(run_id, error)

    def _around(self, parent_run_id: UUID | None) -> Request | None:
        """The request that a run belongs to: its parent's, or the one that the code around has begun."""
        parent = self._runs.get(parent_run_id) if parent_run_id is not None else None
        return (parent.request if parent is not None else None) or CURRENT.get()

    def _within(self, parent_run_id: UUID | None, metadata: _Metadata) -> Request:
        """The request around a call; a call that has none counts for the tenant of its metadata."""
        return self._around(parent_run_id) or self._metrics.request(tenant_id=_text(metadata, "tenant_id"))

    def _agent_name(self, metadata: _Metadata, own: object) -> str:
        """A runnable has a name by its class even where nobody gave it one: what is stated comes first."""
        stated = self._metrics.agent_name if self._metrics.agent_name != UNKNOWN else ""
        return _text(metadata, "lc_agent_name") or stated or str(own or "")

    def _begin(self, run_id: UUID, parent: UUID | None, span: Span | None, request: Request | None = None) -> None:
        while len(self._runs) >= _MOST_OPEN:
            oldest = self._runs.pop(next(iter(self._runs)), None)
            if oldest is not None and oldest.span is not None:
                self._metrics.dropped(RuntimeError("a run of LangChain began and never ended"))
        run = self._runs[run_id] = _Run(span.start() if span is not None else None, request, parent)
        around = self._runs.get(parent) if parent is not None else None
        if around is not None:
            around.inside.add(run_id)
        if run.task is not None and isinstance(span, LlmCall | Retrieval):
            # LangChain tells no handler that one of these was cancelled. A stream goes on in other tasks.
            run.watch = lambda _: None if run.streams else self._end(run_id, asyncio.CancelledError())
            run.task.add_done_callback(run.watch)

    def _end(self, run_id: UUID, error: BaseException | None = None) -> None:
        run = self._runs.pop(run_id, None)
        if run is None:
            return
        if run.task is not None and run.watch is not None:
            run.task.remove_done_callback(run.watch)
        around = self._runs.get(run.parent) if run.parent is not None else None
        if around is not None:
            around.inside.discard(run_id)
        if error is not None:
            for one in tuple(run.inside):
                if one in self._runs and not self._runs[one].goes_on(without=run):
                    self._end(one, error)
        if run.span is not None:
            run.span.stop(error)


def _task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # no loop runs here
        return None


def _text(metadata: _Metadata, key: str) -> str:
    value = (metadata or {}).get(key)
    return "" if value is None else str(value)


def _name(serialized: Mapping[str, Any] | None, kwargs: Mapping[str, Any]) -> str:
    return str((serialized or {}).get("name") or kwargs.get("name") or UNKNOWN)


def _tell(call: LlmCall, response: LLMResult) -> None:
    """Tells the call its tokens, and which model answered."""
    generations = [generation for prompt in response.generations for generation in prompt]
    message = getattr(generations[0], "message", None) if generations else None
    about = getattr(message, "response_metadata", None) or response.llm_output or {}
    call.answered_by = str(about.get("model_name") or about.get("model") or "")
    if call.model == UNKNOWN and call.answered_by:
        call.model = call.answered_by
    if call.provider == UNKNOWN and about.get("model_provider"):
        call.provider = str(about["model_provider"])
    usage = getattr(message, "usage_metadata", None)
    completed = (response.llm_output or {}).get("token_usage")
    if usage:
        call.tokens(**_tokens(usage))
    elif isinstance(completed, Mapping) and completed:
        call.tokens(**_completion_tokens(completed))


def _tokens(usage: Mapping[str, Any]) -> Tokens:
    read, written = usage.get("input_token_details") or {}, usage.get("output_token_details") or {}
    hour = read.get("ephemeral_1h_input_tokens") or 0
    # Anthropic's writes are told in whole, or by how long they are kept.
    apart = hour + (read.get("ephemeral_5m_input_tokens") or 0)
    return {
        "input": usage.get("input_tokens"),
        "output": usage.get("output_tokens"),
        "cache_read": read.get("cache_read"),
        "cache_write": max(read.get("cache_creation") or 0, apart),
        "cache_write_1h": hour,
        "reasoning": written.get("reasoning"),
    }


def _completion_tokens(usage: Mapping[str, Any]) -> Tokens:
    """The tokens of a model that completes text: it has no message to tell them, and tells them as OpenAI does."""
    read, written = usage.get("prompt_tokens_details") or {}, usage.get("completion_tokens_details") or {}
    return {
        "input": usage.get("prompt_tokens"),
        "output": usage.get("completion_tokens"),
        "cache_read": read.get("cached_tokens"),
        "reasoning": written.get("reasoning_tokens"),
    }
