"""Environments: what differs is stated once, and everything that is generated follows."""

from __future__ import annotations

import json

import pytest
import yaml
from projects import Copy

from tocsin.promtool import test_rules as promtool_test


def test_environment_changes_the_threshold_everywhere_and_nothing_else(project_copy: Copy) -> None:
    answer = project_copy.tocsin("--environment", "staging", "generate", "--output", "staging")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    staging, prod = project_copy.root / "staging", project_copy.root / "generated"
    checked = project_copy.tocsin("--environment", "staging", "check", "--output", "staging")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    name = "prometheus/alerts/agent-high-latency.yaml"
    ours, theirs = ((root / name).read_text() for root in (staging, prod))
    changed = [(a, b) for a, b in zip(theirs.splitlines(), ours.splitlines(), strict=True) if a != b]
    expression, description = changed
    assert [line.strip()[-4:] for line in expression] == ["> 10", "> 30"]
    assert "above 10s" in description[0]
    assert "above 30s" in description[1]
    grafana = yaml.safe_load((staging / "grafana/provisioning/alerting/agent-high-latency.yaml").read_text())
    threshold = grafana["groups"][0]["rules"][0]["data"][-1]["model"]["conditions"][0]["evaluator"]
    assert threshold["params"] == [30]
    assert (staging / "prometheus/alerts/tool-slow.yaml").read_bytes() == (
        prod / "prometheus/alerts/tool-slow.yaml"
    ).read_bytes()


def test_alert_that_an_environment_does_without_is_not_generated(project_copy: Copy) -> None:
    answer = project_copy.tocsin("--environment", "staging", "generate", "--output", "staging")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert (project_copy.root / "generated/prometheus/alerts/gpu-utilisation-low.yaml").exists()
    assert not list((project_copy.root / "staging").rglob("gpu-utilisation-low.*"))


def test_default_environment_is_what_is_committed(project_copy: Copy) -> None:
    assert project_copy.tocsin("--environment", "prod", "generate", "--check").returncode == 0


def test_unknown_environment_is_told_with_the_nearest(project_copy: Copy) -> None:
    answer = project_copy.tocsin("--environment", "stagin", "generate")
    assert answer.returncode == 2
    assert "monitors/settings.py:" in answer.stderr
    assert "there is no environment 'stagin'" in answer.stderr
    assert "did you mean staging?" in answer.stderr


def test_default_that_is_no_environment_is_refused(project_copy: Copy) -> None:
    project_copy.replace("monitors/settings.py", 'default="prod"', 'default="production"')
    answer = project_copy.tocsin("generate")
    assert answer.returncode == 2
    assert "the default 'production' is none of the environments" in answer.stderr


def test_settings_are_shown_as_a_table_of_what_differs(project_copy: Copy) -> None:
    answer = project_copy.tocsin("show", "--settings")
    assert answer.returncode == 0
    lines = answer.stdout.splitlines()
    assert lines[0].startswith("settings  (monitors/settings.py:")
    assert lines[1].split() == ["prod", "*", "staging", "dev"]
    rows = {tuple(part.strip() for part in line.strip().split("  ") if part.strip()) for line in lines[2:]}
    assert rows >= {
        ("DailyCostBudgetNearlySpent", "threshold", "80%", "80%", "80%"),
        ("DailyCostBudgetNearlySpent", "of tenant example", "60%", "60%", "60%"),
        ("tenant-budgets", "daily of example", "USD 100", "USD 20", "-"),
        ("tenant-budgets", "monthly of example", "USD 2000", "USD 400", "-"),
    }
    (latency,) = [line.split() for line in lines if "AgentHighLatency" in line and "threshold" in line]
    assert latency == ["AgentHighLatency", "threshold", "10s", "30s", "10s"]
    assert not any("ToolSlow" in line for line in lines)


