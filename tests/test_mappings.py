"""Mappings: other exporters' series fire our alerts, unchanged; and a mapping that cannot be is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentmetrics import litellm, otel
from agentmetrics.catalog import (
    agent_active_sessions,
    agent_name,
    agent_request_duration,
    llm_cost,
    llm_tokens,
    model,
    tenant_id,
    token_type,
)
from tocsin.checks.mappings import findings
from tocsin.define import SeriesMapping, mapped, seconds
from tocsin.findings import DefinitionError
from tocsin.metrics import Metric, bound_text
from tocsin.model.indicator import Condition
from tocsin.plan import Plan
from tocsin.promtool import test_rules as run_tests

RULES = ("prometheus/rules", "prometheus/alerts", "prometheus/mappings")
Series = Mapping[str, str]


def prove(
    folder: Path,
    files: Mapping[str, bytes],
    through: str,
    series: Series,
    expressions: Mapping[str, Mapping[str, float]],
) -> None:
    """At 12 minutes our rules, fed with these series through a mapping, must give these samples."""
    chosen = [name for name in files if name.startswith(RULES) and (through in name or "mappings" not in name)]
    for name in chosen:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(files[name])
    groups = [group["name"] for name in chosen for group in yaml.safe_load(files[name])["groups"]]
    order = sorted(groups, key=lambda name: (not name.startswith("mapping-"), not name.startswith("ai-")))
    asked = [
        {
            "expr": expr,
            "eval_time": "12m",
            "exp_samples": [{"labels": labels, "value": value} for labels, value in samples.items()],
        }
        for expr, samples in expressions.items()
    ]
    given = [{"series": name, "values": values} for name, values in series.items()]
    test: dict[str, Any] = {
        "rule_files": chosen,
        "evaluation_interval": "15s",
        "group_eval_order": order,
        "tests": [{"interval": "15001ms", "input_series": given, "promql_expr_test": asked}],
    }
    (folder / "test.yaml").write_text(yaml.safe_dump(test))
    (result,) = run_tests(folder, ["test.yaml"])
    assert result.passed, result.output


def firing(alert: str) -> str:
    return f'count by (agent_name, model, tenant_id) (ALERTS{{alertname="{alert}", alertstate="firing"}})'


def observed(name: str, labels: str, bounds: Sequence[float], value: float, step: int) -> Series:
    """A histogram that observes one value, `step` times in 15 s."""
    values = f"0+{step}x60"
    buckets = {
        f'{name}_bucket{{{labels},le="{bound_text(bound)}"}}': values if value <= bound else "0x60" for bound in bounds
    }
    rest = {f'{name}_bucket{{{labels},le="+Inf"}}': values, f"{name}_count{{{labels}}}": values}
    return {**buckets, **rest, f"{name}_sum{{{labels}}}": f"0+{value * step}x60"}


def test_opentelemetry_agents_fire_our_alerts_unchanged(tmp_path: Path, project_files: dict[str, bytes]) -> None:
    duration = otel.invoke_agent_duration
    support = 'gen_ai_agent_name="support",gen_ai_request_model="gpt-4o",job="agents"'
    calls = otel.client_operation_duration
    refused = 'gen_ai_operation_name="chat",gen_ai_request_model="gpt-4o",gen_ai_provider_name="openai"'
    fine = refused.replace("gpt-4o", "claude-sonnet-4")
    prove(
        tmp_path,
        project_files,
        "otel",
        {
            **observed(duration.name, support, duration.buckets, 20, 9),
            **observed(duration.name, f'{support},error_type="TimeoutError"', duration.buckets, 20, 1),
            **observed(duration.name, support.replace("support", "research"), duration.buckets, 1, 10),
            **observed(calls.name, f'{refused},error_type="openai.RateLimitError"', calls.buckets, 0.1, 1),
            **observed(calls.name, f'{fine},error_type="ConnectionError"', calls.buckets, 0.1, 1),
            'gen_ai_client_token_usage_sum{gen_ai_request_model="gpt-4o",gen_ai_token_type="input"}': "0+100x60",
        },
        {
            firing("AgentHighLatency"): {'{agent_name="support"}': 1},
            firing("AgentHighErrorRate"): {'{agent_name="support"}': 1},
            firing("LLMRateLimitErrors"): {'{model="gpt-4o"}': 1},
            "round(agent_name:agent_errors_per_request:ratio_rate5m, 0.01)": {
                '{agent_name="support"}': 0.1,
                '{agent_name="research"}': 0,
            },
            "sum(agent_timeout_total > 0)": {"{}": 47},
            'llm_tokens_total{token_type="input"} / 100': {
                '{gen_ai_request_model="gpt-4o",gen_ai_token_type="input",model="gpt-4o",token_type="input"}': 47
            },
        },
    )


def test_litellm_teams_fire_our_alerts_unchanged(tmp_path: Path, project_files: dict[str, bytes]) -> None:
    spend = 'model="gpt-4o",requested_model="gpt-4o",api_provider="openai",team="t1"'
    unpriced = 'model="new-1",api_provider="openai",reason="missing_pricing_key"'
    called = 'requested_model="fast",litellm_model_name="gpt-4o",api_provider="openai"'
    failed = f'{called},team_alias="acme",exception_class="RateLimitError"'
    prove(
        tmp_path,
        project_files,
        "litellm",
        {
            # Two proxies, of which one starts again: what it had spent is not taken for new.
            f'litellm_spend_metric_total{{{spend},team_alias="acme",instance="a"}}': "0+4x60",
            f'litellm_spend_metric_total{{{spend},team_alias="acme",instance="b"}}': "1000+0x20 0+0x40",
            f'litellm_spend_metric_total{{{spend},team_alias="globex",instance="a"}}': "0+1x60",
            f'litellm_deployment_failure_responses_total{{{failed},exception_status="429"}}': "0+1x60",
            f'litellm_deployment_failure_responses_total{{{failed},exception_status="500"}}': "0+1x60",
            f"litellm_zero_cost_requests_total{{{unpriced}}}": "0+1x60",
            'litellm_input_tokens_metric_total{model="gpt-4o"}': "0+2x60",
            'litellm_output_tokens_metric_total{model="gpt-4o"}': "0+1x60",
        },
        {
            firing("DailyCostBudgetExceeded"): {'{tenant_id="acme"}': 1},
            firing("LLMRateLimitErrors"): {'{model="gpt-4o"}': 1},
            firing("UnpricedModel"): {'{model="new-1"}': 1},
            "sum by (token_type) (llm_tokens_total)": {'{token_type="input"}': 94, '{token_type="output"}': 47},
        },
    )


def test_the_mapping_tells_which_thresholds_the_other_buckets_cannot_answer(project_plan: Plan) -> None:
    told = {finding.object: finding.message for finding in findings(project_plan)}
    assert set(told) == {"otel: AgentHighLatency", "otel: LLMInferenceSlow", "otel: ToolSlow"}
    assert "the threshold 10s lies inside the bucket from 6.4s to 12.8s" in told["otel: AgentHighLatency"]


def test_a_threshold_that_the_other_buckets_cannot_reach_is_an_error(project_plan: Plan) -> None:
    short = replace(otel.invoke_agent_duration, buckets=(1, 5, 9))
    catalog = replace(otel.CATALOG, metrics=(short,))
    one = mapped(
        agent_request_duration, short, agent_name=otel.agent_name, model=otel.request_model, lacking=(tenant_id,)
    )
    mapping = SeriesMapping("short", catalog, (one,))
    plan = Plan(replace(project_plan.definitions, mappings=(mapping,)))
    assert [finding.id for finding in findings(plan)] == ["bucket-ceiling"]
    (alert,) = (alert for alert in plan.definitions.alerts if alert.name == "AgentHighLatency")
    lower = replace(alert, when=Condition(alert.when.left, ">", seconds(5)))
    assert not list(findings(Plan(replace(plan.definitions, alerts=(lower,)))))


def test_a_series_that_the_exporter_has_not_is_found(project_plan: Plan) -> None:
    one = mapped(llm_cost, litellm.spend, tenant_id=litellm.team_alias, model=litellm.model, lacking=(agent_name,))
    plan = Plan(replace(project_plan.definitions, mappings=(SeriesMapping("x", otel.CATALOG, (one,), interval="0s"),)))
    assert [finding.id for finding in findings(plan)] == ["duration", "metric-unknown"]


@pytest.mark.parametrize(
    ("ours", "theirs", "labels", "words"),
    [
        (
            llm_cost,
            litellm.llm_api_latency,
            {},
            "llm_cost_dollars_total is a counter, litellm_llm_api_latency_metric is",
        ),
        (agent_request_duration, litellm.spend, {}, "agent_request_duration_seconds is a histogram"),
        (agent_active_sessions, litellm.spend, {}, "agent_active_sessions is a gauge"),
        (llm_tokens, litellm.spend, {}, "llm_tokens_total is in tokens, litellm_spend_metric_total in USD"),
        (llm_cost, litellm.spend, {"tenant": litellm.team}, "llm_cost_dollars_total has no label tenant"),
        (
            llm_cost,
            litellm.spend,
            {"tenant_id": model, "model": token_type},
            "litellm_spend_metric_total has no label t",
        ),
        (llm_tokens, litellm.input_tokens, {"token_type": "prompt"}, "llm_tokens_total has no token_type 'prompt'"),
        (llm_cost, litellm.spend, {"model": litellm.model}, "says nothing of agent_name, tenant_id"),
    ],
)
def test_what_does_not_fit_is_told_at_the_definition(
    ours: Metric, theirs: Metric, labels: dict[str, Any], words: str
) -> None:
    with pytest.raises(DefinitionError, match=words) as raised:
        mapped(ours, theirs, **labels)
    assert raised.value.source is not None
    assert raised.value.source.file == __file__
