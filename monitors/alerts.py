"""The alerts. Each becomes a Prometheus rule and a Grafana rule; rules/scenarios.py proves it."""

from monitors.indicators import cost_by_tenant, daily_budget, error_rate, latency_p99, rate_limit_errors
from tocsin.define import CRITICAL, WARNING, Alert, calls, percent, seconds

agent_high_latency = Alert(
    "AgentHighLatency",
    when=latency_p99 > seconds(10),
    hold="5m",
    severity=WARNING,
    summary="Agent {agent_name} is slow",
    description="P99 latency of {agent_name} is {value}, above {threshold}: one request in a hundred waits that long.",
    runbook="high-latency",
)
agent_high_error_rate = Alert(
    "AgentHighErrorRate",
    when=error_rate > percent(5),
    hold="5m",
    severity=CRITICAL,
    summary="Agent {agent_name} is failing",
    description="{value} of the requests to {agent_name} fail, above {threshold}.",
    runbook="high-error-rate",
)
llm_rate_limits = Alert(
    "LLMRateLimitErrors",
    when=rate_limit_errors > calls(10),
    hold="2m",
    severity=WARNING,
    summary="Model {model} is throttled",
    description="The provider of {model} refused {value} in 5 minutes, above {threshold}.",
    runbook="rate-limit-errors",
)
daily_cost_budget_exceeded = Alert(
    "DailyCostBudgetExceeded",
    when=cost_by_tenant > daily_budget,
    severity=WARNING,
    summary="Tenant {tenant_id} is over its daily budget",
    description="Tenant {tenant_id} spent {value} in the last 24 hours, more than its daily budget.",
    runbook="daily-budget-exceeded",
)
