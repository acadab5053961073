"""LangChain and LangGraph: a callback handler that fills the metrics.

    from agentmetrics.langchain import AgentMetricsHandler

    agent.invoke(question, config={"callbacks": [AgentMetricsHandler(metrics)], "metadata": {"tenant_id": "acme"}})

A run without a parent is a request, unless the code around it has begun one. Its agent is LangChain's agent name, or
the run's own; its tenant is `tenant_id` of the metadata. What runs inside counts for it, agents that it asks included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from agentmetrics.spans import CURRENT, LlmCall, Request, Span
from agentmetrics.usage import Tokens

_Metadata = Mapping[str, Any] | None
# Runs that nobody ended are forgotten, the oldest first.
_MOST_OPEN = 10_000


class AgentMetricsHandler(BaseCallbackHandler):
    """Fills the metrics from LangChain's callbacks. One handler serves any number of runs at a time."""

    run_inline = True  # it counts and never waits: in a thread of its own, the times would be others

    def __init__(self, metrics: AgentMetrics) -> None:
        self._metrics = metrics
        self._spans: dict[UUID, Span] = {}
        self._requests: dict[UUID, Request] = {}

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
            name = _text(metadata, "lc_agent_name") or str(kwargs.get("name") or "")
            request = self._metrics.request(name, tenant_id=_text(metadata, "tenant_id"))
            self._begin(run_id, request)
            request.suspend()  # it may end in another context than this
        self._requests[run_id] = request

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
        self._begin(run_id, self._metrics.llm(model or UNKNOWN, provider or UNKNOWN, within=within))

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

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        call = self._spans.get(run_id)
        if isinstance(call, LlmCall):
            _tell(call, response)
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
        self._begin(run_id, self._metrics.tool(_name(serialized, kwargs), within=within))
        self._requests[run_id] = within  # a tool may ask an agent of its own

    def on_tool_end(self, output: Any, *, run_id: UUID, **kwargs: Any) -> None:
        tool = self._spans.get(run_id)
        if tool is not None and getattr(output, "status", None) == "error":
            tool.fail()  # LangChain handled the error, and tells the model of it
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
        self._begin(run_id, self._metrics.retrieval(collection, within=within))

    def on_retriever_end(self, documents: Sequence[Document], *, run_id: UUID, **kwargs: Any) -> None:
        self._end(run_id)

    def on_retriever_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        self._end(run_id, error)

    def _around(self, parent_run_id: UUID | None) -> Request | None:
        """The request that a run belongs to: its parent's, or the one that the code around has begun."""
        found = self._requests.get(parent_run_id) if parent_run_id is not None else None
        return found or CURRENT.get()

    def _within(self, parent_run_id: UUID | None, metadata: _Metadata) -> Request:
        """The request around a call; a call that has none counts for the tenant of its metadata."""
        return self._around(parent_run_id) or self._metrics.request(tenant_id=_text(metadata, "tenant_id"))

    def _begin(self, run_id: UUID, span: Span) -> None:
        while len(self._spans) >= _MOST_OPEN:
            oldest = next(iter(self._spans))
            self._requests.pop(oldest, None)
            if self._spans.pop(oldest, None) is not None:
                self._metrics.dropped(RuntimeError("a run of LangChain began and never ended"))
        self._spans[run_id] = span.start()

    def _end(self, run_id: UUID, error: BaseException | None = None) -> None:
        self._requests.pop(run_id, None)
        span = self._spans.pop(run_id, None)
        if span is not None:
            span.stop(error)


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
    if usage:
        call.tokens(**_tokens(usage))


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
