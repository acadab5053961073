"""What an agent does, from its beginning to its end: requests, calls of models and tools, searches, sessions.

Each is a context manager and a decorator, sync and async, and has `start` and `stop` where neither fits. A fault in
here never reaches the agent: it is logged and counted.
"""

from __future__ import annotations

from contextvars import ContextVar
from decimal import Decimal
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

from agentmetrics.errors import RATE_LIMIT, TIMEOUT
from agentmetrics.limits import UNKNOWN
from agentmetrics.usage import Tokens, Usage
from agentmetrics.wrapping import wrapped

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client import Gauge

    from agentmetrics.instrument import AgentMetrics
    from agentmetrics.prices import Terms

    Function = TypeVar("Function", bound=Callable[..., Any])

CURRENT: ContextVar[Request | None] = ContextVar("agentmetrics_request", default=None)


class Span:
    """Something that takes time and may fail. It is observed once, when it ends, however it ends."""

    __slots__ = ("_again", "_began", "_failed", "metrics")

    def __init__(self, metrics: AgentMetrics) -> None:
        self.metrics = metrics
        self._began: float | None = None
        self._failed: str | None = None
        self._again: list[Self] | None = None

    def start(self) -> Self:
        """Begins it. One that is open begins another like it, which the next `stop` ends: no two share one time."""
        now = perf_counter()
        if self._began is not None:
            return self._start_again()
        self._began = now  # no call since it was looked at: no other thread has begun it
        self._failed = None
        try:
            self._open()
        except Exception as fault:
            self.metrics.dropped(fault)
        return self

    def _start_again(self) -> Self:
        other = self.another().start()
        with self.metrics.lock:
            self._again = self._again or []
            self._again.append(other)
        return other

    def stop(self, error: BaseException | None = None) -> None:
        """Ends it, with the error that ended it. A second end is none."""
        if self._again:
            self._stop_again(error)
            return
        now = perf_counter()
        began, self._began = self._began, None
        if began is None:
            return
        failed = self._failed
        if failed is None and error is not None:
            failed = self.metrics.error_types.of(error)
        try:
            self._close(now - began, failed)
        except Exception as fault:
            self.metrics.dropped(fault)

    def _stop_again(self, error: BaseException | None) -> None:
        with self.metrics.lock:
            other = self._again.pop() if self._again else self
        other.stop(error)

    def fail(self, error: BaseException | str | None = UNKNOWN) -> None:
        """Says that it failed although no exception leaves it: with the error that was handled, or its type."""
        if error is None:
            self._failed = UNKNOWN
        else:
            self._failed = error if isinstance(error, str) else self.metrics.error_types.of(error)

    __enter__ = start

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(error)

    async def __aenter__(self) -> Self:
        return self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(error)

    def __call__(self, function: Function) -> Function:
        """The function, with each call of it a span like this one."""
        return wrapped(function, self.another)

    def another(self) -> Self:
        """A new span with the same labels."""
        raise NotImplementedError

    def resume(self) -> None:
        """What follows belongs to this span: a stream goes on."""

    def suspend(self) -> None:
        """What follows does not belong to this span: a stream waits for its reader."""

    def _open(self) -> None:
        """Counts what is known at the start."""

    def _close(self, took: float, failed: str | None) -> None:
        raise NotImplementedError


class Request(Span):
    """One request to an agent: what happens in its context counts as its steps.

    `model` is the first model that it calls, where none is stated. The labels may be set until it ends; tokens and
    costs are counted with what is set when they are spent.
    """

    __slots__ = (
        "_called",
        "_inside",
        "_iterations",
        "_llm_calls",
        "_outer",
        "_steps",
        "_tool_calls",
        "agent_name",
        "model",
        "tenant_id",
    )

    def __init__(self, metrics: AgentMetrics, agent_name: str, model: str, tenant_id: str) -> None:
        Span.__init__(self, metrics)
        self.agent_name = agent_name
        self.model = model
        self.tenant_id = tenant_id
        self._steps = self._llm_calls = self._tool_calls = self._iterations = 0
        self._called = ""
        self._outer: Request | None = None
        self._inside: Request | None = None

    def another(self) -> Self:
        return type(self)(self.metrics, self.agent_name, self.model, self.tenant_id)

    def iteration(self) -> None:
        """The agent goes round its loop. Where nobody says so, each call of a model is one round."""
        with self.metrics.lock:
            self._iterations += 1

    def step(self) -> None:
        """A step that is neither a call of a model or tool nor a search."""
        with self.metrics.lock:
            self._steps += 1

    def calls_model(self, model: str) -> None:
        with self.metrics.lock:
            self._steps += 1
            self._llm_calls += 1
        self._called = self._called or model

    def calls_tool(self) -> None:
        with self.metrics.lock:
            self._steps += 1
            self._tool_calls += 1

    def resume(self) -> None:
        current = CURRENT.get()
        if not _is_around(self, current):
            self._outer = _going_on(current)
            CURRENT.set(_going_on(self._inside) or self)
        self._inside = None

    def suspend(self) -> None:
        current = CURRENT.get()
        if _is_around(self, current):
            self._inside = current  # a request in the stream goes on with it
            self._leave()

    def _leave(self) -> None:
        """What was current before is so again, where it has not ended meanwhile."""
        outer, self._outer = _going_on(self._outer), None
        CURRENT.set(outer)

    def _open(self) -> None:
        self._steps = self._llm_calls = self._tool_calls = self._iterations = 0
        self._called = ""
        outer = CURRENT.get()
        if outer is None:
            self._outer = None
            CURRENT.set(self)
        else:
            outer.step()  # an agent that asks another
            self.resume()

    def _close(self, took: float, failed: str | None) -> None:
        if CURRENT.get() is self:
            self._leave()
        else:  # another began meanwhile, or it ends in another context
            self._outer = _going_on(self._outer)
        series = self.metrics.series
        agent = self.agent_name
        series.request_duration.of(agent, self.model or self._called or UNKNOWN, self.tenant_id).observe(took)
        series.chain_length.of(agent).observe(self._steps)
        series.tool_calls.of(agent).observe(self._tool_calls)
        series.iterations.of(agent).observe(self._iterations or self._llm_calls)
        if failed is not None:
            series.errors.of(agent, failed, self.tenant_id).inc()
            if failed == TIMEOUT:
                series.timeouts.of(agent, self.tenant_id).inc()


