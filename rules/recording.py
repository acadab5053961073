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

agents = RuleGroup(
    "ai-agents",
    interval="30s",
    records=(
        Record(latency_p99, "agent_request_duration_seconds:p99_5m"),
        Record(error_rate, "agent_errors_per_request:ratio_rate5m"),
        Record(timeouts_a_minute, "agent_timeouts:per_minute5m"),
        Record(inference_p99, "llm_inference_duration_seconds:p99_5m"),
        Record(rate_limit_errors, "llm_rate_limit_errors:increase5m"),
        Record(rate_limits_a_minute, "llm_rate_limit_errors:per_minute5m"),
        Record(tool_p99, "tool_execution_duration_seconds:p99_5m"),
        Record(tool_error_rate, "tool_errors_per_call:ratio_rate5m"),
        Record(search_p99, "vector_search_duration_seconds:p99_5m"),
        Record(unpriced_calls, "llm_unpriced_requests:increase1h"),
        Record(capped_labels, "agentmetrics_label_values_capped:increase1h"),
    ),
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
cluster = RuleGroup(
    "ai-cluster",
    interval="30s",
    records=(
        Record(node_ready, "kube_node_ready:max"),
        Record(model_pods_not_running, "model_pods_not_running:sum"),
    ),
)
gpu = RuleGroup(
    "ai-gpu",
    interval="30s",
    records=(
        Record(gpu_utilisation, "gpu_utilisation_percent:avg"),
        Record(gpu_memory, "gpu_memory:used_ratio"),
        Record(gpu_xid, "gpu_xid_errors:max"),
    ),
)
langfuse = RuleGroup(
    "ai-langfuse",
    interval="30s",
    records=(
        Record(langfuse_up, "langfuse_up:min"),
        Record(traces_arriving, "langfuse_traces:increase15m"),
        Record(exporter_failures, "langfuse_exporter_failures:per_minute5m"),
    ),
)
