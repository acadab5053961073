"""Alerts of every shape that people write, on exporters of every kind."""

from __future__ import annotations

from agentmetrics.catalog import CATALOG as AGENTS
from agentmetrics.catalog import (
    agent_active_sessions,
    agent_errors,
    agent_name,
    agent_request_duration,
    agent_timeouts,
    collection,
    llm_cost,
    llm_tokens,
    tenant_daily_budget,
    tenant_id,
    tenant_monthly_budget,
    vector_search_duration,
)
from tocsin.define import (
    BYTES,
    CALLS,
    MEBIBYTES,
    PERCENT,
    RATIO,
    REQUESTS,
    SECONDS,
    SESSIONS,
    TOKENS,
    USD,
    WARNING,
    Alert,
    Catalog,
    Counter,
    Definitions,
    Gauge,
    Indicator,
    Label,
    Record,
    RuleGroup,
    Site,
    Unit,
    above_zero,
    average,
    calls,
    complement,
    increase,
    maximum,
    milliseconds,
    minimum,
    or_default,
    per_minute,
    percent,
    promql,
    quantile,
    quantity,
    rate,
    ratio,
    requests,
    seconds,
    total,
    usd,
)
from tocsin.promql.tree import Node
from tocsin.units import MINUTES

gpu, model_name = Label("gpu", cardinality=8), Label("model_name", cardinality=3)
node, pod, namespace = Label("node", cardinality=8), Label("pod", cardinality=9), Label("namespace", cardinality=9)
code = Label("code", cardinality=9)
job, instance = Label("job", cardinality=9), Label("instance", cardinality=9)
phase = Label("phase", values=("Pending", "Running", "Failed", "Succeeded", "Unknown"))
status = Label("status", values=("true", "false", "unknown"))
PODS, CODES, TARGETS = Unit.counting("pods"), Unit.counting("codes"), Unit.counting("targets")

up = Gauge("up", "Up.", labels=(job, instance), unit=TARGETS, minimum=0, maximum=1)
used = Gauge("DCGM_FI_DEV_FB_USED", "Used.", labels=(gpu,), unit=MEBIBYTES, minimum=0)
free = Gauge("DCGM_FI_DEV_FB_FREE", "Free.", labels=(gpu,), unit=MEBIBYTES, minimum=0)
reserved = Gauge("DCGM_FI_DEV_FB_RESERVED", "Reserved.", labels=(gpu,), unit=MEBIBYTES, minimum=0)
busy = Gauge("DCGM_FI_DEV_GPU_UTIL", "Busy.", labels=(gpu,), unit=PERCENT, minimum=0, maximum=100)
xid = Gauge("DCGM_FI_DEV_XID_ERRORS", "Code.", labels=(gpu,), unit=CODES, minimum=0)
ready = Gauge("kube_node_status_condition", "Ready.", labels=(node, status), unit=PODS, minimum=0, maximum=1)
phases = Gauge("kube_pod_status_phase", "Phase.", labels=(namespace, pod, phase), unit=PODS, minimum=0, maximum=1)
cache = Gauge("vllm:kv_cache_usage_perc", "Used.", labels=(model_name,), unit=RATIO, minimum=0, maximum=1)
unpriced = Counter("llm_unpriced_calls_total", "Calls.", labels=(model_name,), unit=CALLS)
waiting = Gauge("pods_waiting", "Waiting.", labels=(namespace,), unit=PODS)
late = Gauge("pods_late", "Late.", labels=(namespace,), unit=PODS)
served = Counter("pods_served_total", "Served.", labels=(namespace,), unit=PODS)
answers = Counter("answers_total", "Answers.", labels=(pod, code), unit=PODS)
backup = Gauge("backup_time_seconds", "When.", labels=(pod,), unit=SECONDS, minimum=0)
resident = Gauge("resident_bytes", "Resident.", labels=(pod,), unit=BYTES)
remaining = Gauge("remaining_budget_usd", "Left.", labels=(tenant_id,), unit=USD)
PLATFORM = Catalog(
    "platform",
    (
        up,
        used,
        free,
        reserved,
        busy,
        xid,
        ready,
        phases,
        cache,
        unpriced,
        remaining,
        waiting,
        late,
        served,
        answers,
        backup,
        resident,
    ),
    target_labels=(),
)


