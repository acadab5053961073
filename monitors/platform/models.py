"""Model servers (vLLM): how fast, how full, how long the queue."""

from agentmetrics.exporters.vllm import (
    finished_reason,
    generation_tokens,
    inter_token_latency,
    kv_cache_usage,
    model_name,
    preemptions,
    prompt_tokens,
    queue_time,
    request_latency,
    request_success,
    requests_running,
    requests_waiting,
    time_to_first_token,
)
from tocsin.define import Indicator, at_most, maximum, per_minute, percent, quantile, rate, total

first_token_p95 = Indicator(
    quantile("0.95", time_to_first_token, by=model_name),
    title="P95 time to first token",
    description="One request in twenty waits longer than this for its first token.",
)
token_gap_p95 = Indicator(
    quantile("0.95", inter_token_latency, by=model_name),
    title="P95 time between tokens",
    description="One token in twenty takes longer than this.",
)
served_p95 = Indicator(
    quantile("0.95", request_latency, by=model_name),
    title="P95 served",
    description="One request in twenty takes the model server longer than this.",
)
queue_p95 = Indicator(
    quantile("0.95", queue_time, by=model_name),
    title="P95 queue time",
    description="One request in twenty waits longer than this for its turn.",
)
running = Indicator(
    total(requests_running, by=model_name),
    title="Requests running",
    description="Requests that are being worked on now.",
)
waiting = Indicator(
    total(requests_waiting, by=model_name),
    title="Requests waiting",
    description="Requests that wait for their turn now. A queue that does not drain wants another replica.",
)
kv_cache = Indicator(
    maximum(kv_cache_usage, by=model_name),
    title="KV cache used",
    description="The fullest engine's KV cache. Where it is full, requests are put back and begin anew.",
    target=at_most(percent(90)),
)
generated = Indicator(
    rate(generation_tokens, by=model_name),
    title="Generated tokens",
    description="Tokens generated a second.",
)
prompted = Indicator(
    rate(prompt_tokens, by=model_name),
    title="Prompt tokens",
    description="Prompt tokens processed a second.",
)
put_back = Indicator(
    per_minute(preemptions, by=model_name),
    title="Preemptions a minute",
    description="Requests that were put back because the KV cache was full, a minute.",
)
finished = Indicator(
    rate(request_success, by=finished_reason),
    title="Finished requests",
    description="Requests that came to an end, a second, by how.",
)
