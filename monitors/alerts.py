"""The agents' alerts. Each becomes a Prometheus rule and a Grafana rule, and is proven before it ships."""

from agentmetrics.catalog import OBSERVATIONS
from monitors.indicators import (
    ABSENCES,
    capped_labels,
    cost_by_tenant,
    daily_budget,
    daily_budget_used,
    error_rate,
    inference_p99,
    latency_p99,
    monthly_budget_used,
    monthly_forecast,
    rate_limit_errors,
    rate_limits_a_minute,
    search_p99,
    telemetry_absent,
    timeouts_a_minute,
    tool_error_rate,
    tool_p99,
    unpriced_calls,
)
from tocsin.define import (
    CALLS,
    CRITICAL,
    INFO,
    MINUTES,
    REQUESTS,
    WARNING,
    Alert,
    calls,
    milliseconds,
    percent,
    quantity,
    seconds,
)

# Slow.
agent_high_latency = Alert(
    "AgentHighLatency",
    when=latency_p99 > seconds(10),
    hold="5m",
    severity=WARNING,
    summary="Agent {agent_name} is slow",
    description="P99 latency of {agent_name} is {value}, above {threshold}: one request in a hundred waits that long.",
    runbook="high-latency",
)
inference_slow = Alert(
    "LLMInferenceSlow",
    when=inference_p99 > seconds(8),
    hold="5m",
    severity=WARNING,
    summary="Model {model} is slow",
    description="P99 of the calls of {model} is {value}, above {threshold}; every agent that calls it waits.",
    runbook="inference-slow",
)
tool_slow = Alert(
    "ToolSlow",
    when=tool_p99 > seconds(3),
    hold="5m",
    severity=WARNING,
    summary="Tool {tool_name} is slow",
    description="P99 of the calls of {tool_name} is {value}, above {threshold}.",
    runbook="tool-slow",
)
vector_search_slow = Alert(
    "VectorSearchSlow",
    when=search_p99 > milliseconds(500),
    hold="5m",
    severity=WARNING,
    summary="Searches in {collection} are slow",
    description="P99 of the vector searches in {collection} is {value}, above {threshold}.",
    runbook="vector-search-slow",
)

# Failing.
agent_high_error_rate = Alert(
    "AgentHighErrorRate",
    when=error_rate > percent(5),
    hold="5m",
    severity=CRITICAL,
    summary="Agent {agent_name} is failing",
    description="{value} of the requests to {agent_name} fail, above {threshold}.",
    runbook="high-error-rate",
)
tool_high_error_rate = Alert(
    "ToolHighErrorRate",
    when=tool_error_rate > percent(10),
    hold="5m",
    severity=WARNING,
    summary="Tool {tool_name} is failing",
    description="{value} of the calls of {tool_name} fail, above {threshold}.",
    runbook="tool-high-error-rate",
)
agent_timeouts = Alert(
    "AgentTimeouts",
    when=timeouts_a_minute > quantity(5, REQUESTS / MINUTES),
    hold="5m",
    severity=WARNING,
    summary="Requests to {agent_name} run out of time",
    description="{value} to {agent_name} run out of time, above {threshold}.",
    runbook="agent-timeouts",
)
agent_telemetry_absent = Alert(
    "AgentTelemetryAbsent",
    when=telemetry_absent > quantity(0, ABSENCES),
    hold="10m",
    severity=CRITICAL,
    summary="No agent exports anything",
    description="Prometheus has had no request metrics of any agent for 10 minutes: all other alerts are blind.",
    runbook="agent-telemetry-absent",
)

# Throttled.
llm_rate_limits = Alert(
    "LLMRateLimitErrors",
    when=rate_limit_errors > calls(10),
    hold="2m",
    severity=WARNING,
    summary="Model {model} is throttled",
    description="The provider of {model} refused {value} in 5 minutes, above {threshold}.",
    runbook="rate-limit-errors",
)
llm_rate_limits_sustained = Alert(
    "LLMRateLimitSustained",
    when=rate_limits_a_minute > quantity(10, CALLS / MINUTES),
    hold="10m",
    severity=CRITICAL,
    summary="Model {model} is throttled, and it does not pass",
    description="The provider of {model} refuses {value}, above {threshold}, and has for 10 minutes.",
    runbook="rate-limit-sustained",
    inhibits=(llm_rate_limits,),
)

# Expensive.
daily_budget_nearly_spent = Alert(
    "DailyCostBudgetNearlySpent",
    when=daily_budget_used > percent(80),
    severity=INFO,
    summary="Tenant {tenant_id} has nearly spent its daily budget",
    description="Tenant {tenant_id} spent {value} of its daily budget in the last 24 hours, above {threshold}.",
    runbook="daily-budget-nearly-spent",
)
daily_cost_budget_exceeded = Alert(
    "DailyCostBudgetExceeded",
    when=cost_by_tenant > daily_budget,
    severity=WARNING,
    summary="Tenant {tenant_id} is over its daily budget",
    description="Tenant {tenant_id} spent {value} in the last 24 hours, more than its daily budget.",
    runbook="daily-budget-exceeded",
    inhibits=(daily_budget_nearly_spent,),
)
monthly_budget_forecast = Alert(
    "MonthlyBudgetForecast",
    when=monthly_forecast > percent(100),
    every="2m",
    severity=INFO,
    summary="Tenant {tenant_id} will exceed its monthly budget",
    description="At the pace of the last 7 days tenant {tenant_id} spends {value} of its monthly budget in 30 days.",
    runbook="monthly-budget-forecast",
)
monthly_budget_exceeded = Alert(
    "MonthlyBudgetExceeded",
    when=monthly_budget_used > percent(100),
    every="2m",
    severity=WARNING,
    summary="Tenant {tenant_id} is over its monthly budget",
    description="Tenant {tenant_id} spent {value} of its monthly budget in the last 30 days.",
    runbook="monthly-budget-exceeded",
    inhibits=(monthly_budget_forecast,),
)

# Blind spots.
unpriced_models = Alert(
    "UnpricedModel",
    when=unpriced_calls > calls(0),
    severity=WARNING,
    summary="Model {model} has no price",
    description="{value} of {model} in the last hour have no price: they cost money that no budget sees.",
    runbook="unpriced-model",
)
label_cap_reached = Alert(
    "LabelCapReached",
    when=capped_labels > quantity(0, OBSERVATIONS),
    severity=WARNING,
    summary="The label {label} has more values than it may",
    description="{value} of the last hour were counted under `other`, because {label} has too many values.",
    runbook="label-cap-reached",
)