def alert(
    name: str,
    expr: Node | str,
    operator: str,
    than: object,
    hold: str = "5m",
    keep: str = "0s",
    unit: Unit | None = None,
) -> Alert:
    indicator = Indicator(promql(expr) if isinstance(expr, str) else expr, title=name, unit=unit)
    compare = {
        ">": indicator.__gt__,
        ">=": indicator.__ge__,
        "<": indicator.__lt__,
    }[operator]
    return Alert(
        name,
        when=compare(than),  # type: ignore[arg-type]
        hold=hold,
        keep_firing=keep,
        severity=WARNING,
        summary=f"{name} fires",
        description="It is {value}.",
        runbook="r",
    )


def _burn(window: str) -> str:
    errors = f"sum by (agent_name) (rate(agent_errors_total[{window}]))"
    return f"{errors} / sum by (agent_name) (rate(agent_request_duration_seconds_count[{window}]))"


_used = total(used, by=gpu)
_spent = increase(llm_cost, by=tenant_id, over="24h")
_monthly = maximum(tenant_monthly_budget, by=tenant_id)
_budget = or_default(maximum(tenant_daily_budget, by=tenant_id), usd(100), for_each=_spent)
_cached = rate(llm_tokens(token_type="cache_read"), by=agent_name)
_backup = "max by (pod) (backup_time_seconds)"
_waiting = "(sum by (namespace) (pods_waiting))"
_either = (
    "sum by (agent_name) (rate(agent_timeout_total[5m])) > 2 or sum by (agent_name) (rate(agent_errors_total[5m])) > 3"
)
_either_gauge = "max by (namespace) (pods_waiting) > 50 or max by (namespace) (pods_late) > 60"
_late_for_long = "max by (namespace) (pods_waiting) and on (namespace) max by (namespace) (pods_late offset 30m) > 3"
_beside = "agent_active_sessions / on (tenant_id) group_left () max by (tenant_id) (tenant_daily_budget_usd)"
_served = "sum by (namespace) (rate(pods_served_total[5m]))"
_tokens = 'sum(rate(llm_tokens_total{token_type!="input",model=~"gpt-4.*"}[5m]))'

