"""vLLM's OpenAI-compatible server, as its `/metrics` has it.

The names have a colon and come from vLLM all the same, not from a recording rule.
"""

from tocsin.metrics import Catalog, Counter, Gauge, Histogram, Label
from tocsin.units import RATIO, REQUESTS, SECONDS, TOKENS

model_name = Label("model_name", "The model as it is served.", cardinality=20)
engine = Label("engine", "The engine of a data-parallel server.", cardinality=8)
finished_reason = Label("finished_reason", "Why the request ended: stop, length, abort, error.", cardinality=5)

job = Label("job", "The scrape job.", cardinality=5)
instance = Label("instance", "The scraped address.", cardinality=50)
namespace = Label("namespace", "The Kubernetes namespace.", cardinality=5)
pod = Label("pod", "The Kubernetes pod.", cardinality=50)

_SERVED = (model_name, engine)
_LATENCY = (
    *(0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60),
    *(120, 240, 480, 960, 1920, 7680),
)
_FIRST_TOKEN = (
    *(0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75),
    *(1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560),
)
_BETWEEN_TOKENS = (
    *(0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75),
    *(1, 2.5, 5, 7.5, 10, 20, 40, 80),
)

request_latency = Histogram(
    "vllm:e2e_request_latency_seconds",
    "Time from a request's arrival to its last token.",
    labels=_SERVED,
    unit=SECONDS,
    counts=REQUESTS,
    buckets=_LATENCY,
)
time_to_first_token = Histogram(
    "vllm:time_to_first_token_seconds",
    "Time from a request's arrival to its first token.",
    labels=_SERVED,
    unit=SECONDS,
    counts=REQUESTS,
    buckets=_FIRST_TOKEN,
)
inter_token_latency = Histogram(
    "vllm:inter_token_latency_seconds",
    "Time between two tokens of an answer.",
    labels=_SERVED,
    unit=SECONDS,
    counts=TOKENS,
    buckets=_BETWEEN_TOKENS,
)
time_per_output_token = Histogram(
    "vllm:request_time_per_output_token_seconds",
    "A request's mean time for each token that it wrote.",
    labels=_SERVED,
    unit=SECONDS,
    counts=REQUESTS,
    buckets=_BETWEEN_TOKENS,
)
queue_time = Histogram(
    "vllm:request_queue_time_seconds",
    "Time that a request waited for its turn.",
    labels=_SERVED,
    unit=SECONDS,
    counts=REQUESTS,
    buckets=_LATENCY,
)
prompt_tokens = Counter(
    "vllm:prompt_tokens_total", "Prompt tokens processed.", labels=_SERVED, unit=TOKENS, initialised=True
)
generation_tokens = Counter(
    "vllm:generation_tokens_total", "Tokens generated.", labels=_SERVED, unit=TOKENS, initialised=True
)
request_success = Counter(
    "vllm:request_success_total",
    "Requests that came to an end, by how.",
    labels=(*_SERVED, finished_reason),
    unit=REQUESTS,
    initialised=True,
)
preemptions = Counter(
    "vllm:num_preemptions_total",
    "Requests that were put back because the KV cache was full.",
    labels=_SERVED,
    unit=REQUESTS,
    initialised=True,
)
requests_running = Gauge(
    "vllm:num_requests_running", "Requests in the running batches.", labels=_SERVED, unit=REQUESTS, minimum=0
)
requests_waiting = Gauge(
    "vllm:num_requests_waiting", "Requests that wait for their turn.", labels=_SERVED, unit=REQUESTS, minimum=0
)
# From 0 to 1, in spite of its name.
kv_cache_usage = Gauge(
    "vllm:kv_cache_usage_perc",
    "The used share of the KV cache.",
    labels=_SERVED,
    unit=RATIO,
    minimum=0,
    maximum=1,
)

CATALOG = Catalog(
    "vllm",
    (
        request_latency,
        time_to_first_token,
        inter_token_latency,
        time_per_output_token,
        queue_time,
        prompt_tokens,
        generation_tokens,
        request_success,
        preemptions,
        requests_running,
        requests_waiting,
        kv_cache_usage,
    ),
    target_labels=(job, instance, namespace, pod),
    version="0.33",
)
