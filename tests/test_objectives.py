"""Objectives: an indicator, a target and a window become four proven alerts and what they rest on."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from projects import Copy, MakeProject

OBJECTIVE = """
from agentmetrics.catalog import agent_errors, agent_name, agent_request_duration
from tocsin.define import Dashboard, Indicator, Objective, Row, TimeSeries, beyond, percent, ratio, seconds

error_rate = Indicator(
    ratio(agent_errors, agent_request_duration.count, by=agent_name), title="Error rate", description="Failed."
)
slow_requests = Indicator(
    beyond(agent_request_duration, seconds(10), by=agent_name), title="Slow requests", description="Slower than 10 s."
)
availability = Objective("Availability", error_rate, percent("99.5"), runbook="availability")
latency = Objective("Latency", slow_requests, percent(99), runbook="availability")
budgets = Dashboard(
    "Budgets", uid="budgets", rows=(Row("Left", TimeSeries(availability.budget_left), TimeSeries(latency.budget_left)),)
)
"""
FILES = {"watch/objectives.py": OBJECTIVE, "docs/runbooks/availability.md": "# Availability\n\nLook.\n"}


def alerts_of(project: Copy) -> dict[str, Any]:
    found = {}
    for file in sorted((project.root / "generated/prometheus/alerts").glob("*.yaml")):
        (group,) = yaml.safe_load(file.read_text())["groups"]
        (rule,) = group["rules"]
        found[rule["alert"]] = rule
    return found


def test_objective_becomes_four_alerts_that_are_proven(make_project: MakeProject) -> None:
    project = make_project(FILES)
    answer = project.tocsin("generate")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    alerts = alerts_of(project)
    assert set(alerts) == {
        f"{name}Burn{long}" for name in ("Availability", "Latency") for long in ("1h", "6h", "1d", "3d")
    }
    proven = project.tocsin("test")
    assert proven.returncode == 0, proven.stdout
    assert proven.stdout.endswith("0 failed\n")


def test_burn_rates_are_those_of_the_sre_workbook(make_project: MakeProject) -> None:
    project = make_project(FILES)
    project.tocsin("generate")
    # 14.4, 6, 3 and once as fast as the budget may go; on the long window and on a short one.
    expected = {
        "1h": ("14.4", "critical"),
        "6h": ("6", "critical"),
        "1d": ("3", "warning"),
        "3d": ("1", "warning"),
    }
    for long, (bound, severity) in expected.items():
        alert = alerts_of(project)[f"AvailabilityBurn{long}"]
        assert re.findall(r"> +([0-9.]+)", " ".join(alert["expr"].split())) == [bound, "5", bound]
        assert alert["labels"]["severity"] == severity


def test_long_windows_rest_on_what_is_recorded(make_project: MakeProject) -> None:
    project = make_project(FILES)
    project.tocsin("generate")
    rules = [
        rule
        for file in (project.root / "generated/prometheus/rules").glob("*.yaml")
        for group in yaml.safe_load(file.read_text())["groups"]
        for rule in group["rules"]
    ]
    raw = [rule["record"] for rule in rules if "_total" in rule["expr"] or "_count" in rule["expr"]]
    assert raw
    assert all(name.endswith("_rate5m") for name in raw)
    assert len([rule for rule in rules if rule["record"].endswith(":burn_rate30d")]) == 2


def test_what_is_recorded_already_is_not_recorded_again(make_project: MakeProject) -> None:
    project = make_project(FILES)
    project.tocsin("generate")
    rules = (project.root / "generated/prometheus/rules/objective-latency.yaml").read_text()
    assert "record: agent_name:latency:all_" not in rules
    assert "agent_name:availability:all_increase1h" in rules


def test_few_failures_are_no_alert_whatever_their_share(make_project: MakeProject) -> None:
    few = OBJECTIVE.replace("percent(99), runbook", "percent(99), few=40, runbook")
    none = few.replace('percent("99.5"), runbook', 'percent("99.5"), few=0, runbook')
    project = make_project({**FILES, "watch/objectives.py": none})
    assert project.tocsin("generate").returncode == 0
    assert "agent_name:latency:bad_increase1d > 40" in alerts_of(project)["LatencyBurn1d"]["expr"]
    assert "bad_increase" not in alerts_of(project)["AvailabilityBurn1d"]["expr"]


def test_target_that_no_alert_could_tell_is_refused(make_project: MakeProject) -> None:
    wrong = OBJECTIVE.replace('percent("99.5")', "percent(93)")
    answer = make_project({**FILES, "watch/objectives.py": wrong}).tocsin("generate")
    assert answer.returncode == 2
    assert "Availability: of 93% all may fail for 1h, and no alert can tell" in answer.stderr


@pytest.mark.parametrize("few", ['"many"', "-1", "2.5"])
def test_few_that_is_no_number_of_failures_is_refused(few: str, make_project: MakeProject) -> None:
    wrong = OBJECTIVE.replace('percent("99.5"), runbook', f'percent("99.5"), few={few}, runbook')
    answer = make_project({**FILES, "watch/objectives.py": wrong}).tocsin("generate")
    assert answer.returncode == 2
    assert "Availability: few is a number of failures, not" in answer.stderr


def test_window_that_is_too_short_for_its_alerts_is_refused(make_project: MakeProject) -> None:
    wrong = OBJECTIVE.replace('percent("99.5"), runbook', 'percent("99.5"), "7d", runbook')
    answer = make_project({**FILES, "watch/objectives.py": wrong}).tocsin("generate")
    assert answer.returncode == 2
    assert "Availability: over 7d the slowest of its alerts would tell of what is allowed" in answer.stderr


def test_quicker_burn_keeps_the_slower_ones_quiet(make_project: MakeProject) -> None:
    project = make_project(FILES)
    project.tocsin("generate")
    text = (project.root / "generated/alertmanager/alertmanager.yaml").read_text()
    rules = {rule["source_matchers"][0]: rule for rule in yaml.safe_load(text)["inhibit_rules"]}
    rule = rules['alertname="AvailabilityBurn1h"']
    assert rule["target_matchers"] == ['alertname=~"AvailabilityBurn1d|AvailabilityBurn3d|AvailabilityBurn6h"']
    assert rule["equal"] == ["agent_name"]


def test_indicator_that_is_no_share_is_refused_at_its_line(make_project: MakeProject) -> None:
    wrong = OBJECTIVE.replace("ratio(agent_errors, agent_request_duration.count, by=agent_name)", "rate(agent_errors)")
    answer = make_project({**FILES, "watch/objectives.py": wrong.replace("ratio, seconds", "rate, seconds")}).tocsin(
        "generate"
    )
    assert answer.returncode == 2
    assert "watch/objectives.py:" in answer.stderr
    assert "Error rate is no part divided by its whole" in answer.stderr


def test_target_of_everything_is_refused(make_project: MakeProject) -> None:
    wrong = OBJECTIVE.replace('percent("99.5")', "percent(100)")
    answer = make_project({**FILES, "watch/objectives.py": wrong}).tocsin("generate")
    assert answer.returncode == 2
    assert "a target is between 0 and 100%" in answer.stderr


def test_share_beyond_what_is_no_bound_is_refused_with_the_bounds(make_project: MakeProject) -> None:
    wrong = OBJECTIVE.replace("agent_request_duration, seconds(10)", "agent_request_duration, seconds(7)")
    answer = make_project({**FILES, "watch/objectives.py": wrong}).tocsin("generate")
    assert answer.returncode == 2
    assert (
        "agent_request_duration_seconds has no bound at 7 seconds: it has 0.1, 0.5, 1, 2, 5, 10, 30, 60"
        in answer.stderr
    )
