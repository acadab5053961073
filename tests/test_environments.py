"""Environments: what differs is stated once, and everything that is generated follows."""

from __future__ import annotations

import yaml
from projects import Copy


def test_environment_changes_the_threshold_everywhere_and_nothing_else(project_copy: Copy) -> None:
    answer = project_copy.tocsin("--environment", "staging", "generate", "--output", "staging")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    staging, prod = project_copy.root / "staging", project_copy.root / "generated"
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


def test_threshold_in_another_unit_is_told_at_the_alert(project_copy: Copy) -> None:
    project_copy.replace("monitors/settings.py", "agent_high_latency: seconds(30)", "agent_high_latency: percent(30)")
    answer = project_copy.tocsin("--environment", "staging", "generate")
    assert answer.returncode == 1
    assert "unit-mismatch" in answer.stdout


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
    (latency,) = [line.split() for line in lines if "AgentHighLatency" in line and "threshold" in line]
    assert latency == ["AgentHighLatency", "threshold", "10s", "30s", "10s"]
    assert not any("ToolSlow" in line for line in lines)


def test_threshold_for_an_alert_that_compares_two_indicators_is_refused(project_copy: Copy) -> None:
    project_copy.replace(
        "monitors/settings.py", "agent_high_latency: seconds(30)", "daily_cost_budget_exceeded: seconds(30)"
    )
    project_copy.replace(
        "monitors/settings.py", "    agent_timeouts,\n", "    agent_timeouts,\n    daily_cost_budget_exceeded,\n"
    )
    answer = project_copy.tocsin("--environment", "staging", "generate")
    assert answer.returncode == 2
    assert "DailyCostBudgetExceeded has no threshold: it compares with Daily budget" in answer.stderr
