"""The fleet: agents that answer requests of several tenants, and export what agentmetrics makes of it."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal

from prometheus_client import CollectorRegistry

from agentmetrics.instrument import AgentMetrics
from demo import langfuse
from demo.incidents import EXPENSIVE, FAILING, SLOW, THROTTLED, Trouble
from demo.services import Target, served

TENANTS = ("acme", "globex", "initech")
BUDGETS = {"acme": Decimal(500), "globex": Decimal(20)}  # initech has agreed to none
GPT = ("gpt-4o", "openai")
CLAUDE = ("claude-sonnet-4-0", "anthropic")
_A_SECOND = 5
_OPEN_SESSIONS = 4


class RateLimitError(Exception):
    """The provider refuses a call, as its client library would say it."""


class ToolFailedError(Exception):
    """A tool gives no answer."""


@dataclass
class Agent:
    """One agent with an endpoint of its own."""

    name: str
    model: tuple[str, str]
    tool: str
    collection: str
    traces: list[langfuse.Event]
    metrics: AgentMetrics = field(init=False)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        self.metrics = AgentMetrics(registry=self.registry, agent_name=self.name)
        for model, provider in (GPT, CLAUDE):
            self.metrics.declare(tenant_id=TENANTS, model=model, provider=provider)
        self.metrics.declare(tenant_id=TENANTS, tool_name=self.tool, collection=self.collection)

    async def live(self, trouble: Trouble) -> None:
        """Answers one request after the other, many at a time, until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for tenant in TENANTS:
                tasks.create_task(self._sessions(tenant))
            while True:
                tasks.create_task(self._answer(random.choice(TENANTS), trouble))
                await asyncio.sleep(random.expovariate(_A_SECOND))

    async def _sessions(self, tenant: str) -> None:
        while True:
            with ExitStack() as opened:
                for _ in range(random.randint(1, _OPEN_SESSIONS)):
                    opened.enter_context(self.metrics.session(tenant_id=tenant))
                await asyncio.sleep(random.uniform(1, 3))

    async def _answer(self, tenant: str, trouble: Trouble) -> None:
        began = time.time()
        try:
            with self.metrics.request(tenant_id=tenant):
                with self.metrics.retrieval(self.collection):
                    await asyncio.sleep(random.uniform(0.005, 0.1))
                for _ in range(random.randint(1, 3)):
                    await self._think(tenant, trouble)
                    with self.metrics.tool(self.tool):
                        await asyncio.sleep(random.uniform(0.01, 0.2))
                        if random.random() < self._failing(trouble):
                            raise ToolFailedError(self.tool)
        except ToolFailedError:
            pass  # The request has failed, and is counted as such.
        self.traces.append(langfuse.trace(began, self.name, _milliseconds_since(began)))

    def _failing(self, trouble: Trouble) -> float:
        return 0.2 if FAILING in trouble and self.name == "research" else 0.001

    async def _think(self, tenant: str, trouble: Trouble) -> None:
        try:
            await self._call(self.model, tenant, trouble)
        except RateLimitError:
            await self._call(CLAUDE, tenant, trouble)

    async def _call(self, model: tuple[str, str], tenant: str, trouble: Trouble) -> None:
        began = time.time()
        with self.metrics.llm(*model) as call:
            if THROTTLED in trouble and model is GPT and random.random() < 0.5:
                self._trace(model, began, level="ERROR", inputTokens=0, outputTokens=0, totalTokens=0, totalCost=0)
                raise RateLimitError
            slow = SLOW in trouble and self.name == "support" and random.random() < 0.25
            await asyncio.sleep(12 if slow else random.uniform(0.05, 0.4))
            books = EXPENSIVE in trouble and self.name == "research" and tenant == "globex"
            read = 150_000 if books else random.randint(500, 3000)
            written = random.randint(50, 500)
            call.tokens(input=read, output=written, cache_read=read // 4)
        self._trace(model, began, inputTokens=read, outputTokens=written, totalTokens=read + written)

    def _trace(self, model: tuple[str, str], began: float, **values: object) -> None:
        self.traces.append(
            langfuse.observation(
                began,
                providedModelName=model[0],
                traceName=self.name,
                latency=_milliseconds_since(began),
                **values,
            )
        )


def _milliseconds_since(began: float) -> int:
    return round((time.time() - began) * 1000)


@dataclass
class Fleet:
    """All agents, and what their tenants have agreed to."""

    agents: tuple[Agent, ...]
    targets: tuple[Target, ...]

    @classmethod
    def started(cls, stack: ExitStack, traces: list[langfuse.Event]) -> Fleet:
        """The agents with their endpoints served, until the stack is closed. They trace what they do."""
        agents = (
            Agent("support", GPT, "search_tickets", "tickets", traces),
            Agent("research", CLAUDE, "browse", "papers", traces),
            Agent("coding", GPT, "run_tests", "sources", traces),
        )
        fleet = cls(agents, tuple(served(stack, agent.name, "ai-agents", agent.registry) for agent in agents))
        for tenant, budget in BUDGETS.items():
            fleet.agree(tenant, budget)
        return fleet

    def agree(self, tenant: str, daily: Decimal) -> None:
        for agent in self.agents:
            agent.metrics.budget(tenant, daily=daily, monthly=daily * 30)

    def spent(self, tenant: str) -> Decimal:
        return sum(
            (
                Decimal(sample.value)
                for agent in self.agents
                for metric in agent.registry.collect()
                for sample in metric.samples
                if sample.name == "llm_cost_dollars_total" and sample.labels["tenant_id"] == tenant
            ),
            Decimal(0),
        )

    async def live(self, trouble: Trouble, speed: int) -> None:
        """Lets the agents work while incidents come and go."""
        async with asyncio.TaskGroup() as tasks:
            for agent in self.agents:
                tasks.create_task(agent.live(trouble))
            began = asyncio.get_running_loop().time()
            while True:
                minute = (asyncio.get_running_loop().time() - began) * speed / 60
                if EXPENSIVE in trouble.at(minute):
                    # The incident ends as it does in life: the tenant agrees to pay more.
                    daily = self.spent("globex") * 2 + BUDGETS["globex"]
                    self.agree("globex", daily)
                    trouble.tell(f"AGREED    globex to a daily budget of USD {daily:.2f}")
                await asyncio.sleep(0.2)
