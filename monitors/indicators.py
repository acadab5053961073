"""The indicators: what is slow, failing, throttled or expensive, and whose it is."""

from agentmetrics.catalog import (
    agent_active_sessions,
    agent_errors,
    agent_name,
    agent_request_duration,
    agent_timeouts,
    collection,
    llm_cost,
    llm_inference_duration,
    llm_rate_limit_errors,
    llm_tokens,
    model,
    tenant_daily_budget,
    tenant_id,
    tenant_monthly_budget,
    token_type,
    tool_execution_duration,
    tool_execution_errors,
    tool_name,
    vector_search_duration,
)
from tocsin.define import (
    SHOWN,
    Indicator,
    above_zero,
    at_least,
    at_most,
    average,
    complement,
    increase,
    maximum,
    milliseconds,
    or_default,
    per_minute,
    percent,
    quantile,
    rate,
    ratio,
    seconds,
    share,
    total,
    usd,
)

# Latency of requests.
latency_p50 = Indicator(
    quantile("0.5", agent_request_duration, by=agent_name),
    title="P50 latency",
    description="Half of the requests are answered faster than this.",
)
latency_p95 = Indicator(
    quantile("0.95", agent_request_duration, by=agent_name),
    title="P95 latency",
    description="One request in twenty takes longer than this.",
    target=at_most(seconds(5)),
)
latency_p99 = Indicator(
    quantile("0.99", agent_request_duration, by=agent_name),
    title="P99 latency",
    description="One request in a hundred takes longer than this.",
)
latency_average = Indicator(
    average(agent_request_duration, by=agent_name),
    title="Average latency",
    description="The mean time from a request's arrival to its answer.",
    target=at_most(seconds(5)),
)

# Latency of what a request waits for.
inference_p50 = Indicator(
    quantile("0.5", llm_inference_duration, by=model),
    title="P50 inference",
    description="Half of the model calls take less than this.",
)
inference_p95 = Indicator(
    quantile("0.95", llm_inference_duration, by=model),
    title="P95 inference",
    description="One model call in twenty takes longer than this.",
    target=at_most(seconds(3)),
)
inference_p99 = Indicator(
    quantile("0.99", llm_inference_duration, by=model),
    title="P99 inference",
    description="One model call in a hundred takes longer than this.",
)
tool_p50 = Indicator(
    quantile("0.5", tool_execution_duration, by=tool_name),
    title="P50 tool time",
    description="Half of the tool calls take less than this.",
)
tool_p95 = Indicator(
    quantile("0.95", tool_execution_duration, by=tool_name),
    title="P95 tool time",
    description="One tool call in twenty takes longer than this.",
    target=at_most(seconds(1)),
)
tool_p99 = Indicator(
    quantile("0.99", tool_execution_duration, by=tool_name),
    title="P99 tool time",
    description="One tool call in a hundred takes longer than this.",
)
search_p50 = Indicator(
    quantile("0.5", vector_search_duration, by=collection),
    title="P50 vector search",
    description="Half of the vector searches take less than this.",
)
search_p95 = Indicator(
    quantile("0.95", vector_search_duration, by=collection),
    title="P95 vector search",
    description="One vector search in twenty takes longer than this.",
    target=at_most(milliseconds(200)),
)
search_p99 = Indicator(
    quantile("0.99", vector_search_duration, by=collection),
    title="P99 vector search",
    description="One vector search in a hundred takes longer than this.",
)

# Load.
requests_shown = Indicator(
    increase(agent_request_duration.count, over=SHOWN),
    title="Total requests",
    description="Requests answered in the shown time range.",
)
throughput = Indicator(
    rate(agent_request_duration.count, by=agent_name),
    title="Throughput",
    description="Requests answered a second.",
)
active_sessions = Indicator(
    total(agent_active_sessions, by=agent_name),
    title="Active sessions",
    description="Sessions that are open now.",
)

# Failure.
error_rate = Indicator(
    ratio(agent_errors, agent_request_duration.count, by=agent_name),
    title="Error rate",
    description="The share of requests that failed. No line means no traffic.",
    target=at_most(percent(1)),
)
success_rate = Indicator(
    complement(ratio(agent_errors, agent_request_duration.count, by=agent_name)),
    title="Success rate",
    description="The share of requests that were answered without an error.",
    target=at_least(percent(99)),
)
tool_error_rate = Indicator(
    ratio(tool_execution_errors, tool_execution_duration.count, by=tool_name),
    title="Tool error rate",
    description="The share of tool calls that failed.",
)
timeouts_a_minute = Indicator(
    per_minute(agent_timeouts, by=agent_name),
    title="Timeouts a minute",
    description="Requests that ran out of time, a minute.",
)
rate_limit_errors = Indicator(
    increase(llm_rate_limit_errors, by=model, over="5m"),
    title="Rate-limit errors",
    description="Calls refused by the model's provider in the last 5 minutes.",
)

# Tokens and money.
token_usage = Indicator(
    rate(llm_tokens, by=token_type),
    title="Token usage",
    description="Tokens a second, by what they were for.",
)
cost_cube = Indicator(
    increase(llm_cost, by=(agent_name, model, tenant_id), over="24h"),
    title="Cost of the last 24 h, by agent, model and tenant",
    description="Estimated cost of the last 24 hours in USD; the other costs are sums of it.",
)
cost_day = Indicator(
    increase(llm_cost, over="24h"),
    title="Cost of the last 24 h",
    description="Estimated cost of the last 24 hours.",
)
cost_by_tenant = Indicator(
    increase(llm_cost, by=tenant_id, over="24h"),
    title="Cost by tenant",
    description="Estimated cost of the last 24 hours, by tenant.",
)
cost_by_model = Indicator(
    increase(llm_cost, by=model, over="24h"),
    title="Cost by model",
    description="Estimated cost of the last 24 hours, by model.",
)
cost_share_by_model = Indicator(
    share(increase(llm_cost, by=model, over="24h"), of=model),
    title="Share of cost by model",
    description="Each model's share of the cost of the last 24 hours.",
)
daily_budget = Indicator(
    or_default(
        maximum(tenant_daily_budget, by=tenant_id),
        usd(100),
        for_each=increase(llm_cost, by=tenant_id, over="24h"),
    ),
    title="Daily budget",
    description="The budget for a day that a tenant agreed to; 100 USD where none is set.",
)
monthly_budget_used = Indicator(
    increase(llm_cost, by=tenant_id, over="30d") / above_zero(maximum(tenant_monthly_budget, by=tenant_id)),
    title="Monthly budget used",
    description="The cost of the last 30 days as a share of the tenant's monthly budget.",
)
