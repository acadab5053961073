"""The contract: every series that an AI agent exports, with type, help, labels, unit and buckets.

The monitors query these names and no others, and the application exports them from the same definitions.
"""

from tocsin.metrics import Catalog, Counter, Gauge, Histogram, Label
from tocsin.units import CALLS, QUERIES, REQUESTS, SECONDS, SESSIONS, STEPS, TOKENS, USD, Unit

OBSERVATIONS = Unit.counting("observations")

agent_name = Label("agent_name", "The agent that answered.", cardinality=50)
model = Label("model", "The model that was called, as its provider names it.", cardinality=30)
provider = Label("provider", "Who serves the model.", cardinality=10)
tenant_id = Label("tenant_id", "Who pays.", cardinality=500)
tool_name = Label("tool_name", "The tool that was called.", cardinality=100)
collection = Label("collection", "The vector collection that was searched.", cardinality=50)
error_type = Label("error_type", "What went wrong; unknown where nobody said.", cardinality=20)
token_type = Label(
    "token_type",
    "What the tokens were for. No token counts twice: input is what was not cached, output what was no reasoning.",
    values=("input", "output", "cache_read", "cache_write", "reasoning"),
)
# The label of a metric, as a value: which of them has more values than it may.
label = Label("label", "The label that has too many values.", cardinality=10)

job = Label("job", "The scrape job.", cardinality=5)
instance = Label("instance", "The scraped address.", cardinality=200)
namespace = Label("namespace", "The Kubernetes namespace.", cardinality=5)
pod = Label("pod", "The Kubernetes pod.", cardinality=200)

# Latency. Every target and every alert threshold is a bound, so that a comparison with it is exact.
agent_request_duration = Histogram(
    "agent_request_duration_seconds",
    "Time from a request's arrival to its answer.",
    labels=(agent_name, model, tenant_id),
    unit=SECONDS,
    counts=REQUESTS,
    buckets=(0.1, 0.5, 1, 2, 5, 10, 30, 60),
)
llm_inference_duration = Histogram(
    "llm_inference_duration_seconds",
    "Time that one call of a model took.",
    labels=(model, provider),
    unit=SECONDS,
    counts=CALLS,
    buckets=(0.1, 0.5, 1, 2, 3, 5, 8, 10, 30),
)
tool_execution_duration = Histogram(
    "tool_execution_duration_seconds",
    "Time that one call of a tool took.",
    labels=(tool_name, agent_name),
    unit=SECONDS,
    counts=CALLS,
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 3, 5, 10),
)
vector_search_duration = Histogram(
    "vector_search_duration_seconds",
    "Time that one vector search took.",
    labels=(collection, agent_name),
    unit=SECONDS,
    counts=QUERIES,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 1, 2.5),
)

# Tokens and money.
llm_tokens = Counter(
    "llm_tokens_total",
    "Tokens that models read and wrote.",
    labels=(model, token_type, tenant_id, agent_name),
    unit=TOKENS,
)
llm_cost = Counter(
    "llm_cost_dollars_total",
    "Estimated cost of the models' tokens, in USD.",
    labels=(model, tenant_id, agent_name),
    unit=USD,
    initialised=True,
)
llm_unpriced_requests = Counter(
    "llm_unpriced_requests_total",
    "Calls whose cost is not known, because the model has no price.",
    labels=(model, provider),
    unit=CALLS,
    initialised=True,
)
llm_calls_without_usage = Counter(
    "llm_calls_without_usage_total",
    "Calls that ended without telling their tokens, as streams do unless they are asked.",
    labels=(model, provider),
    unit=CALLS,
    initialised=True,
)
tenant_daily_budget = Gauge(
    "tenant_daily_budget_usd",
    "The budget for one day that the tenant agreed to, in USD.",
    labels=(tenant_id,),
    unit=USD,
    minimum=0,
)
tenant_monthly_budget = Gauge(
    "tenant_monthly_budget_usd",
    "The budget for one month that the tenant agreed to, in USD.",
    labels=(tenant_id,),
    unit=USD,
    minimum=0,
)

# Errors. An error is a failed request (or call): it counts in the unit of what failed.
agent_errors = Counter(
    "agent_errors_total",
    "Requests that failed.",
    labels=(agent_name, error_type, tenant_id),
    unit=REQUESTS,
    part_of=agent_request_duration.count,
)
llm_rate_limit_errors = Counter(
    "llm_rate_limit_errors_total",
    "Calls that a model's provider refused because of its rate limit.",
    labels=(model, provider, tenant_id),
    unit=CALLS,
    initialised=True,
)
llm_inference_errors = Counter(
    "llm_inference_errors_total",
    "Calls of a model that failed.",
    labels=(model, provider, error_type),
    unit=CALLS,
    part_of=llm_inference_duration.count,
)
tool_execution_errors = Counter(
    "tool_execution_errors_total",
    "Tool calls that failed.",
    labels=(tool_name, agent_name, error_type),
    unit=CALLS,
    part_of=tool_execution_duration.count,
)
vector_search_errors = Counter(
    "vector_search_errors_total",
    "Vector searches that failed.",
    labels=(collection, agent_name, error_type),
    unit=QUERIES,
    part_of=vector_search_duration.count,
)
agent_timeouts = Counter(
    "agent_timeout_total",
    "Requests that ran out of time.",
    labels=(agent_name, tenant_id),
    unit=REQUESTS,
    part_of=agent_request_duration.count,
)

# Load and the shape of a request's work.
agent_active_sessions = Gauge(
    "agent_active_sessions",
    "Sessions that are open now.",
    labels=(agent_name, tenant_id),
    unit=SESSIONS,
    minimum=0,
)
agent_chain_length = Histogram(
    "agent_chain_length",
    "Steps that one request took.",
    labels=(agent_name,),
    unit=STEPS,
    counts=REQUESTS,
    buckets=(1, 2, 3, 5, 8, 13, 21, 34),
)
agent_tool_calls = Histogram(
    "agent_tool_calls",
    "Tool calls that one request made.",
    labels=(agent_name,),
    unit=CALLS,
    counts=REQUESTS,
    buckets=(0, 1, 2, 3, 5, 8, 13, 21, 34),
)
agent_iterations = Histogram(
    "agent_iterations",
    "Times that one request went round the agent's loop.",
    labels=(agent_name,),
    unit=STEPS,
    counts=REQUESTS,
    buckets=(1, 2, 3, 5, 8, 13, 21, 34),
)

# The instrumentation itself.
label_values_capped = Counter(
    "agentmetrics_label_values_capped_total",
    "Observations whose label became `other`, because it has as many values as it may.",
    labels=(label,),
    unit=OBSERVATIONS,
    initialised=True,
)
observations_dropped = Counter(
    "agentmetrics_observations_dropped_total",
    "Observations that were lost to a fault in the instrumentation.",
    unit=OBSERVATIONS,
    initialised=True,
)

CATALOG = Catalog(
    "agents",
    (
        agent_request_duration,
        llm_inference_duration,
        tool_execution_duration,
        vector_search_duration,
        llm_tokens,
        llm_cost,
        llm_unpriced_requests,
        llm_calls_without_usage,
        tenant_daily_budget,
        tenant_monthly_budget,
        agent_errors,
        llm_rate_limit_errors,
        llm_inference_errors,
        tool_execution_errors,
        vector_search_errors,
        agent_timeouts,
        agent_active_sessions,
        agent_chain_length,
        agent_tool_calls,
        agent_iterations,
        label_values_capped,
        observations_dropped,
    ),
    target_labels=(job, instance, namespace, pod),
    scrape_interval="15s",
)
