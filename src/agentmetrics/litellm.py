"""What LiteLLM's proxy exports of that which our monitors can use, in version 1.109."""

from tocsin.metrics import Catalog, Counter, Histogram, Label
from tocsin.units import CALLS, SECONDS, TOKENS, USD

model = Label("model", "The model that was called.", cardinality=30)
requested_model = Label("requested_model", "The model group that the client asked for.", cardinality=30)
api_provider = Label("api_provider", "Who serves the model.", cardinality=10)
team = Label("team", "The team's id.", cardinality=500)
team_alias = Label("team_alias", "The team's name.", cardinality=500)
served_model = Label("litellm_model_name", "The model that was called, as failures name it.", cardinality=30)
exception_status = Label("exception_status", "The HTTP status of the failure.", cardinality=10)
exception_class = Label("exception_class", "The kind of the failure.", cardinality=20)

_BUCKETS = (
    *(0.005, 0.00625, 0.0125, 0.025, 0.05, 0.1),
    *(half / 2 for half in range(1, 21)),
    *(15, 20, 25, 30, 60, 120, 180, 240, 300),
)

spend = Counter(
    "litellm_spend_metric_total",
    "Cost of the calls, in USD.",
    labels=(model, requested_model, api_provider, team, team_alias),
    unit=USD,
)
without_cost = Counter(
    "litellm_zero_cost_requests_total",
    "Calls that used tokens and were counted with no cost, by why.",
    labels=(
        *(requested_model, model, api_provider),
        Label(
            "reason",
            "Why it has no cost.",
            values=("missing_pricing_key", "pricing_not_applied", "cost_calculation_error"),
        ),
    ),
    unit=CALLS,
)
input_tokens = Counter(
    "litellm_input_tokens_metric_total",
    "Tokens that the models read, cached ones included.",
    labels=(model, requested_model, team, team_alias),
    unit=TOKENS,
)
output_tokens = Counter(
    "litellm_output_tokens_metric_total",
    "Tokens that the models wrote.",
    labels=(model, requested_model, team, team_alias),
    unit=TOKENS,
)
deployment_failures = Counter(
    "litellm_deployment_failure_responses_total",
    "Calls that a deployment of a model failed.",
    labels=(requested_model, served_model, exception_status, exception_class, api_provider, team, team_alias),
    unit=CALLS,
)
llm_api_latency = Histogram(
    "litellm_llm_api_latency_metric",
    "Time that the model's provider took for one call, in seconds.",
    labels=(model, requested_model, team, team_alias),
    unit=SECONDS,
    counts=CALLS,
    buckets=_BUCKETS,
)

CATALOG = Catalog(
    "litellm",
    (spend, without_cost, input_tokens, output_tokens, deployment_failures, llm_api_latency),
    target_labels=(Label("job", "The scrape job.", cardinality=1), Label("instance", "The proxy.", cardinality=10)),
    version="LiteLLM proxy 1.109",
)
