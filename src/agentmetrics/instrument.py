"""The instrumentation: what an agent's code says, and the series that come of it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import inf
from threading import RLock
from typing import TypeVar, Unpack

from prometheus_client import REGISTRY, CollectorRegistry

from agentmetrics.catalog import CATALOG, token_type
from agentmetrics.errors import ERROR_TYPES, ErrorTypes
from agentmetrics.limits import UNKNOWN, checked
from agentmetrics.prices import Prices, Terms
from agentmetrics.series import Instruments
from agentmetrics.spans import CURRENT, LlmCall, Request, Retrieval, Session, ToolCall
from agentmetrics.usage import Tokens, Usage

_log = logging.getLogger("agentmetrics")

Said = TypeVar("Said")


class AgentMetrics:
    """Everything that an AI agent exports. Make one, and share it.

        metrics = AgentMetrics(agent_name="support")

        with metrics.request(tenant_id="acme"):
            with metrics.llm("gpt-4o", "openai") as call:
                answer = ask(question)
                call.tokens(input=1200, output=300)
            with metrics.tool("search"):
                search(answer)

    `agent_name` and `tenant_id` are what is not stated elsewhere. `prices` says what tokens cost: genai-prices alone
    where nothing is stated. `errors` maps exception classes to types, None being no error. `limits` says how many
    values a label may have, where that is not what the catalog expects. Raises ValueError where `limits` are none.
    """

    def __init__(
        self,
        *,
        registry: CollectorRegistry = REGISTRY,
        agent_name: str = UNKNOWN,
        tenant_id: str = UNKNOWN,
        prices: Prices | None = None,
        errors: Mapping[type[BaseException], str | None] | None = None,
        limits: Mapping[str, int] | None = None,
    ) -> None:
        self.agent_name = agent_name
        self.tenant_id = tenant_id
        self.error_types = ErrorTypes(errors)
        self.prices = prices or Prices()
        self.series = _registered(registry, checked(limits or {}, CATALOG))
        self.lock = RLock()  # what is collected as garbage inside may end a span
        self._said: set[object] = set()
        self._said_unpriced: set[tuple[str, str]] = set()

    def request(self, agent_name: str = "", *, model: str = "", tenant_id: str = "") -> Request:
        """One request to the agent, from its arrival to its answer."""
        return Request(self, agent_name or self.agent_name, model, tenant_id or self.tenant_id)

    def llm(self, model: str, provider: str, *, terms: Terms | None = None, within: Request | None = None) -> LlmCall:
        """One call of a model. `terms` are those that change its price, as `Prices.cost` has them. `within` names the
        request where the context cannot: in a thread of its own.
        """
        return LlmCall(self, model, provider, within, terms)

    def tool(self, tool_name: str, *, within: Request | None = None) -> ToolCall:
        """One call of a tool."""
        return ToolCall(self, tool_name, within)

    def retrieval(self, collection: str, *, within: Request | None = None) -> Retrieval:
        """One vector search."""
        return Retrieval(self, collection, within)

    def session(self, agent_name: str = "", *, tenant_id: str = "") -> Session:
        """A session, open from its start to its end."""
        return Session(self, agent_name or self.agent_name, tenant_id or self.tenant_id)

    def tokens(self, model: str, provider: str, *, cost: Decimal | None = None, **tokens: Unpack[Tokens]) -> None:
        """Counts the tokens and the cost of a call that is timed elsewhere, in the words of `LlmCall.tokens`."""
        call = self.llm(model, provider)
        call.request = self.current
        call.tokens(cost=cost, **tokens)

    @property
    def current(self) -> Request:
        """The request that is being answered here; outside of any, one that is never counted."""
        return CURRENT.get() or self.request()

    def declare(
        self,
        *,
        agent_name: str | Iterable[str] = (),
        tenant_id: str | Iterable[str] = (),
        model: str | Iterable[str] = (),
        provider: str | Iterable[str] = (),
        tool_name: str | Iterable[str] = (),
        collection: str | Iterable[str] = (),
        error_type: str | Iterable[str] = ERROR_TYPES,
    ) -> None:
        """Makes the counters and histograms of these label values, with 0, so that the first event is seen.

        All combinations are made: declare what belongs together, call by call.
        """
        stated = {
            "agent_name": agent_name or self.agent_name,
            "tenant_id": tenant_id or self.tenant_id,
            "model": model,
            "provider": provider,
            "tool_name": tool_name,
            "collection": collection,
            "error_type": error_type,
            "token_type": token_type.values or (),
        }
        values = {name: (one,) if isinstance(one, str) else tuple(one) for name, one in stated.items()}
        self.series.declare({name: those for name, those in values.items() if those})

    def budget(
        self, tenant_id: str, *, daily: Decimal | int | None = None, monthly: Decimal | int | None = None
    ) -> None:
        """Exports a tenant's budget in USD, where no recording rule states it."""
        if daily is not None:
            self.series.daily_budget.of(tenant_id).set(float(daily))
        if monthly is not None:
            self.series.monthly_budget.of(tenant_id).set(float(monthly))

    def spend(self, call: LlmCall, usage: Usage, cost: Decimal | None = None) -> None:
        """Counts a call's tokens and their cost, and nothing else. Without a price the call is counted as unpriced.

        What cannot be counted is refused before anything is.
        """
        model, provider = call.model or UNKNOWN, call.provider or UNKNOWN
        tenant, agent = call.request.tenant_id, call.request.agent_name
        if cost is None and call.answered_by:
            cost = self.prices.cost(call.answered_by, provider, usage, call.terms)
        if cost is None:
            cost = self.prices.cost(model, provider, usage, call.terms)
        usd = 0.0 if cost is None else float(cost)
        if not 0 <= usd < inf:
            raise ValueError(f"a call cannot cost {cost} USD")
        tokens = self.series.tokens
        counted = [(tokens.of(model, kind, tenant, agent), float(number)) for kind, number in usage.counts()]
        if cost is None:
            self._unpriced(model, provider)
        else:
            self.series.cost.of(model, tenant, agent).inc(usd)
        for series, number in counted:
            series.inc(number)

    def _unpriced(self, model: str, provider: str) -> None:
        self.series.unpriced.of(model, provider).inc()
        if _is_new((model, provider), self._said_unpriced):
            _log.warning(
                "no price is known for model %r of provider %r: its calls count in llm_unpriced_requests_total; "
                "state a price in a file: AgentMetrics(prices=Prices('prices.yaml'))",
                *(model, provider),
            )

    def dropped(self, fault: Exception) -> None:
        """Notes that an observation was lost: each fault is logged once in each place, all are counted."""
        if _is_new((type(fault), _place(fault)), self._said):
            text = f"{type(fault).__name__}: {fault}"
            _log.warning("an observation was lost; the agent goes on: %s", text, exc_info=fault)
        self.series.dropped.of().inc()


_MOST_SAID = 1000


def _is_new(what: Said, said: set[Said]) -> bool:
    """Whether this has not been said before, and there is room to remember it."""
    if what in said or len(said) >= _MOST_SAID:
        return False
    said.add(what)
    return True


def _place(fault: BaseException) -> tuple[str, int] | None:
    """The file and line that raised it: its text may tell numbers, and so be another each time."""
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return (trace.tb_frame.f_code.co_filename, trace.tb_lineno) if trace is not None else None


def _registered(registry: CollectorRegistry, limits: Mapping[str, int]) -> Instruments:
    try:
        return Instruments(registry, limits)
    except ValueError as error:
        raise ValueError(
            f"these metrics are in this registry already: make one AgentMetrics and share it, "
            f"or give each a registry=CollectorRegistry() of its own ({error})"
        ) from None
