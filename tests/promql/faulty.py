"""Queries that are wrong, each with one that is right: the check that finds it, and how bad it is."""

from __future__ import annotations

from synthetic import CATALOG

from tocsin.findings import Severity
from tocsin.metrics import Catalog, Gauge, Label
from tocsin.promql.infer import Context
from tocsin.promql.world import Recording, World
from tocsin.units import SECONDS

INFO = Catalog(
    "info",
    (
        Gauge("tenant_info", "Names.", labels=(Label("tenant"), Label("plan")), unit=SECONDS),
        Gauge("server_uptime_seconds", "Time since its start.", unit=SECONDS),
    ),
)
WORLD = World.of(
    [CATALOG, INFO],
    {
        "agent:requests:rate5m": (Recording("sum by (agent) (rate(requests_total[5m]))", interval=60_000),),
        "job:requests:sum": (Recording("max by (job) (requests_total)", interval=60_000),),
        "a:b": (Recording("c:d"),),
        "c:d": (Recording("a:b"),),
    },
)
ERROR, WARNING, INFORMATION = Severity.ERROR, Severity.WARNING, Severity.INFO
IN_A_RULE = Context("rule", interval=300_000, budget=10)
IN_A_PANEL = Context("panel")

# check, severity, bad, good
EXAMPLES = [
    ("syntax", ERROR, "sum(", "sum(sessions)"),
    ("syntax", ERROR, "limitk(2, sessions)", "topk(2, sessions)"),
    ("syntax", ERROR, "sessions > 10m", "sessions offset 10m > 600"),
    ("syntax", ERROR, "sessions > 10m", 'balance_usd{tenant!="10m"} > 600'),
    ("syntax", ERROR, "rate(requests_total[300])", "rate(requests_total[300s])"),
    (
        "syntax",
        ERROR,
        "rate(requests_total[5m]) + rate(requests_total[300])",
        'rate(requests_total{instance!="[5m]"}[5m]) + rate(requests_total[300s])',
    ),
    ("syntax", ERROR, "first_over_time(sessions[5m])", "last_over_time(sessions[5m])"),
    ("syntax", ERROR, '{"requests.total"}', "requests_total"),
    ("syntax", ERROR, 'sessions{agent="writer" or agent="critic"}', 'sessions{agent=~"writer|critic"}'),
    ("syntax", ERROR, "sessions + on (agent) group_left fill_right(0) (2 * sessions)", "sessions + 2 * sessions"),
    ("metric-unknown", ERROR, "request_total", "requests_total"),
    ("metric-unknown", ERROR, "absent(upp)", "absent(up)"),
    ("type-function", ERROR, "duration_seconds", "duration_seconds_count"),
    ("type-function", ERROR, "rate(sessions[5m])", "rate(requests_total[5m])"),
    ("type-function", ERROR, "resets(sessions[5m])", "resets(requests_total[5m])"),
    ("type-function", ERROR, "rate(agent:requests:rate5m[5m])", "avg_over_time(agent:requests:rate5m[5m])"),
    ("type-function", ERROR, "increase(rate(requests_total[5m])[10m:1m])", "delta(rate(requests_total[5m])[10m:1m])"),
    ("type-function", ERROR, "delta(requests_total[5m])", "delta(sessions[5m])"),
    ("type-function", ERROR, "deriv(requests_total[5m])", "deriv(sessions[5m])"),
    ("type-function", ERROR, "sum(requests_total)", "sum(increase(requests_total[5m]))"),
    ("type-function", ERROR, "sum by (agent) (requests_total)", "sum by (agent) (requests_total) * 0"),
    ("type-function", ERROR, "avg(requests_total)", "count(requests_total)"),
    ("type-function", ERROR, "requests_total > 5", "requests_total > 0"),
    ("type-function", ERROR, "resets(sessions[5m])", "resets(server_uptime_seconds[5m])"),
    ("type-function", ERROR, "5 < requests_total", "requests_total unless requests_total offset 1h"),
    ("label-unknown", ERROR, 'requests_total{agnt="writer"}', 'requests_total{agent="writer"}'),
    ("label-unknown", ERROR, 'requests_total{cod!="500"}', 'requests_total{nothing=""}'),
    (
        "label-unknown",
        ERROR,
        "sum by (tenant) (rate(requests_total[5m]))",
        "sum by (instance) (rate(requests_total[5m]))",
    ),
    ("label-unknown", ERROR, "sum without (tenant) (sessions)", "sum without (instance) (sessions)"),
    (
        "label-unknown",
        ERROR,
        "sessions / on (tenant) memory_bytes",
        "sessions / on (agent, instance) (memory_bytes > 0)",
    ),
    (
        "label-unknown",
        ERROR,
        "sessions and ignoring (tenant) memory_bytes",
        "sessions and ignoring (code) requests_total",
    ),
    (
        "label-unknown",
        ERROR,
        "balance_usd * on (tenant) group_left (plann) max by (tenant, plan) (tenant_info)",
        "balance_usd * on (tenant) group_left (plan) max by (tenant, plan) (tenant_info)",
    ),
    ("label-value", ERROR, 'requests_total{code="501"}', 'requests_total{code="500"}'),
    ("label-value", ERROR, 'requests_total{code!="501"}', 'requests_total{code!="500"}'),
    ("label-value", ERROR, 'requests_total{code=~"3.."}', 'requests_total{code=~"5.."}'),
    ("label-value", ERROR, 'requests_total{code!~"[245].."}', 'requests_total{code!~"[45].."}'),
    ("label-value", WARNING, 'requests_total{code=~"[245].."}', 'requests_total{code=~"$code"}'),
    ("label-value", WARNING, 'requests_total{code!~"3.."}', 'requests_total{code!~"4.."}'),
    (
        "counter-reset",
        WARNING,
        "requests_total - spent_usd_total",
        "sum(rate(requests_total[5m])) - sum(rate(failures_total[5m]))",
    ),
    ("counter-reset", WARNING, "max_over_time(requests_total[5m])", "last_over_time(requests_total[5m])"),
    (
        "counter-reset",
        WARNING,
        "rate(max by (agent) (requests_total)[5m:1m])",
        "max by (agent) (rate(requests_total[5m]))",
    ),
    ("counter-reset", WARNING, "increase(job:requests:sum[1h])", "job:requests:sum"),
    (
        "le-missing",
        ERROR,
        "histogram_quantile(0.9, sum by (agent) (rate(duration_seconds_bucket[5m])))",
        "histogram_quantile(0.9, sum by (agent, le) (rate(duration_seconds_bucket[5m])))",
    ),
    (
        "le-missing",
        ERROR,
        'histogram_quantile(0.9, rate(duration_seconds_bucket{le!="+Inf"}[5m]))',
        'histogram_quantile(0.9, rate(duration_seconds_bucket{le=~"5.0|\\\\+Inf"}[5m]))',
    ),
    ("le-value", ERROR, 'duration_seconds_bucket{le="0.3"}', 'duration_seconds_bucket{le="0.5"}'),
    ("le-value", ERROR, 'duration_seconds_bucket{le="1"}', 'duration_seconds_bucket{le="1.0"}'),
    ("le-value", ERROR, 'duration_seconds_bucket{le=~"3|4"}', 'duration_seconds_bucket{le=~"5(\\\\.0)?"}'),
    (
        "quantile-range",
        ERROR,
        "histogram_quantile(99, duration_seconds_bucket)",
        "histogram_quantile(0.99, duration_seconds_bucket)",
    ),
    ("quantile-range", ERROR, "quantile(50, sessions)", "quantile(0.5, sessions)"),
    ("quantile-range", ERROR, "quantile_over_time(-1, sessions[5m])", "quantile_over_time(1, sessions[5m])"),
    (
        "quantile-aggregated",
        ERROR,
        "avg(histogram_quantile(0.9, rate(duration_seconds_bucket[5m])))",
        "max(histogram_quantile(0.9, rate(duration_seconds_bucket[5m])))",
    ),
    (
        "unit-mismatch",
        ERROR,
        "sum(memory_bytes) > sum(sessions)",
        "sum(memory_bytes) / 1024 > 5",
    ),
    ("unit-mismatch", ERROR, "load_percent - on (job, instance) sessions", "load_percent - 5"),
    ("unit-mismatch", ERROR, "sum(increase(requests_total[1h])) < sum(rate(requests_total[1h]))", "time() - 5"),
    (
        "unit-mismatch",
        ERROR,
        "sum(rate(requests_total[5m])) * 60 > sum(rate(requests_total[5m]))",
        "sum(rate(requests_total[5m])) * 60 > sum(rate(requests_total[5m])) * 60",
    ),
    (
        "unit-mismatch",
        ERROR,
        "histogram_quantile(0.9, sum by (le) (rate(duration_seconds_bucket[5m]))) * 1000 > "
        "histogram_quantile(0.5, sum by (le) (rate(duration_seconds_bucket[5m])))",
        "sum(rate(duration_seconds_sum[5m])) / (sum(rate(duration_seconds_count[5m])) > 0) > "
        "histogram_quantile(0.5, sum by (le) (rate(duration_seconds_bucket[5m])))",
    ),
    ("join-many", ERROR, "sessions / on (job) memory_bytes", "sessions / on (agent, job, instance) memory_bytes"),
    (
        "join-many",
        ERROR,
        "sessions / on (instance) memory_bytes",
        "load_percent / on (instance) sum by (instance) (memory_bytes)",
    ),
    (
        "join-many",
        ERROR,
        "sum by (tenant) (increase(spent_usd_total[1h])) / on (tenant) group_left () balance_usd",
        "sum by (tenant) (increase(spent_usd_total[1h])) / on (tenant) group_left () max by (tenant) (balance_usd)",
    ),
    ("join-many", ERROR, "sessions + on (agent) (memory_bytes > 0)", "sessions and on (agent) memory_bytes"),
    (
        "join-many",
        ERROR,
        "load_percent * on (instance) (sum by (instance, agent) (rate(requests_total[5m])) > 0)",
        "load_percent * on (instance) (sum by (instance, agent) (rate(requests_total[5m])) - 9 > 0)",
    ),
    (
        "join-empty",
        ERROR,
        "sum by (agent) (sessions) / sum(sessions)",
        "sum by (agent) (sessions) / ignoring (agent) group_left () sum(sessions)",
    ),
    (
        "join-empty",
        ERROR,
        'rate(requests_total{code="500"}[5m]) / rate(requests_total{code="200"}[5m])',
        'rate(requests_total{code="500"}[5m]) / ignoring (code) rate(requests_total{code="200"}[5m])',
    ),
    ("join-empty", ERROR, "sessions and load_percent", "sessions and on (instance) load_percent"),
    ("join-empty", ERROR, "sessions unless balance_usd", "sessions unless memory_bytes"),
    (
        "division-by-zero",
        WARNING,
        "sum(rate(failures_total[5m])) / sum(rate(requests_total[5m]))",
        "sum(rate(failures_total[5m])) / (sum(rate(requests_total[5m])) > 0)",
    ),
    ("division-by-zero", WARNING, "balance_usd / 0", "balance_usd / 2"),
    ("division-by-zero", WARNING, "memory_bytes / sessions", "memory_bytes / clamp_min(sessions, 1)"),
    (
        "division-by-zero",
        WARNING,
        "memory_bytes / sessions > 9 and sessions >= 0",
        "sessions > 0 and memory_bytes / sessions",
    ),
    (
        "division-by-zero",
        WARNING,
        "memory_bytes / sessions unless sessions > 0",
        "memory_bytes / sessions unless sessions == 0",
    ),
    (
        "division-by-zero",
        WARNING,
        "sessions == 0 unless memory_bytes / sessions > 1",
        "(memory_bytes / (sessions)) > 9 and (sessions > 2)",
    ),
    (
        "division-by-zero",
        WARNING,
        "memory_bytes / sessions and on () sessions > 0",
        "memory_bytes / sessions and on (agent) sessions > 0 unless on (agent) up",
    ),
    (
        "division-by-zero",
        WARNING,
        "memory_bytes / sessions and memory_bytes > 0",
        "memory_bytes / sessions and sessions != 0",
    ),
    (
        "ratio-shape",
        WARNING,
        'sum(rate(requests_total[5m])) / (sum(rate(requests_total{code="200"}[5m])) > 0)',
        'sum(rate(requests_total{code="500"}[5m])) / (sum(rate(requests_total{code="200"}[5m])) > 0)',
    ),
    (
        "ratio-shape",
        WARNING,
        "sum(rate(failures_total[5m])) / (sum(rate(requests_total[10m])) > 0)",
        "sum(rate(requests_total[5m])) / (sum(rate(requests_total[10m])) > 0)",
    ),
    (
        "ratio-shape",
        WARNING,
        'avg(rate(requests_total{code="500"}[5m]) / ignoring (code) (rate(requests_total{code="200"}[5m]) > 0))',
        "avg(sessions / (memory_bytes > 0))",
    ),
    ("nan-aggregated", WARNING, "sum(sessions / memory_bytes)", "sum(sessions / (memory_bytes > 0))"),
    (
        "lazy-series",
        WARNING,
        "sum(rate(failures_total[5m])) / (sum(rate(requests_total[5m])) > 0)",
        "(sum(rate(failures_total[5m])) or sum(rate(requests_total[5m])) * 0) / (sum(rate(requests_total[5m])) > 0)",
    ),
    ("lazy-series", WARNING, "increase(failures_total[5m]) > 10", "increase(requests_total[5m]) > 10"),
    (
        "lazy-series",
        WARNING,
        'sum(rate(failures_total{tenant="acme"}[5m])) / sum(rate(failures_total[5m]))',
        "sum by (agent) (rate(failures_total[5m])) / on () group_left () sum(rate(failures_total[5m]))",
    ),
    ("range-short", ERROR, "rate(requests_total[20s])", "rate(requests_total[1m])"),
    ("range-short", WARNING, "increase(requests_total[45s])", "irate(requests_total[45s])"),
    (
        "range-short",
        ERROR,
        "max_over_time(rate(requests_total[15s])[10m:1m])",
        "max_over_time(rate(requests_total[1m])[10m:1m])",
    ),
    ("range-short", ERROR, "delta(agent:requests:rate5m[1m])", "delta(agent:requests:rate5m[5m])"),
    ("regex", WARNING, 'sessions{agent=~"writer"}', 'sessions{agent="writer"}'),
    ("regex", WARNING, 'sessions{agent!~"writer"}', 'sessions{agent!="writer"}'),
    ("regex", WARNING, 'sessions{agent=~"^wr.+$"}', 'sessions{agent=~"wr.+"}'),
    ("regex", WARNING, 'sessions{agent=~".*"}', 'sessions{agent=~".+"}'),
    ("regex", WARNING, 'sessions{instance=~"a.example:.+"}', 'sessions{instance=~"a\\\\.example:.+"}'),
    ("regex", WARNING, 'sessions{agent=~"critic"}', 'sessions{agent=~"$agent"}'),
    (
        "regex",
        WARNING,
        'sessions{agent="writer"} or sessions{agent="critic"} or sessions{agent="planner"}',
        'sessions{agent="writer"} or memory_bytes{agent="critic"} or load_percent{instance="a"}',
    ),
]

# check, severity, context, bad, good
PLACED = [
    ("result-type", ERROR, IN_A_RULE, "sessions[5m]", "max_over_time(sessions[5m])"),
    ("result-type", ERROR, IN_A_PANEL, '"text"', "1"),
    ("range-interval", WARNING, IN_A_RULE, "increase(requests_total[2m])", "increase(requests_total[5m])"),
    ("rate-interval", WARNING, IN_A_PANEL, "rate(requests_total[5m])", "rate(requests_total[$__rate_interval])"),
    ("rate-interval", WARNING, IN_A_PANEL, "increase(requests_total[10m])", "increase(requests_total[1d])"),
    (
        "cardinality",
        WARNING,
        IN_A_RULE,
        "sum by (agent, code, instance) (sessions * 0 + on (agent, instance) group_right () rate(requests_total[5m]))",
        "sum by (agent) (rate(requests_total[5m]))",
    ),
    (
        "recorded-instead",
        INFORMATION,
        IN_A_RULE,
        "1 - sum by (agent) (rate(requests_total[5m]))",
        "sum by (agent) (rate(requests_total[10m]))",
    ),
]
