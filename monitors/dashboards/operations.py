"""The dashboard "Daily Operations Check": one screen, once a day; and once a week what grows and what costs more."""

from agentmetrics.catalog import tenant_id
from monitors.indicators import (
    cost_against_last_week,
    cost_by_model,
    cost_by_tenant,
    error_rate,
    latency_p99,
    monthly_forecast,
    requests_against_last_week,
    throughput,
)
from monitors.objectives import availability, latency
from monitors.platform.cluster import (
    gpu_nodes_ready,
    model_pod_restarts,
    model_pods_not_running,
    model_pods_running,
    node_ready,
)
from monitors.platform.gpu import gpu_memory, gpu_memory_fullest, gpu_memory_size, gpu_utilisation
from monitors.platform.scrapes import target_up, targets_up
from tocsin.define import BarGauge, Dashboard, Row, Stat, Text, TimeSeries, allow, at_most, percent, seconds

_AGAINST = (
    "The cost of the last 24 hours, against the same 24 hours a week ago: red is twice as much. "
    "Who cost nothing a week ago has no bar."
)
_CHECKLIST = """\
- **Cost**: what grew against last week, and whose is it? Cheaper models for simple tasks,
  shorter prompts, caching, batching.
- **Capacity**: will next month's load fit? Requests, GPU utilisation and GPU memory of four weeks stand above, as far
  as Prometheus keeps them.
- **Security patches**: nodes, images of the model servers, Langfuse, Grafana, Prometheus.
- **Backups**: restore the latest backup of Langfuse's PostgreSQL and ClickHouse somewhere, and read a trace in it.
"""

_WINDOWS = ("1h", "6h", "1d", "3d")

daily_check = Dashboard(
    "Daily Operations Check",
    uid="daily-check",
    description="Green: nothing to do. Amber: look. Red: act. Each number is judged by the limit that it states.",
    tags=("ai-agents",),
    shows="24h",
    refresh="5m",
    rows=(
        Row(
            "Every day",
            Stat(gpu_nodes_ready),
            Stat(model_pods_running),
            Stat(error_rate.overall.within(at_most(percent(1), red=percent(5)))),
            Stat(latency_p99.overall.within(at_most(seconds(5), red=seconds(10)))),
            Stat(gpu_utilisation.overall),
            Stat(gpu_memory_fullest),
        ),
        Row(
            "Promises",
            BarGauge(availability.budget_left, title="Availability: budget left"),
            TimeSeries(*(availability.burns[window] for window in _WINDOWS), title="Availability: burn rate"),
            BarGauge(latency.budget_left, title="Latency: budget left"),
            TimeSeries(*(latency.burns[window] for window in _WINDOWS), title="Latency: burn rate"),
        ),
        Row(
            "What stands behind it",
            TimeSeries(error_rate, width=8),
            TimeSeries(latency_p99, width=8),
            TimeSeries(targets_up, width=8),
            BarGauge(model_pod_restarts, width=8),
            TimeSeries(gpu_utilisation, width=8),
            TimeSeries(gpu_memory, width=8),
            TimeSeries(node_ready, title="Nodes ready", width=8),
            BarGauge(
                model_pods_not_running,
                title="Model pods not running",
                width=8,
                allow=(allow("cardinality", because="the model servers have a few pods, not all of the cluster's"),),
            ),
            TimeSeries(
                target_up,
                title="Target up",
                width=8,
                allow=(allow("cardinality", because="each address belongs to one job"),),
            ),
        ),
        Row(
            "Every week",
            Stat(cost_against_last_week.overall),
            Stat(requests_against_last_week),
            BarGauge(cost_by_model, title="Cost by model, last 24 h", width=6),
            BarGauge(cost_by_tenant, title="Cost by tenant, last 24 h", width=6),
            BarGauge(
                cost_against_last_week,
                title="Cost against a week ago, by model",
                description=_AGAINST,
                width=8,
            ),
            BarGauge(
                cost_against_last_week.by(tenant_id),
                title="Cost against a week ago, by tenant",
                description=_AGAINST,
                width=8,
            ),
            BarGauge(monthly_forecast, width=8),
            TimeSeries(throughput, title="Load, 4 weeks", shows="4w", width=8),
            TimeSeries(gpu_utilisation, title="GPU utilisation, 4 weeks", shows="4w", width=8),
            TimeSeries(gpu_memory_size, title="GPU memory, 4 weeks", shows="4w", width=8),
            Text(
                _CHECKLIST,
                title="Weekly review",
                description="What no query can tell.",
                width=24,
            ),
        ),
    ),
)
