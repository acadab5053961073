"""What Prometheus computes once for all who read it: the alerts' indicators and the costs of a day."""

from monitors.indicators import (
    cost_by_model,
    cost_by_tenant,
    cost_cube,
    daily_budget,
    error_rate,
    latency_p99,
    rate_limit_errors,
)
from tocsin.define import Record, RuleGroup, allow

agents = RuleGroup(
    "ai-agents",
    interval="30s",
    records=(
        Record(latency_p99, "agent_request_duration_seconds:p99_5m"),
        Record(error_rate, "agent_errors_per_request:ratio_rate5m"),
        Record(rate_limit_errors, "llm_rate_limit_errors:increase5m"),
    ),
)
cost = RuleGroup(
    "ai-cost",
    interval="30s",
    records=(
        Record(
            cost_cube,
            "llm_cost_dollars:increase24h",
            allow=(allow("cardinality", because="it has as many series as the counter, and spares every panel a day"),),
        ),
        Record(cost_by_tenant, "llm_cost_dollars:increase24h"),
        Record(
            cost_by_model,
            "llm_cost_dollars:increase24h",
            allow=(allow("rule-unused", because="people ask for it by hand: which model costs how much a day"),),
        ),
        Record(daily_budget, "tenant_daily_budget_usd:effective"),
    ),
)
