"""The dashboard "Agent Traces": how a request does its work, and which trace to open."""

from agentmetrics.catalog import agent_chain_length, agent_iterations, agent_name, agent_tool_calls
from monitors.indicators import (
    chain_length_p50,
    chain_length_p95,
    errors_by_type,
    iterations_average,
    iterations_p95,
    latency_p99,
    success_rate,
    timeouts_a_minute,
    tool_calls_average,
    tool_calls_p95,
)
from tocsin.define import Dashboard, Heatmap, Row, Stat, TimeSeries, Traces

agent_traces = Dashboard(
    "Agent Traces",
    uid="agent-traces",
    description="Steps, tool calls and loops of the agents' requests, and the traces themselves.",
    tags=("ai-agents",),
    variables=(agent_name,),
    rows=(
        Row(
            "Overview",
            Stat(success_rate.overall),
            Stat(chain_length_p50.overall),
            Stat(tool_calls_average.overall),
            Stat(iterations_average.overall),
        ),
        Row(
            "Shape",
            Heatmap(agent_chain_length, title="Chain length", width=8),
            Heatmap(agent_tool_calls, title="Tool calls per request", width=8),
            Heatmap(agent_iterations, title="Iterations per request", width=8),
            TimeSeries(chain_length_p95, width=8),
            TimeSeries(tool_calls_p95, width=8),
            TimeSeries(iterations_p95, width=8),
            TimeSeries(success_rate, width=8),
            TimeSeries(errors_by_type, stacked=True, width=8),
            TimeSeries(timeouts_a_minute, width=8),
        ),
        Row(
            "Traces",
            Traces("recent", title="Recent traces", description="The latest requests."),
            Traces(
                "slow",
                over=latency_p99,
                title="Slow requests",
                description="Requests that took {over} or more: the threshold of the latency alert.",
            ),
            Traces("errors", title="Error traces", description="Requests that failed."),
        ),
    ),
)
