"""The agents' indicators, computed by promtool: no gap before the first error, no NaN without traffic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from agentmetrics.catalog import agent_name, agent_request_duration
from tocsin.define import Indicator, rate
from tocsin.findings import DefinitionError
from tocsin.plan import Plan
from tocsin.promtool import test_rules as run_tests

NAMES = {
    *(f"{what}_{share}" for what in ("latency", "inference", "tool", "search") for share in ("p50", "p95", "p99")),
    *("latency_average", "throughput", "error_rate", "success_rate", "tool_error_rate", "timeouts_a_minute"),
    *("rate_limit_errors", "token_usage", "cost_day", "cost_by_tenant", "cost_by_model", "cost_share_by_model"),
    *("monthly_budget_used", "active_sessions"),
}
SERIES = {
    # One agent answers a request a second and never failed, the other has no traffic.
    'agent_request_duration_seconds_count{agent_name="busy",model="m",tenant_id="t"}': "0+15x40",
    'agent_request_duration_seconds_sum{agent_name="busy",model="m",tenant_id="t"}': "0+30x40",
    'agent_request_duration_seconds_count{agent_name="idle",model="m",tenant_id="t"}': "0x40",
    'agent_request_duration_seconds_sum{agent_name="idle",model="m",tenant_id="t"}': "0x40",
    'agent_errors_total{agent_name="idle",error_type="llm",tenant_id="t"}': "0x40",
    'tool_execution_duration_seconds_count{tool_name="search",agent_name="busy"}': "0+15x40",
    'tool_execution_duration_seconds_count{tool_name="unused",agent_name="busy"}': "0x40",
    'llm_cost_dollars_total{agent_name="busy",model="free",tenant_id="t"}': "0x40",
    'tenant_monthly_budget_usd{tenant_id="t"}': "0x40",
}
EXPECTED = {
    "error_rate": {'{agent_name="busy"}': 0},
    "success_rate": {'{agent_name="busy"}': 1},
    "latency_average": {'{agent_name="busy"}': 2},
    "tool_error_rate": {'{tool_name="search"}': 0},
    "cost_share_by_model": {},
    "monthly_budget_used": {},
}


def test_every_indicator_that_operators_ask_for_is_defined(project_plan: Plan) -> None:
    assert set(project_plan.definitions.indicators) >= NAMES


@pytest.mark.parametrize("broken", [False, True], ids=["as it is", "with another expectation"])
def test_ratios_have_no_gap_and_no_nan(broken: bool, project_plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("groups: []\n")
    expected: dict[str, dict[str, float]] = {**EXPECTED, **({"error_rate": {}} if broken else {})}
    test = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "15s",
        "tests": [
            {
                "interval": "15s",
                "input_series": [{"series": series, "values": values} for series, values in SERIES.items()],
                "promql_expr_test": [_claim(project_plan, name, samples) for name, samples in expected.items()],
            }
        ],
    }
    (tmp_path / "tests.yaml").write_text(yaml.safe_dump(test))
    (result,) = run_tests(tmp_path, ["tests.yaml"])
    assert result.passed is not broken, result.output


def _claim(plan: Plan, name: str, samples: dict[str, float]) -> dict[str, Any]:
    expr = plan.definitions.indicators[name].expr.text("rule")
    found = [{"labels": labels, "value": value} for labels, value in samples.items()]
    return {"expr": expr, "eval_time": "9m57s", "exp_samples": found}


def test_indicator_that_is_grouped_by_nothing_cannot_be_grouped_otherwise() -> None:
    lonely = Indicator(rate(agent_request_duration.count), title="Throughput")
    assert lonely.overall.expr == lonely.expr
    with pytest.raises(DefinitionError, match="Throughput is grouped by nothing"):
        lonely.by(agent_name)
