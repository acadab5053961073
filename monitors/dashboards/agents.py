"""The dashboard "AI Agents": is it slow, is it failing, what does it cost and whom, and which trace do I open?"""

from agentmetrics.catalog import agent_name, agent_request_duration, model, tenant_id
from monitors.indicators import (
    active_sessions,
    cost_by_model,
    cost_by_tenant,
    daily_budget_used,
    error_rate,
    latency_average,
    latency_p50,
    latency_p95,
    latency_p99,
    rate_limit_errors,
    requests_shown,
    success_rate,
    throughput,
    token_usage,
)
from tocsin.define import BarGauge, Dashboard, Heatmap, Row, Stat, TimeSeries, Traces, allow

ai_agents = Dashboard(
    "AI Agents",
    uid="ai-agents",
    description="Latency, failures, load, cost and traces of all agents.",
    tags=("ai-agents",),
    variables=(agent_name, model, tenant_id),
    rows=(
        Row(
            "Overview",
            Stat(requests_shown),
            Stat(success_rate.overall),
            Stat(latency_average.overall),
            Stat(active_sessions.overall),
        ),
        Row(
            "Performance",
            Heatmap(agent_request_duration, title="Latency distribution", width=12),
            TimeSeries(latency_p99, latency_p95.overall, latency_p50.overall, title="Latency", width=12),
            TimeSeries(throughput, width=8),
            TimeSeries(error_rate, width=8),
            TimeSeries(
                rate_limit_errors,
                width=8,
                allow=(allow("rate-interval", because="it shows what the alert counts: refusals in 5 minutes"),),
            ),
        ),
        Row(
            "Cost & Usage",
            TimeSeries(token_usage, title="Token usage", stacked=True),
            BarGauge(cost_by_model, title="Cost by model, last 24 h"),
            BarGauge(cost_by_tenant, title="Cost by tenant, last 24 h"),
            BarGauge(daily_budget_used),
        ),
        Row(
            "Traces",
            Traces("recent", title="Recent traces", description="The latest requests.", width=24),
            Traces(
                "slow",
                over=latency_p99,
                title="Slow requests",
                description="Requests that took {over} or more: the threshold of the latency alert.",
                width=12,
            ),
            Traces("errors", title="Error traces", description="Requests that failed.", width=12),
        ),
    ),
)