ALERTS = (
    alert("TargetDown", minimum(up(job="agents"), by=instance), "<", quantity(1, TARGETS)),
    alert("AbsentTarget", 'absent(up{job="agents"})', ">", quantity(0, TARGETS), unit=TARGETS),
    alert("AbsentCounter", "absent_over_time(llm_cost_dollars_total[10m])", ">", quantity(0, CALLS), unit=CALLS),
    alert("GpuMemory", _used / above_zero(_used + total(free, by=gpu) + total(reserved, by=gpu)), ">", percent(90)),
    alert("GpuBusy", maximum(busy, by=gpu), ">", percent(95), "15m"),
    alert("GpuLazy", "avg by (gpu) (avg_over_time(DCGM_FI_DEV_GPU_UTIL[1h]))", "<", percent(10), "1h"),
    alert("Xid", maximum(xid, by=gpu), ">", quantity(0, CODES), "0s"),
    alert("NodeNotReady", minimum(ready(status="true"), by=node), "<", quantity(1, PODS)),
    alert("PodNotRunning", 'sum by (pod) (kube_pod_status_phase{phase=~"Pending|Failed"})', ">", quantity(0, PODS)),
    alert("CacheFull", maximum(cache, by=model_name), ">", percent(90), keep="5m"),
    alert("Unpriced", increase(unpriced, by=model_name, over="1h"), ">", calls(0), "0s"),
    alert("CacheBusy", maximum(cache, by=model_name, over="2m"), ">", percent(80), "10m"),
    alert("BudgetLeft", minimum(remaining, by=tenant_id), "<", usd(10)),
    alert("BurnFast", f"{_burn('1h')} and ({_burn('5m')} > 0.0144)", ">", percent("1.44"), "2m"),
    alert("BurnSlow", f"{_burn('3d')} and ({_burn('6h')} > 0.001)", ">", percent("0.1"), "15m"),
    alert("SuccessLow", complement(ratio(agent_errors, agent_request_duration.count, by=agent_name)), "<", percent(95)),
    alert("Timeouts", per_minute(agent_timeouts, by=agent_name), ">", quantity(5, REQUESTS / MINUTES)),
    alert("SlowSearch", quantile("0.99", vector_search_duration, by=collection), ">", milliseconds(500)),
    alert("SlowOnAverage", average(agent_request_duration, by=agent_name), ">=", seconds(5)),
    alert("TrafficLow", rate(agent_request_duration.count, by=agent_name), "<", quantity("0.5", REQUESTS / SECONDS)),
    alert("Together", 'max(pods_waiting{namespace="web"}) and sum(pods_late) > 3', ">", quantity(50, PODS), unit=PODS),
    alert("Overall", ratio(agent_errors, agent_request_duration.count), ">", percent(5)),
    alert("Sessions", total(agent_active_sessions), ">=", quantity(100, SESSIONS)),
    alert("CacheShare", _cached / above_zero(rate(llm_tokens(token_type="input"), by=agent_name)), "<", percent(20)),
    alert(
        "Tokens",
        'sum(rate(llm_tokens_total{token_type!="input",model=~"gpt-4.*"}[5m]))',
        ">",
        quantity(9, TOKENS / SECONDS),
    ),
    alert("DayAtFour", _spent, ">", Indicator(_budget * 4, title="Budget"), "0s"),
    alert("Forecast", _spent * 30 / above_zero(_monthly), ">", percent(100), "1h", unit=RATIO),
    alert(
        "Month",
        increase(llm_cost, by=tenant_id, over="30d") / above_zero(maximum(tenant_monthly_budget, by=tenant_id)),
        ">",
        percent(80),
        "1h",
    ),
    alert("BackupOld", f"time() - {_backup}", ">", seconds(100000), "1h", unit=SECONDS),
    alert("BackupStale", f"time() - {_backup}", ">=", seconds(600), "0s", unit=SECONDS),
    alert("CertificateEnds", f"{_backup} - time()", "<", seconds(86400), "1h", unit=SECONDS),
    alert("GoneAtOnce", 'absent(pods_served_total{namespace="web"})', ">", quantity(0, PODS), "0s", unit=PODS),
    alert("Broken", 'sum by (pod) (rate(answers_total{code=~"5[0-9]{2}"}[5m]))', ">", quantity("0.1", PODS), unit=PODS),
    alert("Backlog", f"{_waiting} and on (namespace) {_served} > 3", ">", quantity(50, PODS), unit=PODS),
    alert("Unserved", f"{_waiting} unless on (namespace) {_served} > 3", ">", quantity("17.5", PODS), unit=PODS),
    alert("Bytes", maximum(resident, by=pod), ">", quantity(123456789, BYTES)),
    alert("NoneReady", '(sum(kube_node_status_condition{status="true"}) or vector(0))', "<", quantity(1, PODS)),
    alert("Either", _either, ">", quantity(0, PODS), unit=PODS),
    alert("EitherGauge", _either_gauge, ">", quantity(0, PODS), unit=PODS),
    alert("BelowNothing", maximum(waiting, by=namespace), ">", quantity(-1, PODS)),
    alert("LateForLong", _late_for_long, ">", quantity(50, PODS), unit=PODS),
    alert("ADayAgo", "max by (namespace) (pods_waiting offset 1d)", ">", quantity(50, PODS), "0s", unit=PODS),
    alert("Beside", _beside, ">", percent(80), unit=RATIO),
    alert("Peak", f"max_over_time({_served}[30m:1m])", ">", quantity(2, PODS), unit=PODS),
    alert("InState", "max by (status) (kube_node_status_condition)", ">", quantity(0, PODS), unit=PODS),
    alert("Restarted", increase(agent_request_duration.count, by=agent_name, over="2m"), ">", requests(7), "0s"),
)
UNDERIVABLE = alert("Shares", _spent / total(_spent), ">", percent(80))

DEFINITIONS = Definitions(
    Site(runbooks_url="https://runbooks.example.com"),
    catalogs=(AGENTS, PLATFORM),
    alerts=ALERTS,
    groups=(RuleGroup("costs", "30s", (Record(Indicator(_spent, title="Spent"), "llm_cost_dollars:increase24h"),)),),
)
