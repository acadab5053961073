"""Alertmanager's configuration: amtool takes it, and alerts reach those who should hear of them."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tocsin.define import Contact, Severity, email, pagerduty, slack, webhook
from tocsin.documents import rendered
from tocsin.plan import Plan
from tocsin.targets import alertmanager

AMTOOL = shutil.which("amtool")
needs_amtool = pytest.mark.skipif(AMTOOL is None, reason="amtool is not installed (Debian: prometheus-alertmanager)")


@pytest.fixture
def configuration(project_plan: Plan, tmp_path: Path) -> Path:
    """The repository's own configuration, with a tenant that hears of its alerts."""
    defined = project_plan.definitions
    site = replace(defined.site, tenants={"acme": email("finance@acme.example")})
    (document,) = rendered(alertmanager.documents(Plan(replace(defined, site=site))))
    path = tmp_path / "alertmanager.yaml"
    path.write_bytes(document.content)
    return path


def amtool(*arguments: str | Path) -> str:
    assert AMTOOL
    answer = subprocess.run([AMTOOL, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=30)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout.strip()


@needs_amtool
def test_amtool_takes_the_configuration(configuration: Path) -> None:
    assert "SUCCESS" in amtool("check-config", configuration)


@needs_amtool
@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        (("alertname=AgentHighErrorRate", "severity=critical", "agent_name=support"), "on-call"),
        (("alertname=DailyCostBudgetExceeded", "severity=warning", "tenant_id=globex"), "on-call"),
        (("alertname=DailyCostBudgetExceeded", "severity=warning", "tenant_id=acme"), "tenant-acme,on-call"),
        (("alertname=DailyCostBudgetNearlySpent", "severity=info", "tenant_id=acme"), "tenant-acme,on-call"),
        (("alertname=LLMRateLimitSustained", "severity=critical", "tenant_id=acme"), "tenant-acme,on-call"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_alert_reaches_who_should_hear_of_it(configuration: Path, labels: tuple[str, ...], receivers: str) -> None:
    assert amtool("config", "routes", "test", f"--config.file={configuration}", *labels) == receivers


def test_stronger_alert_keeps_the_weaker_one_quiet_for_the_same_tenant(project_plan: Plan) -> None:
    (document,) = alertmanager.documents(project_plan)
    rules = {rule["source_matchers"][0]: rule for rule in document.data["inhibit_rules"]}
    rule = rules['alertname="DailyCostBudgetExceeded"']
    assert rule["target_matchers"] == ['alertname=~"DailyCostBudgetNearlySpent"']
    assert rule["equal"] == ["tenant_id"]


def test_outage_keeps_what_follows_from_it_quiet_whatever_the_labels(project_plan: Plan) -> None:
    (document,) = alertmanager.documents(project_plan)
    rules = {rule["source_matchers"][0]: rule for rule in document.data["inhibit_rules"]}
    rule = rules['alertname="LangfuseDown"']
    assert rule["target_matchers"] == ['alertname=~"LangfuseNotIngesting"']
    # One is told of each component, the other of all of Langfuse: they share no label to be equal in.
    assert "equal" not in rule


def test_inhibited_alert_is_weaker(project_plan: Plan) -> None:
    for alert in project_plan.definitions.alerts:
        for weaker in alert.inhibits:
            assert list(Severity).index(weaker.severity) <= list(Severity).index(alert.severity), alert.name


@pytest.mark.parametrize(
    ("contact", "kind"),
    [
        (webhook("$ALERT_WEBHOOK_URL"), "webhook_configs"),
        (slack("$SLACK_WEBHOOK_URL"), "slack_configs"),
        (pagerduty("$PAGERDUTY_KEY"), "pagerduty_configs"),
    ],
    ids=("webhook", "slack", "pagerduty"),
)
def test_secret_is_read_from_a_file_and_never_written(project_plan: Plan, contact: Contact, kind: str) -> None:
    defined = project_plan.definitions
    plan = Plan(replace(defined, site=replace(defined.site, contact=contact)))
    (document,) = alertmanager.documents(plan)
    ((receiver,),) = [one[kind] for one in document.data["receivers"]]
    (value,) = [text for name, text in receiver.items() if name.endswith("_file")]
    assert value.startswith("/etc/alertmanager/secrets/")
