"""The dashboard "Langfuse": does it answer, do traces arrive, and does the exporter keep up?"""

from agentmetrics.langfuse.catalog import environment
from monitors.platform.langfuse import (
    exporter_failures,
    exporter_lag,
    exporter_lost,
    generation_p95,
    langfuse_cost,
    langfuse_tokens,
    langfuse_up,
    observation_errors,
    observations_a_minute,
    trace_p95,
    traces_a_minute,
    traces_arriving,
)
from tocsin.define import BarGauge, Dashboard, Row, Stat, TimeSeries, allow

langfuse = Dashboard(
    "Langfuse",
    uid="langfuse",
    description="The trace store: its health, what arrives in it, and the exporter that tells of it.",
    tags=("ai-agents",),
    variables=(environment,),
    rows=(
        Row(
            "Health",
            Stat(langfuse_up),
            Stat(traces_arriving, allow=(allow("rate-interval", because="it shows what the alert counts"),)),
            Stat(observation_errors),
            Stat(exporter_lag.overall),
        ),
        Row(
            "Ingestion",
            TimeSeries(traces_a_minute, stacked=True, width=12),
            TimeSeries(observations_a_minute, stacked=True, width=12),
            TimeSeries(trace_p95, width=8),
            TimeSeries(generation_p95, width=8),
            TimeSeries(langfuse_tokens, stacked=True, width=8),
        ),
        Row(
            "Exporter",
            TimeSeries(exporter_lag, width=8),
            TimeSeries(exporter_failures, stacked=True, width=8),
            BarGauge(exporter_lost, width=8),
            BarGauge(langfuse_cost, width=24),
        ),
    ),
)
