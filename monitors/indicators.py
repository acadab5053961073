"""The indicators: what is slow, failing, throttled or expensive, and whose it is."""

from agentmetrics.catalog import (
    agent_active_sessions,
    agent_chain_length,
    agent_errors,
    agent_iterations,
    agent_name,
    agent_request_duration,
    agent_timeouts,
    agent_tool_calls,
    collection,
    error_type,
    label,
    label_values_capped,
    llm_calls_without_usage,
    llm_cost,
    llm_inference_duration,
    llm_inference_errors,
    llm_rate_limit_errors,
    llm_tokens,
    llm_unpriced_requests,
    model,
    observations_dropped,
    tenant_daily_budget,
    tenant_id,
    tenant_monthly_budget,
    token_type,
    tool_execution_duration,
    tool_execution_errors,
    tool_name,
    vector_search_duration,
    vector_search_errors,
)
from tocsin.define import (
    HOURS,
    RATIO,
    SHOWN,
    USD,
    Indicator,
    Unit,
    above_zero,
    absent,
    at_least,
    at_most,
    average,
    averaged_over,
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
    shifted,
    summed_over,
    total,
    usd,
)

ABSENCES = Unit.counting("absences")

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
    target=at_least(percent(99), red=percent(95)),
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
daily_budget_used = Indicator(
    increase(llm_cost, by=tenant_id, over="24h") / above_zero(daily_budget.expr),
    title="Daily budget used",
    description="The cost of the last 24 hours as a share of the tenant's daily budget.",
)
cost_by_agent = Indicator(
    increase(llm_cost, by=agent_name, over="24h"),
    title="Cost by agent",
    description="Estimated cost of the last 24 hours, by agent.",
)
cost_rate = Indicator(
    rate(llm_cost, by=model) * 3600,
    title="Cost an hour",
    description="What the models cost an hour at the present pace.",
    unit=USD / HOURS,
)
cost_per_request = Indicator(
    rate(llm_cost, by=agent_name) / above_zero(rate(agent_request_duration.count, by=agent_name)),
    title="Cost per request",
    description="What one request to the agent costs on average.",
)
tokens_per_request = Indicator(
    ratio(llm_tokens, agent_request_duration.count, by=agent_name),
    title="Tokens per request",
    description="How many tokens one request to the agent takes on average.",
)
cache_share = Indicator(
    ratio(llm_tokens(token_type="cache_read"), llm_tokens(token_type="input"), by=model),
    title="Cache hit share",
    description="The share of input tokens that came out of the provider's cache, at a fraction of the price.",
)
cost_month = Indicator(
    # The days are summed, since a range of 30 days is slow and outlives the 15 days that Prometheus keeps by itself.
    summed_over(increase(llm_cost, by=tenant_id, over="24h"), "30d", every="1d"),
    title="Cost of the last 30 days",
    description="Estimated cost of the last 30 complete days, by tenant.",
)
monthly_budget_used = Indicator(
    cost_month.expr / above_zero(maximum(tenant_monthly_budget, by=tenant_id)),
    title="Monthly budget used",
    description="The cost of the last 30 days as a share of the tenant's monthly budget.",
)
monthly_forecast = Indicator(
    averaged_over(increase(llm_cost, by=tenant_id, over="24h"), "7d", every="1d")
    * 30
    / above_zero(maximum(tenant_monthly_budget, by=tenant_id)),
    title="Monthly budget at this pace",
    description="30 days at the pace of the last 7, as a share of the tenant's monthly budget.",
    unit=RATIO,
)
cost_against_last_week = Indicator(
    increase(llm_cost, by=model, over="24h") / above_zero(shifted(increase(llm_cost, by=model, over="24h"), "7d")),
    title="Cost against a week ago",
    description="The cost of the last 24 hours, against the same 24 hours a week ago. 100% is the same.",
    target=at_most(percent(150), red=percent(200)),
)
requests_against_last_week = Indicator(
    increase(agent_request_duration.count, over="24h")
    / above_zero(shifted(increase(agent_request_duration.count, over="24h"), "7d")),
    title="Requests against a week ago",
    description="The requests of the last 24 hours, against the same 24 hours a week ago. 100% is the same.",
)

# The shape of a request's work.
chain_length_p50 = Indicator(
    quantile("0.5", agent_chain_length, by=agent_name),
    title="P50 chain length",
    description="Half of the requests take no more steps than this.",
)
chain_length_p95 = Indicator(
    quantile("0.95", agent_chain_length, by=agent_name),
    title="P95 chain length",
    description="One request in twenty takes more steps than this.",
)
tool_calls_p95 = Indicator(
    quantile("0.95", agent_tool_calls, by=agent_name),
    title="P95 tool calls",
    description="One request in twenty makes more tool calls than this.",
)
tool_calls_average = Indicator(
    average(agent_tool_calls, by=agent_name),
    title="Tool calls per request",
    description="How many tools one request calls on average.",
)
iterations_p95 = Indicator(
    quantile("0.95", agent_iterations, by=agent_name),
    title="P95 iterations",
    description="One request in twenty goes round the agent's loop more often than this.",
)
iterations_average = Indicator(
    average(agent_iterations, by=agent_name),
    title="Iterations per request",
    description="How often one request goes round the agent's loop on average.",
)

# Tools and retrieval.
tool_throughput = Indicator(
    rate(tool_execution_duration.count, by=tool_name),
    title="Tool calls a second",
    description="Tool calls that came back, a second.",
)
search_throughput = Indicator(
    rate(vector_search_duration.count, by=collection),
    title="Vector searches a second",
    description="Vector searches that came back, a second.",
)
tool_errors_by_type = Indicator(
    per_minute(tool_execution_errors, by=error_type),
    title="Tool errors by type",
    description="Tool calls that failed, a minute, by what went wrong.",
)
errors_by_type = Indicator(
    per_minute(agent_errors, by=error_type),
    title="Errors by type",
    description="Requests that failed, a minute, by what went wrong.",
)

# What is not there.
telemetry_absent = Indicator(
    absent(agent_request_duration.count),
    title="No telemetry",
    description="1 where no agent exports anything.",
    unit=ABSENCES,
)
rate_limits_a_minute = Indicator(
    per_minute(llm_rate_limit_errors, by=model),
    title="Rate-limit errors a minute",
    description="Calls refused by the model's provider, a minute.",
)

dropped_observations = Indicator(
    increase(observations_dropped, over="1h"),
    title="Dropped observations",
    description="Observations of the last hour that were lost to a fault in the instrumentation.",
)
inference_errors = Indicator(
    per_minute(llm_inference_errors, by=model),
    title="Failed model calls",
    description="Calls of models that failed, a minute.",
)
search_errors = Indicator(
    per_minute(vector_search_errors, by=collection),
    title="Failed searches",
    description="Vector searches that failed, a minute.",
)

# What the numbers do not tell.
unpriced_calls = Indicator(
    increase(llm_unpriced_requests, by=model, over="1h"),
    title="Unpriced calls",
    description="Calls of the last hour whose cost is not known, because the model has no price.",
)
calls_without_usage = Indicator(
    increase(llm_calls_without_usage, by=model, over="1h"),
    title="Calls without usage",
    description="Calls of the last hour that ended without telling their tokens.",
)
capped_labels = Indicator(
    increase(label_values_capped, by=label, over="1h"),
    title="Capped labels",
    description="Observations of the last hour whose label became `other`, because it has as many values as it may.",
)
