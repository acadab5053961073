"""What Prometheus computes once for all who read it: what the alerts look at, and the costs of a day."""

from monitors.indicators import (
    capped_labels,
    cost_by_model,
    cost_by_tenant,
    cost_cube,
    daily_budget,
    daily_budget_used,
    error_rate,
    inference_p99,
    latency_p99,
    monthly_budget_used,
    monthly_forecast,
    rate_limit_errors,
    rate_limits_a_minute,
    search_p99,
    timeouts_a_minute,
    tool_error_rate,
    tool_p99,
    unpriced_calls,
)
from monitors.platform.cluster import model_pods_not_running, node_ready
from monitors.platform.gpu import gpu_memory, gpu_utilisation, gpu_xid
from monitors.platform.langfuse import exporter_failures, langfuse_up, traces_arriving
from monitors.platform.scrapes import target_up
from tocsin.define import Record, RuleGroup, allow

_BY_ITSELF = allow("recorded-instead", because="an alert looks at it: it waits for no other group")

# A group holds what is computed together, and no more: the test of an alert evaluates all rules of the groups it reads.
latency = RuleGroup(
    "ai-latency", interval="30s", records=(Record(latency_p99, "agent_request_duration_seconds:p99_5m"),)
)
errors = RuleGroup(
    "ai-errors",
    interval="30s",
    records=(Record(error_rate, "agent_errors_per_request:ratio_rate5m", allow=(_BY_ITSELF,)),),
)
timeouts = RuleGroup("ai-timeouts", interval="30s", records=(Record(timeouts_a_minute, "agent_timeouts:per_minute5m"),))
inference = RuleGroup(
    "ai-inference", interval="30s", records=(Record(inference_p99, "llm_inference_duration_seconds:p99_5m"),)
)
rate_limits = RuleGroup(
    "ai-rate-limits",
    interval="30s",
    records=(
        Record(rate_limit_errors, "llm_rate_limit_errors:increase5m"),
        Record(rate_limits_a_minute, "llm_rate_limit_errors:per_minute5m"),
    ),
)
tools = RuleGroup("ai-tools", interval="30s", records=(Record(tool_p99, "tool_execution_duration_seconds:p99_5m"),))
tool_errors = RuleGroup(
    "ai-tool-errors", interval="30s", records=(Record(tool_error_rate, "tool_errors_per_call:ratio_rate5m"),)
)
search = RuleGroup("ai-search", interval="30s", records=(Record(search_p99, "vector_search_duration_seconds:p99_5m"),))
unpriced = RuleGroup(
    "ai-unpriced", interval="30s", records=(Record(unpriced_calls, "llm_unpriced_requests:increase1h"),)
)
capped = RuleGroup(
    "ai-label-caps", interval="30s", records=(Record(capped_labels, "agentmetrics_label_values_capped:increase1h"),)
)
cost = RuleGroup(
    "ai-cost",
    interval="30s",
    records=(
        Record(
            cost_cube,
            "llm_cost_dollars:increase24h",
            allow=(allow("cardinality", because="it has as many series as the counter, and spares every panel a day"),),
        ),
        Record(cost_by_tenant, "llm_cost_dollars:increase24h"),
        Record(cost_by_model, "llm_cost_dollars:increase24h"),
        Record(daily_budget, "tenant_daily_budget_usd:effective"),
        Record(daily_budget_used, "tenant_daily_budget:used_ratio"),
    ),
)
# Days are summed: it need not be often.
month = RuleGroup(
    "ai-cost-month",
    interval="2m",
    records=(
        Record(monthly_budget_used, "tenant_monthly_budget:used_ratio"),
        Record(monthly_forecast, "tenant_monthly_budget:forecast_ratio"),
    ),
)
scrapes = RuleGroup("ai-scrapes", interval="30s", records=(Record(target_up, "up:min"),))
nodes = RuleGroup("ai-nodes", interval="30s", records=(Record(node_ready, "kube_node_ready:max"),))
model_pods = RuleGroup(
    "ai-model-pods", interval="30s", records=(Record(model_pods_not_running, "model_pods_not_running:sum"),)
)
gpu_use = RuleGroup(
    "ai-gpu-utilisation", interval="30s", records=(Record(gpu_utilisation, "gpu_utilisation_percent:avg"),)
)
gpu_full = RuleGroup("ai-gpu-memory", interval="30s", records=(Record(gpu_memory, "gpu_memory:used_ratio"),))
gpu_faults = RuleGroup("ai-gpu-faults", interval="30s", records=(Record(gpu_xid, "gpu_xid_errors:max"),))
langfuse = RuleGroup("ai-langfuse", interval="30s", records=(Record(langfuse_up, "langfuse_up:min"),))
traces = RuleGroup(
    "ai-langfuse-traces", interval="30s", records=(Record(traces_arriving, "langfuse_traces:increase15m"),)
)
exporter = RuleGroup(
    "ai-langfuse-exporter",
    interval="30s",
    records=(Record(exporter_failures, "langfuse_exporter_failures:per_minute5m"),),
)
