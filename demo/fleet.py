"""The fleet: agents that answer requests of several tenants, and export what agentmetrics makes of it."""

from __future__ import annotations

import asyncio
import random
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal

from prometheus_client import CollectorRegistry

from agentmetrics.instrument import AgentMetrics
from agentmetrics.serve import start_metrics_server
from demo.incidents import EXPENSIVE, FAILING, SLOW, THROTTLED, Trouble

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

    def _failing(self, trouble: Trouble) -> float:
        return 0.2 if FAILING in trouble and self.name == "research" else 0.001

    async def _think(self, tenant: str, trouble: Trouble) -> None:
        try:
            await self._call(self.model, tenant, trouble)
        except RateLimitError:
            await self._call(CLAUDE, tenant, trouble)

    async def _call(self, model: tuple[str, str], tenant: str, trouble: Trouble) -> None:
        with self.metrics.llm(*model) as call:
            if THROTTLED in trouble and model is GPT and random.random() < 0.5:
                raise RateLimitError
            slow = SLOW in trouble and self.name == "support" and random.random() < 0.25
            await asyncio.sleep(12 if slow else random.uniform(0.05, 0.4))
            books = EXPENSIVE in trouble and self.name == "research" and tenant == "globex"
            read = 150_000 if books else random.randint(500, 3000)
            call.tokens(input=read, output=random.randint(50, 500), cache_read=read // 4)


@dataclass
class Fleet:
    """All agents, and what their tenants have agreed to."""

    agents: tuple[Agent, ...]
    targets: tuple[str, ...]

    @classmethod
    def started(cls, stack: ExitStack) -> Fleet:
        """The agents with their endpoints served, until the stack is closed."""
        agents = (
            Agent("support", GPT, "search_tickets", "tickets"),
            Agent("research", CLAUDE, "browse", "papers"),
            Agent("coding", GPT, "run_tests", "sources"),
        )
        fleet = cls(agents, tuple(_served(stack, agent) for agent in agents))
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
                    self.agree("globex", self.spent("globex") * 2 + BUDGETS["globex"])
                await asyncio.sleep(0.2)


def _served(stack: ExitStack, agent: Agent) -> str:
    """The address at which the agent's metrics are served until the stack is closed."""
    server = stack.enter_context(start_metrics_server(0, address="127.0.0.1", registry=agent.registry))
    return f"127.0.0.1:{server.port}"