def test_budgets_of_an_environment_take_the_place_of_productions(project_copy: Copy) -> None:
    answer = project_copy.tocsin("--environment", "staging", "generate", "--output", "staging")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    name = "prometheus/rules/tenant-budgets.yaml"
    ours, theirs = (yaml.safe_load((project_copy.root / root / name).read_text()) for root in ("staging", "generated"))
    assert [rule["expr"] for rule in theirs["groups"][0]["rules"]] == ["vector(100)", "vector(2000)"]
    assert [rule["expr"] for rule in ours["groups"][0]["rules"]] == ["vector(20)", "vector(400)"]


def test_tenant_with_a_threshold_of_its_own_is_compared_with_that(project_copy: Copy) -> None:
    project_copy.replace("monitors/settings.py", '"example": Tenant(', '"acme": Tenant(')
    project_copy.replace("monitors/settings.py", "nearly_spent: percent(60)", "nearly_spent: percent(30)")
    answer = project_copy.tocsin("generate")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    generated = project_copy.root / "generated"
    rules = yaml.safe_load((generated / "prometheus/rules/tenant-thresholds.yaml").read_text())
    series = "tenant_daily_cost_budget_nearly_spent_threshold"
    assert rules["groups"][0]["rules"] == [{"record": series, "expr": "vector(0.3)", "labels": {"tenant_id": "acme"}}]
    panels = json.loads((generated / "grafana/dashboards/llm-usage.json").read_text())["panels"]
    (panel,) = [panel for panel in panels if panel["title"] == "Daily budget used"]
    assert "fires above 80% (tenant_id acme: 30%)" in panel["description"]
    (override,) = panel["fieldConfig"]["overrides"]
    assert override["matcher"] == {"id": "byName", "options": "acme"}
    assert [step["value"] for step in override["properties"][0]["value"]["steps"]] == [None, 0.3]
    assert [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]] == [None, 0.8]
    (generated / "prometheus/tests/own.yaml").write_text(OWN)
    (result,) = promtool_test(generated, ["prometheus/tests/own.yaml"])
    assert result.passed, result.output


def test_tenant_of_any_name_may_have_a_threshold(project_copy: Copy) -> None:
    names = ("any", 'the "best" {tenant_id} of \\ 😀')
    tenants = ", ".join(f"{name!r}: Tenant(thresholds={{daily_budget_nearly_spent: percent(60)}})" for name in names)
    project_copy.replace(
        "monitors/settings.py", '"example": Tenant(thresholds={daily_budget_nearly_spent: percent(60)})', tenants
    )
    answer = project_copy.tocsin("generate")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    tests = ("alerts-threshold-5m", "tables-15s")
    results = promtool_test(project_copy.root / "generated", [f"prometheus/tests/{name}.yaml" for name in tests])
    assert [result.passed for result in results] == [True, True], results


# Both spend 40 % of what they have agreed to, one of them with a threshold of 30 %; both rise to 90 %.
OWN = """\
rule_files: [../rules/tenant-thresholds.yaml, ../alerts/daily-cost-budget-nearly-spent.yaml]
evaluation_interval: 30s
group_eval_order: [tenant-thresholds, daily-cost-budget-nearly-spent]
tests:
- interval: 30s
  input_series:
  - {series: 'tenant_id:tenant_daily_budget:used_ratio{tenant_id="acme"}', values: 0.4x10 0.9x10}
  - {series: 'tenant_id:tenant_daily_budget:used_ratio{tenant_id="globex"}', values: 0.4x10 0.9x10}
  promql_expr_test:
  - expr: count by (tenant_id) (ALERTS{alertname="DailyCostBudgetNearlySpent"})
    eval_time: 4m
    exp_samples: [{labels: '{tenant_id="acme"}', value: 1}]
  - expr: count by (tenant_id) (ALERTS{alertname="DailyCostBudgetNearlySpent"})
    eval_time: 8m
    exp_samples: [{labels: '{tenant_id="acme"}', value: 1}, {labels: '{tenant_id="globex"}', value: 1}]
"""


def test_settings_without_tenants_leave_the_alert_as_it_is_defined(project_copy: Copy) -> None:
    project_copy.replace("monitors/settings.py", "daily_budget_nearly_spent: percent(60)", "")
    assert project_copy.tocsin("generate").returncode == 0
    generated = project_copy.root / "generated/prometheus"
    assert not (generated / "rules/tenant-thresholds.yaml").exists()
    alert = yaml.safe_load((generated / "alerts/daily-cost-budget-nearly-spent.yaml").read_text())
    assert alert["groups"][0]["rules"][0]["expr"] == "tenant_id:tenant_daily_budget:used_ratio > 0.8"


