"""The month before the demo, so that what looks back a day, a week or a month has something to see.

Stated as scenarios, and backfilled. What the rules record of it is stated beside it: no rule has run then.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from agentmetrics.catalog import agent_name, agent_request_duration, llm_cost, model, tenant_id
from tocsin.define import USD, Feed, Gauge, Scenario, a_day, growing, holding
from tocsin.promql.durations import duration_text
from tocsin.scenarios.openmetrics import exposition
from tocsin.units import REQUESTS

_DAYS = 30
_DAY = 24 * 3600
# Often enough for a subquery, which looks back for five minutes.
_EVERY = 240
_COST = {
    ("support", "gpt-4o", "acme"): Decimal(9),
    ("support", "gpt-4o", "globex"): Decimal(4),
    ("research", "claude-sonnet-4-0", "initech"): Decimal(6),
    ("coding", "gpt-4o", "acme"): Decimal(7),
}
_REQUESTS = 20_000
# Of an hour at the demo's own pace, as the objectives record it: how many requests, and how many were bad.
_KEPT = {"all": 18_000, "bad": 20}

_by_all = Gauge(
    "agent_name_model_tenant_id:llm_cost_dollars:increase24h",
    "Cost of a day.",
    labels=(agent_name, model, tenant_id),
    unit=USD,
)
_by_tenant = Gauge("tenant_id:llm_cost_dollars:increase24h", "Cost of a day.", labels=(tenant_id,), unit=USD)


def past(speed: int, until: float) -> str:
    """The month as OpenMetrics, with days that are that much shorter."""
    day = _DAY // speed
    lasting = duration_text((_DAYS * day - _EVERY) * 1000)
    month = Scenario("the month before", *_feeds(speed, lasting), every=f"{_EVERY}s")
    return exposition([(month, Decimal(int(until) - _DAYS * day))])


def _feeds(speed: int, lasting: str) -> Iterator[Feed]:
    for (agent, called, tenant), cost in _COST.items():
        labels = {"agent_name": agent, "model": called, "tenant_id": tenant}
        yield Feed(llm_cost(**labels), growing(a_day(cost * speed), lasting=lasting))
        yield Feed(_by_all(**labels), holding(cost, lasting=lasting))
    for tenant in sorted({tenant for _, _, tenant in _COST}):
        spent = sum((cost for (*_, payer), cost in _COST.items() if payer == tenant), Decimal(0))
        yield Feed(_by_tenant(tenant_id=tenant), holding(spent, lasting=lasting))
    for promise in ("availability", "latency"):
        for which, requests in _KEPT.items():
            name = f"agent_name:agent_{promise}:{which}_increase1h"
            recorded = Gauge(name, "Requests of an hour.", labels=(agent_name,), unit=REQUESTS)
            for agent in sorted({agent for agent, *_ in _COST}):
                yield Feed(recorded(agent_name=agent), holding(requests, lasting=lasting))
    count = agent_request_duration.count
    for agent in sorted({agent for agent, *_ in _COST}):
        labels = {name: agent if name == "agent_name" else "past" for name in count.label_names}
        yield Feed(count(**labels), growing(a_day(_REQUESTS * speed), lasting=lasting))