def _is_around(request: Request, current: Request | None) -> bool:
    """Whether a request is the current one, or one around it."""
    while current is not None and current is not request:
        current = current._outer
    return current is not None


def _going_on(request: Request | None) -> Request | None:
    """The request, or the nearest around it that has not ended."""
    while request is not None and request._began is None:
        request = request._outer
    return request


class Call(Span):
    """Something that a request waits for. It takes the agent and the tenant from the request around it."""

    __slots__ = ("_within", "request")

    request: Request

    def __init__(self, metrics: AgentMetrics, within: Request | None) -> None:
        Span.__init__(self, metrics)
        self._within = within

    def _open(self) -> None:
        self.request = self._within or CURRENT.get() or self.metrics.request()


class LlmCall(Call):
    """One call of a model. Tell its tokens before it ends; a call that does not is counted as one without usage.

    `answered_by` is the model that the provider says has answered, where it says so: prices go by that first.
    """

    __slots__ = ("_told", "answered_by", "model", "provider", "terms")

    def __init__(
        self, metrics: AgentMetrics, model: str, provider: str, within: Request | None, terms: Terms | None = None
    ) -> None:
        Call.__init__(self, metrics, within)
        self.model = model
        self.provider = provider
        self.terms = terms
        self.answered_by = ""
        self._told = False

    def another(self) -> Self:
        return type(self)(self.metrics, self.model, self.provider, self._within, self.terms)

    def tokens(self, *, cost: Decimal | None = None, **tokens: Unpack[Tokens]) -> None:
        """Counts the call's tokens, and what they cost.

        `input` is all that was read, cached tokens included, and `output` all that was written, reasoning included;
        `cache_read`, `cache_write` and `reasoning` say how many of them. `cost` is in USD where the provider states it;
        otherwise it is computed.
        """
        try:
            self.metrics.spend(self, Usage.of(tokens), cost)
            self._told = True
        except Exception as fault:
            self.metrics.dropped(fault)

    def _open(self) -> None:
        Call._open(self)
        self._told = False
        self.request.calls_model(self.model)
        # The counters' series exist before their first event, so that it is seen.
        series, request = self.metrics.series, self.request
        series.cost.begin(self.model, request.tenant_id, request.agent_name)
        series.rate_limits.begin(self.model, self.provider, request.tenant_id)
        series.unpriced.begin(self.model, self.provider)
        series.without_usage.begin(self.model, self.provider)

    def _close(self, took: float, failed: str | None) -> None:
        series = self.metrics.series
        series.inference_duration.of(self.model, self.provider).observe(took)
        if failed is not None:
            series.inference_errors.of(self.model, self.provider, failed).inc()
            if failed == RATE_LIMIT:
                series.rate_limits.of(self.model, self.provider, self.request.tenant_id).inc()
        elif not self._told:
            series.without_usage.of(self.model, self.provider).inc()


class ToolCall(Call):
    """One call of a tool."""

    __slots__ = ("tool_name",)

    def __init__(self, metrics: AgentMetrics, tool_name: str, within: Request | None) -> None:
        Call.__init__(self, metrics, within)
        self.tool_name = tool_name

    def another(self) -> Self:
        return type(self)(self.metrics, self.tool_name, self._within)

    def _open(self) -> None:
        Call._open(self)
        self.request.calls_tool()

    def _close(self, took: float, failed: str | None) -> None:
        series, agent = self.metrics.series, self.request.agent_name
        series.tool_duration.of(self.tool_name, agent).observe(took)
        if failed is not None:
            series.tool_errors.of(self.tool_name, agent, failed).inc()


class Retrieval(Call):
    """One vector search."""

    __slots__ = ("collection",)

    def __init__(self, metrics: AgentMetrics, collection: str, within: Request | None) -> None:
        Call.__init__(self, metrics, within)
        self.collection = collection

    def another(self) -> Self:
        return type(self)(self.metrics, self.collection, self._within)

    def _open(self) -> None:
        Call._open(self)
        self.request.step()

    def _close(self, took: float, failed: str | None) -> None:
        series, agent = self.metrics.series, self.request.agent_name
        series.search_duration.of(self.collection, agent).observe(took)
        if failed is not None:
            series.search_errors.of(self.collection, agent, failed).inc()


class Session(Span):
    """A session that is open from its start to its end."""

    __slots__ = ("_gauge", "agent_name", "tenant_id")

    def __init__(self, metrics: AgentMetrics, agent_name: str, tenant_id: str) -> None:
        Span.__init__(self, metrics)
        self.agent_name = agent_name
        self.tenant_id = tenant_id
        self._gauge: Gauge | None = None

    def another(self) -> Self:
        return type(self)(self.metrics, self.agent_name, self.tenant_id)

    def _open(self) -> None:
        self._gauge = self.metrics.series.sessions.of(self.agent_name, self.tenant_id)
        self._gauge.inc()

    def _close(self, took: float, failed: str | None) -> None:  # noqa: ARG002
        if self._gauge is not None:
            self._gauge.dec()
