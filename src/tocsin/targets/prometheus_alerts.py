"""Prometheus alerting rules: one file for each alert, so that a test of one need not load the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocsin.annotations import templates
from tocsin.documents import Draft
from tocsin.model.alert import Alert
from tocsin.plan import Plan, PlannedAlert
from tocsin.promql.durations import milliseconds_of


def documents(plan: Plan) -> Iterator[Draft]:
    for planned in plan.alerts:
        alert = planned.alert
        group = {"name": plan.group_of(alert), "interval": alert.every, "rules": [alert_rule(plan, planned)]}
        yield Draft(alert_path(alert), "prometheus-rules", {"groups": [group]}, alert.source)


def alert_path(alert: Alert) -> str:
    return f"prometheus/alerts/{alert.slug}.yaml"


def alert_rule(plan: Plan, planned: PlannedAlert) -> dict[str, Any]:
    """The alert as a Prometheus alerting rule."""
    alert = planned.alert
    rule: dict[str, Any] = {"alert": alert.name, "expr": planned.expr}
    if milliseconds_of(alert.hold):
        rule["for"] = alert.hold
    if milliseconds_of(alert.keep_firing):
        rule["keep_firing_for"] = alert.keep_firing
    rule["labels"] = rule_labels(alert)
    rule["annotations"] = templates(plan, planned, "$value")
    return rule


def rule_labels(alert: Alert) -> dict[str, str]:
    """The labels that the rule adds to each alert."""
    return {"severity": alert.severity.value, **dict(sorted(alert.labels.items()))}
