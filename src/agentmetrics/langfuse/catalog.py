"""The series of `agentmetrics langfuse-exporter`, read from Langfuse servers 3 and 4.

Langfuse's metrics API gives sums over a time range. What can be added up is exported as counters, so that `rate()` and
`increase()` take any window; quantiles cannot be added up and are gauges over the last complete five minutes.
"""

from tocsin.metrics import Catalog, Counter, Gauge, Label
from tocsin.units import SECONDS, TOKENS, USD, Unit

TRACES = Unit.counting("traces")
OBSERVATIONS = Unit.counting("observations")
WINDOWS = Unit.counting("windows")
FAILURES = Unit.counting("failures")
ONE = Unit("")
COMPONENTS = Unit.counting("components")

environment = Label("environment", "Langfuse's environment, for example production.", cardinality=5)
trace_name = Label(
    "trace_name",
    "The trace's name: most often the agent. Beyond 200 values: other, as for every label.",
    cardinality=200,
)
model = Label("model", "The model as the application named it; empty where the observation has none.", cardinality=30)
kind = Label("type", "The observation's type: SPAN, GENERATION, EVENT, AGENT, TOOL, ...", cardinality=10)
level = Label("level", "The observation's level.", values=("DEBUG", "DEFAULT", "WARNING", "ERROR"))
token_type = Label("token_type", "What the tokens were for.", values=("input", "output", "other"))
quantile = Label("quantile", "The quantile.", values=("0.5", "0.95", "0.99"))
component = Label("component", "The part of Langfuse that was asked.", values=("web", "worker"))
view = Label("view", "What was asked for.", values=("observations", "traces", "generation_latency", "trace_latency"))
reason = Label(
    "reason",
    "Why Langfuse gave no answer.",
    values=("credentials", "not_found", "rate_limit", "refused", "server", "timeout", "connection", "garbage"),
)
version = Label("version", "The server's version.", cardinality=2)

traces = Counter(
    "langfuse_traces_total",
    "Traces that Langfuse has recorded.",
    labels=(environment, trace_name),
    unit=TRACES,
    initialised=True,
)
observations = Counter(
    "langfuse_observations_total",
    "Observations that Langfuse has recorded; failed ones have the level ERROR.",
    labels=(environment, model, kind, level),
    unit=OBSERVATIONS,
    initialised=True,
)
observation_seconds = Counter(
    "langfuse_observation_duration_seconds_total",
    "Time that observations took, added up: divided by their number it is the mean.",
    labels=(environment, model, kind, level),
    unit=SECONDS * OBSERVATIONS,
    initialised=True,
)
tokens = Counter(
    "langfuse_tokens_total",
    "Tokens that Langfuse has recorded.",
    labels=(environment, model, token_type),
    unit=TOKENS,
    initialised=True,
)
cost = Counter(
    "langfuse_cost_dollars_total",
    "Cost that Langfuse has worked out, in USD.",
    labels=(environment, model),
    unit=USD,
    initialised=True,
)
trace_latency = Gauge(
    "langfuse_trace_latency_seconds",
    "Quantiles of the traces' latency over the last complete five minutes.",
    labels=(environment, trace_name, quantile),
    unit=SECONDS,
    minimum=0,
)
generation_latency = Gauge(
    "langfuse_generation_latency_seconds",
    "Quantiles of the model calls' latency over the last complete five minutes.",
    labels=(environment, model, quantile),
    unit=SECONDS,
    minimum=0,
)
up = Gauge(
    "langfuse_up",
    "Whether the component's health endpoint says that it works, its database included.",
    labels=(component,),
    unit=COMPONENTS,
    minimum=0,
    maximum=1,
)
info = Gauge("langfuse_info", "1, with the server's version.", labels=(version,), unit=ONE, minimum=1, maximum=1)
last_success = Gauge(
    "langfuse_exporter_last_success_timestamp_seconds",
    "When Langfuse last gave all that was asked, in seconds since 1970; 0 before the first time.",
    labels=(view,),
    unit=SECONDS,
    minimum=0,
)
failures = Counter(
    "langfuse_exporter_failures_total",
    "Questions that Langfuse did not answer. What was missed is asked for again.",
    labels=(reason,),
    unit=FAILURES,
    initialised=True,
)
windows_lost = Counter(
    "langfuse_exporter_windows_lost_total",
    "Windows of five minutes that were given up, because Langfuse gave no answer for a day.",
    labels=(view,),
    unit=WINDOWS,
    initialised=True,
)
windows_truncated = Counter(
    "langfuse_exporter_windows_truncated_total",
    "Answers that had more rows than Langfuse gives at once, even for the shortest time: the smallest are missing.",
    labels=(view,),
    unit=WINDOWS,
    initialised=True,
)

CATALOG = Catalog(
    "langfuse",
    (
        traces,
        observations,
        observation_seconds,
        tokens,
        cost,
        trace_latency,
        generation_latency,
        up,
        info,
        last_success,
        failures,
        windows_lost,
        windows_truncated,
    ),
    target_labels=(Label("job", "The scrape job.", cardinality=1), Label("instance", "The exporter.", cardinality=1)),
    scrape_interval="30s",
    version="Langfuse server 3 (metrics API v1) and 4 (metrics API v2, read with 4.16)",
)
