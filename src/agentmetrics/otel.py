"""OpenTelemetry's GenAI metrics, as Prometheus names them: dots become underscores, seconds get their suffix.

The conventions are in development: names, attributes and bounds are those of November 2026.
"""

from dataclasses import replace

from tocsin.metrics import Catalog, Histogram, Label
from tocsin.units import CALLS, REQUESTS, SECONDS, TOKENS

operation_name = Label(
    "gen_ai_operation_name", "What was done: chat, embeddings, generate_content, ...", cardinality=10
)
provider_name = Label("gen_ai_provider_name", "Who serves the model.", cardinality=10)
request_model = Label("gen_ai_request_model", "The model that was asked for.", cardinality=30)
response_model = Label("gen_ai_response_model", "The model that answered.", cardinality=30)
token_type = Label("gen_ai_token_type", "What the tokens were for.", values=("input", "output"))
agent_name = Label("gen_ai_agent_name", "The agent, as its framework names it.", cardinality=50)
tool_name = Label("gen_ai_tool_name", "The tool that was called.", cardinality=100)
error_type = Label(
    "error_type", "An HTTP status or the name of an exception; absent where all went well.", cardinality=20
)

_UP_TO_82_S = tuple(round(0.01 * 2**power, 2) for power in range(14))
_UP_TO_410_S = tuple(round(0.1 * 2**power, 1) for power in range(13))

client_operation_duration = Histogram(
    "gen_ai_client_operation_duration_seconds",
    "Time that one call of a model took.",
    labels=(operation_name, provider_name, request_model, response_model, error_type),
    unit=SECONDS,
    counts=CALLS,
    buckets=_UP_TO_82_S,
)
client_token_usage = Histogram(
    "gen_ai_client_token_usage",
    "Tokens of one call.",
    labels=(operation_name, provider_name, request_model, response_model, token_type),
    unit=TOKENS,
    counts=CALLS,
    buckets=tuple(4**power for power in range(14)),
)
# What all calls together used is a number of tokens.
tokens_used = replace(client_token_usage.sum, unit=TOKENS)
invoke_agent_duration = Histogram(
    "gen_ai_invoke_agent_duration_seconds",
    "Time that an agent took to answer.",
    labels=(agent_name, request_model, error_type),
    unit=SECONDS,
    counts=REQUESTS,
    buckets=_UP_TO_410_S,
)
invoke_agent_tool_calls = Histogram(
    "gen_ai_invoke_agent_tool_calls",
    "Tool calls of one answer.",
    labels=(agent_name,),
    unit=CALLS,
    counts=REQUESTS,
    buckets=(1, 2, 4, 8, 16, 32, 64, 128),
)
execute_tool_duration = Histogram(
    "gen_ai_execute_tool_duration_seconds",
    "Time that one call of a tool took.",
    labels=(tool_name, agent_name, error_type),
    unit=SECONDS,
    counts=CALLS,
    buckets=_UP_TO_82_S,
)

CATALOG = Catalog(
    "otel",
    (
        client_operation_duration,
        client_token_usage,
        invoke_agent_duration,
        invoke_agent_tool_calls,
        execute_tool_duration,
    ),
    target_labels=(Label("job", "The service.", cardinality=5), Label("instance", "Its instance.", cardinality=200)),
    version="OpenTelemetry GenAI semantic conventions, in development, as of November 2026",
)
