"""The dashboard "Tools & Retrieval": are the tools and the vector searches slow, and do they fail?"""

from agentmetrics.catalog import (
    agent_name,
    collection,
    tool_execution_duration,
    tool_name,
    vector_search_duration,
)
from monitors.indicators import (
    search_errors,
    search_p50,
    search_p95,
    search_p99,
    search_throughput,
    tool_calls_average,
    tool_error_rate,
    tool_errors_by_type,
    tool_p50,
    tool_p95,
    tool_p99,
    tool_throughput,
)
from tocsin.define import Dashboard, Heatmap, Row, Stat, TimeSeries

tools = Dashboard(
    "Tools & Retrieval",
    uid="tools-retrieval",
    description="Latency, failures and load of the tools and of the vector searches.",
    tags=("ai-agents",),
    variables=(agent_name, tool_name, collection),
    rows=(
        Row(
            "Overview",
            Stat(tool_throughput.overall),
            Stat(tool_error_rate.overall),
            Stat(tool_p95.overall),
            Stat(search_p95.overall),
        ),
        Row(
            "Tools",
            Heatmap(tool_execution_duration, title="Tool time distribution", width=12),
            TimeSeries(tool_p99, tool_p95.overall, tool_p50.overall, title="Tool time", width=12),
            TimeSeries(tool_throughput, width=8),
            TimeSeries(tool_error_rate, width=8),
            TimeSeries(tool_errors_by_type, stacked=True, width=8),
        ),
        Row(
            "Retrieval",
            Heatmap(vector_search_duration, title="Vector search distribution", width=12),
            TimeSeries(search_p99, search_p95.overall, search_p50.overall, title="Vector search time", width=12),
            TimeSeries(search_throughput, width=8),
            TimeSeries(search_errors, width=8),
            TimeSeries(tool_calls_average, width=8),
        ),
    ),
)
