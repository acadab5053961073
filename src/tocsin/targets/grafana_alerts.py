"""Grafana-managed alert rules, as files for provisioning: one file for each alert.

Each rule is query -> reduce -> threshold, and its condition is the threshold. grafanalib shapes alert rules for
Grafana's API, which a provisioning file must not be, so the shape is ours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from tocsin.annotations import panel_of, templates
from tocsin.display import number_of
from tocsin.documents import Draft
from tocsin.model.alert import Alert, slug
from tocsin.plan import Plan, PlannedAlert, laid_out
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.tree import Binary, Number
from tocsin.targets.prometheus_alerts import rule_labels

EXPRESSION = {"type": "__expr__", "uid": "__expr__"}
_EVALUATORS = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
_UID = 40


def documents(plan: Plan) -> Iterator[Draft]:
    site = plan.definitions.site
    for planned in plan.alerts:
        alert = planned.alert
        group = {
            "orgId": 1,
            "name": alert.slug,
            "folder": site.folder,
            "interval": alert.every,
            "rules": [alert_rule(plan, planned)],
        }
        yield Draft(
            f"grafana/provisioning/alerting/{alert.slug}.yaml",
            "grafana-alert-rules",
            {"apiVersion": 1, "groups": [group]},
            alert.source,
        )
    if site.retired:
        deleted = [{"orgId": 1, "uid": uid_of(slug(name))} for name in sorted(site.retired)]
        yield Draft(
            "grafana/provisioning/alerting/retired-alerts.yaml",
            "grafana-alert-rules",
            {"apiVersion": 1, "deleteRules": deleted},
            site.source,
        )


def uid_of(name: str) -> str:
    """A uid of at most 40 characters that stays as long as the name does."""
    if len(name) <= _UID:
        return name
    return f"{name[: _UID - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def alert_rule(plan: Plan, planned: PlannedAlert) -> dict[str, Any]:
    """The alert as a rule of Grafana's."""
    alert = planned.alert
    rule: dict[str, Any] = {
        "uid": uid_of(alert.slug),
        "title": alert.name,
        "condition": "C",
        "data": pipeline(plan, planned),
        "noDataState": "OK",
        "execErrState": "Error",
        # Prometheus resolves an alert as soon as its series is gone; Grafana waits for two evaluations by default.
        "missing_series_evals_to_resolve": 1,
        "for": alert.hold,
        "annotations": templates(plan, planned, _value(planned)),
        "labels": {name: value.replace("$", "$$") for name, value in rule_labels(alert).items()},
        "isPaused": False,
    }
    if milliseconds_of(alert.keep_firing):
        rule["keepFiringFor"] = alert.keep_firing
    panel = panel_of(plan, alert)
    if panel:
        rule["dashboardUid"], rule["panelId"] = panel
    return rule


def _value(planned: PlannedAlert) -> str:
    return "$values.B.Value" if isinstance(planned.right, Number) else "$values.E.Value"


def pipeline(plan: Plan, planned: PlannedAlert) -> list[dict[str, Any]]:
    """Query, reduce, threshold; for a comparison of two expressions their difference is compared with 0.

    x > y and x - y > 0 are the same for all floats. There D and E give the left side's own value to the annotations.
    """
    uid = plan.definitions.site.prometheus.uid
    if isinstance(planned.right, Number):
        return [
            _query("A", laid_out(planned.left), uid, planned.alert),
            _reduce("B", "A"),
            _threshold("C", "B", planned.operator, number_of(planned.right.value)),
        ]
    difference = Binary("-", planned.left, planned.right)
    return [
        _query("A", laid_out(difference), uid, planned.alert),
        _reduce("B", "A"),
        _threshold("C", "B", planned.operator, 0),
        _query("D", laid_out(planned.left), uid, planned.alert),
        _reduce("E", "D"),
    ]


def _query(ref: str, expr: str, uid: str, alert: Alert) -> dict[str, Any]:
    seconds = max(600, milliseconds_of(alert.hold) // 1000)
    return {
        "refId": ref,
        "relativeTimeRange": {"from": seconds, "to": 0},
        "datasourceUid": uid,
        "model": {
            "refId": ref,
            "datasource": {"type": "prometheus", "uid": uid},
            "editorMode": "code",
            "expr": expr,
            "instant": True,
            "range": False,
            "intervalMs": 1000,
            "maxDataPoints": 43200,
        },
    }


def _expression(ref: str, model: dict[str, Any]) -> dict[str, Any]:
    return {
        "refId": ref,
        "relativeTimeRange": {"from": 0, "to": 0},
        "datasourceUid": "__expr__",
        "model": {"refId": ref, "datasource": EXPRESSION, **model},
    }


def _reduce(ref: str, of: str) -> dict[str, Any]:
    return _expression(ref, {"type": "reduce", "expression": of, "reducer": "last", "settings": {"mode": "dropNN"}})


def _threshold(ref: str, of: str, operator: str, value: float | int) -> dict[str, Any]:
    evaluator = {"type": _EVALUATORS[operator], "params": [value]}
    return _expression(ref, {"type": "threshold", "expression": of, "conditions": [{"evaluator": evaluator}]})