@pytest.mark.parametrize(
    ("old", "new", "message", "way_out"),
    [
        (
            "agent_high_latency: seconds(30)",
            "daily_cost_budget_exceeded: seconds(30)",
            "staging: DailyCostBudgetExceeded has no threshold: it compares with Daily budget",
            "take it out of the thresholds",
        ),
        (
            "agent_high_latency: seconds(30)",
            "agent_high_latency: 30",
            "Environment: thresholds does not take 30",
            "give it a quantity, such as seconds(10)",
        ),
        (
            "nearly_spent: percent(60)",
            "nearly_spent: seconds(60)",
            "example: daily-cost-budget-nearly-spent is measured in ratio, 60 seconds is not",
            "state it in ratio",
        ),
        (
            "daily_budget_nearly_spent: percent(60)",
            "agent_high_latency: seconds(60)",
            "AgentHighLatency is not one for each tenant: its labels are agent_name",
            "or group its indicator by tenant_id",
        ),
        (
            "daily_budget_nearly_spent: percent(60)",
            "replace(daily_budget_nearly_spent, name='Other'): percent(60)",
            "tenant example: Other is no alert of this project",
            "assign the alert to a variable of a module",
        ),
        ("tables={budgets: {}}", "tables={budgets: {'a': {'dayly': usd(1)}}}", "a: there is no column dayly", "daily?"),
        ("budgets-staging.yaml", "budgets-stagin.yaml", "cannot be read", "see its name"),
        (
            "tenants={",
            "tenant={",
            "Settings: environments does not take dict",
            "give it an environment: dev=Environment(",
        ),
    ],
)
def test_settings_that_cannot_be_are_refused_whichever_environment_is_chosen(
    project_copy: Copy, old: str, new: str, message: str, way_out: str
) -> None:
    project_copy.replace("monitors/settings.py", old, new)
    project_copy.replace("monitors/settings.py", "import (\n", "import (\n    daily_cost_budget_exceeded,\n")
    project_copy.replace(
        "monitors/settings.py", '"""\n', '"""\n\nfrom dataclasses import replace\n\nfrom tocsin.define import usd\n'
    )
    answer = project_copy.tocsin("generate")
    assert answer.returncode == 2, answer.stdout + answer.stderr
    assert message in answer.stderr
    assert way_out in answer.stderr


def test_threshold_in_another_unit_is_told_whichever_environment_is_chosen(project_copy: Copy) -> None:
    project_copy.replace("monitors/settings.py", "agent_high_latency: seconds(30)", "agent_high_latency: percent(30)")
    answer = project_copy.tocsin("generate")
    assert answer.returncode == 1
    line = project_copy.line_of("monitors/settings.py", "settings = Settings(")
    told = (
        f"monitors/settings.py:{line}: error[unit-mismatch] staging: P99 latency is measured in seconds, the threshold"
        " 30% of AgentHighLatency is not"
    )
    assert told in answer.stdout
    assert "state a quantity of seconds" in answer.stdout


def test_wrong_budget_of_another_environment_is_told_at_its_line(project_copy: Copy) -> None:
    (project_copy.root / "rules/budgets-staging.yaml").write_text("example: {daily: 20}\nacme: {daily: much}\n")
    answer = project_copy.tocsin("generate")
    assert answer.returncode == 2
    assert "rules/budgets-staging.yaml:2: error: 'much' is no number" in answer.stderr


def test_misspelt_tenant_is_told(project_copy: Copy) -> None:
    project_copy.replace("monitors/settings.py", '"example": Tenant(', '"exmaple": Tenant(')
    assert project_copy.tocsin("generate").returncode == 0
    told = project_copy.tocsin("check").stdout
    assert "warning[tenant-unknown] exmaple: no table has the tenant exmaple" in told
    assert "did you mean example?" in told
