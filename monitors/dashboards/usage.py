"""The dashboard "LLM Usage & Cost": what the models cost, whom, and how far it is to the budget."""

from agentmetrics.catalog import agent_name, model, tenant_id
from monitors.indicators import (
    cache_share,
    calls_without_usage,
    capped_labels,
    cost_against_last_week,
    cost_by_agent,
    cost_by_model,
    cost_by_tenant,
    cost_day,
    cost_month,
    cost_per_request,
    cost_rate,
    cost_share_by_model,
    daily_budget_used,
    dropped_observations,
    inference_errors,
    inference_p50,
    inference_p95,
    inference_p99,
    monthly_budget_used,
    monthly_forecast,
    rate_limits_a_minute,
    token_usage,
    tokens_per_request,
    unpriced_calls,
)
from tocsin.define import BarGauge, Dashboard, Row, Stat, TimeSeries

llm_usage = Dashboard(
    "LLM Usage & Cost",
    uid="llm-usage",
    description="Tokens and money: by model, tenant and agent, and against the budgets.",
    tags=("ai-agents",),
    variables=(agent_name, model, tenant_id),
    shows="24h",
    rows=(
        Row(
            "Overview",
            Stat(cost_day),
            Stat(cost_against_last_week.overall),
            Stat(cost_per_request.overall),
            Stat(cache_share.overall),
        ),
        Row(
            "Tokens",
            TimeSeries(token_usage, title="Tokens by type", stacked=True),
            TimeSeries(token_usage.by(model), title="Tokens by model", stacked=True),
            TimeSeries(cache_share),
            TimeSeries(tokens_per_request),
        ),
        Row(
            "Cost",
            TimeSeries(cost_rate, title="Cost an hour, by model", stacked=True, width=12),
            TimeSeries(cost_per_request, title="Cost per request, by agent", width=12),
            BarGauge(cost_by_model, title="Cost by model, last 24 h", width=6),
            BarGauge(cost_by_tenant, title="Cost by tenant, last 24 h", width=6),
            BarGauge(cost_by_agent, title="Cost by agent, last 24 h", width=6),
            BarGauge(cost_share_by_model, title="Share of cost by model", width=6),
        ),
        Row(
            "Models",
            TimeSeries(inference_p99, inference_p95.overall, inference_p50.overall, title="Model calls", width=12),
            TimeSeries(inference_errors, width=6),
            TimeSeries(rate_limits_a_minute, width=6),
        ),
        Row(
            "Budgets",
            BarGauge(daily_budget_used),
            BarGauge(monthly_budget_used),
            BarGauge(monthly_forecast),
            BarGauge(cost_month),
        ),
        Row(
            "Blind spots",
            BarGauge(unpriced_calls),
            BarGauge(calls_without_usage),
            BarGauge(capped_labels),
            Stat(dropped_observations),
        ),
    ),
)
