"""The dashboard "Model Servers & GPU": is the model server the slow part, and does it have room?"""

from agentmetrics.exporters.dcgm import hostname
from agentmetrics.exporters.vllm import model_name, request_latency, time_to_first_token
from monitors.platform.gpu import (
    gpu_memory,
    gpu_memory_size,
    gpu_power,
    gpu_temperature,
    gpu_utilisation,
    gpu_xid,
)
from monitors.platform.models import (
    finished,
    first_token_p95,
    generated,
    kv_cache,
    prompted,
    put_back,
    queue_p95,
    running,
    served_p95,
    token_gap_p95,
    waiting,
)
from tocsin.define import Dashboard, Heatmap, Row, Stat, TimeSeries

model_servers = Dashboard(
    "Model Servers & GPU",
    uid="model-servers",
    description="vLLM and the GPUs that it runs on.",
    tags=("ai-agents",),
    variables=(model_name, hostname),
    rows=(
        Row(
            "Overview",
            Stat(running.overall),
            Stat(waiting.overall),
            Stat(first_token_p95.overall),
            Stat(kv_cache.overall),
        ),
        Row(
            "Model servers",
            Heatmap(request_latency, title="Request latency", width=12),
            Heatmap(time_to_first_token, title="Time to first token", width=12),
            TimeSeries(served_p95, width=8),
            TimeSeries(first_token_p95, width=8),
            TimeSeries(token_gap_p95, width=8),
            TimeSeries(running, width=8),
            TimeSeries(waiting, width=8),
            TimeSeries(queue_p95, width=8),
            TimeSeries(generated, prompted, title="Tokens a second", width=8),
            TimeSeries(kv_cache, width=8),
            TimeSeries(put_back, width=8),
            TimeSeries(finished, stacked=True, width=24),
        ),
        Row(
            "GPU",
            TimeSeries(gpu_utilisation, width=8),
            TimeSeries(gpu_memory, width=8),
            TimeSeries(gpu_memory_size, width=8),
            TimeSeries(gpu_temperature, width=8),
            TimeSeries(gpu_power, width=8),
            TimeSeries(gpu_xid, width=8),
        ),
    ),
)
