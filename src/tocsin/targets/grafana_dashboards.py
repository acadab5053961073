"""Grafana dashboards, as JSON for file provisioning.

grafanalib makes the objects. What it states in a stale way is set right here, and only here: the schema version, data
sources as objects, the fields of Angular panels, and the keys that today's Grafana does not have.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from tocsin.annotations import bound_text
from tocsin.coloring import steps_of
from tocsin.display import OPERATOR_WORDS, grafana_unit
from tocsin.documents import Draft
from tocsin.layout import Place, placed_panels
from tocsin.metrics import Label
from tocsin.model.alert import Alert
from tocsin.model.dashboard import Dashboard, Row
from tocsin.model.indicator import Indicator
from tocsin.panels.panel import Look, Panel, Query, threshold_steps
from tocsin.plan import Plan
from tocsin.promql.durations import milliseconds_of
from tocsin.units import Quantity, Unit, seconds

SCHEMA_VERSION = 39
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
_PANEL_KEYS = frozenset(
    [
        "datasource",
        "description",
        "fieldConfig",
        "gridPos",
        "id",
        "links",
        "options",
        "targets",
        "title",
        "transformations",
        "type",
    ]
)
_STALE_OPTIONS = frozenset({"fieldOptions", "showThresholdLabels", "showThresholdMarkers"})
_ROW_KEYS = frozenset(["collapsed", "gridPos", "id", "panels", "title", "type"])
_VARIABLE_KEYS = frozenset(
    [
        "allValue",
        "current",
        "datasource",
        "hide",
        "includeAll",
        "label",
        "multi",
        "name",
        "options",
        "query",
        "refresh",
        "regex",
        "sort",
        "type",
    ]
)


def documents(plan: Plan) -> Iterator[Draft]:
    for dashboard in plan.definitions.dashboards:
        path = f"grafana/dashboards/{dashboard.uid}.json"
        yield Draft(path, "grafana-dashboard", dashboard_json(plan, dashboard), dashboard.source)


def dashboard_json(plan: Plan, dashboard: Dashboard) -> dict[str, Any]:
    """The dashboard as Grafana's classic schema has it."""
    from grafanalib import core

    frame: dict[str, Any] = core.Dashboard(
        title=dashboard.title,
        uid=dashboard.uid,
        description=dashboard.description,
        tags=list(dashboard.tags),
        editable=False,
        graphTooltip=1,
        refresh=dashboard.refresh,
        schemaVersion=SCHEMA_VERSION,
        time=core.Time(f"now-{dashboard.shows}", "now"),
        timezone="browser",
        panels=[],
    ).to_json_data()
    for stale in ("__inputs", "gnetId", "id", "hideControls", "rows", "sharedCrosshair", "style", "version"):
        frame.pop(stale, None)
    frame["time"] = {"from": f"now-{dashboard.shows}", "to": "now"}
    frame["timepicker"] = {}
    frame["annotations"] = {"list": []}
    frame["links"] = [_link_to_tag(tag) for tag in dashboard.tags[:1]]
    frame["templating"] = {"list": _variables(plan, dashboard)}
    frame["panels"] = [_panel(plan, dashboard, place) for place in placed_panels(dashboard)]
    return frame


def _link_to_tag(tag: str) -> dict[str, Any]:
    return {
        "asDropdown": True,
        "icon": "external link",
        "includeVars": True,
        "keepTime": True,
        "tags": [tag],
        "targetBlank": False,
        "title": "More dashboards",
        "tooltip": "",
        "type": "dashboards",
        "url": "",
    }


def _variables(plan: Plan, dashboard: Dashboard) -> list[dict[str, Any]]:
    from grafanalib import core

    source = core.Template("datasource", "prometheus", label="Data source", type="datasource", default="default")
    variables = [_kept(source.to_json_data(), _VARIABLE_KEYS)]
    variables[0]["current"] = {}
    for label in dashboard.variables:
        variable = core.Template(
            label.name,
            "",
            label=label.name.removesuffix("_id").removesuffix("_name").replace("_", " ").capitalize(),
            includeAll=True,
            multi=True,
            allValue=".*",
            refresh=2,
        )
        made = _kept(variable.to_json_data(), _VARIABLE_KEYS)
        made["current"] = {"selected": True, "text": ["All"], "value": ["$__all"]}
        made["datasource"] = DATASOURCE
        made["query"] = {
            "qryType": 1,
            "query": f"label_values({_metric_with(plan, label)}, {label.name})",
            "refId": f"variable-{label.name}",
        }
        variables.append(made)
    return variables


def _metric_with(plan: Plan, label: Label) -> str:
    having = [name for name, metric in plan.series.items() if label.name in metric.label_names]
    # Any of them will do, and buckets are the costly ones.
    return next((name for name in having if not name.endswith("_bucket")), label.name)


def _kept(data: dict[str, Any], keys: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key in keys and value is not None}


def _panel(plan: Plan, dashboard: Dashboard, place: Place) -> dict[str, Any]:
    from grafanalib import core

    grid = {"h": place.height, "w": place.width, "x": place.x, "y": place.y}
    if isinstance(place.of, Row):
        row = core.RowPanel(title=place.of.title, gridPos=grid, id=place.id)
        return _kept(row.to_json_data(), _ROW_KEYS)
    panel = place.of.settled(partial(_threshold, plan))
    alerts = _alerts_on(plan, panel)
    data = {
        **_body(panel, _look(plan, panel)),
        "id": place.id,
        "title": panel.title,
        "description": _description(plan, dashboard, panel, alerts),
        "gridPos": grid,
        "links": _runbooks(plan, alerts),
    }
    if panel.indicators:
        data["datasource"] = DATASOURCE
        data["targets"] = [_target(query, panel) for query in _queries(plan, dashboard, panel)]
    if panel.shows:
        data["timeFrom"] = panel.shows
    own = list(_own_colors(plan, panel, alerts)) if alerts else []
    if own:
        shared = data["fieldConfig"]
        data["fieldConfig"] = {**shared, "overrides": [*shared["overrides"], *own]}
    return data


def _threshold(plan: Plan, indicator: Indicator) -> Quantity:
    """Where the first of the indicator's alerts fires. Where it has none, a check tells of it."""
    found = [alert.when.right for alert in plan.alerts_on(indicator) if isinstance(alert.when.right, Quantity)]
    return min(found, key=lambda quantity: quantity.to(found[0].unit), default=seconds(0))


def _own_colors(plan: Plan, panel: Panel, alerts: list[Alert]) -> Iterator[dict[str, Any]]:
    """The steps of those who have thresholds of their own, where each series of the panel is called after one."""
    owns = [alert.when.own for alert in alerts if alert.when.own]
    for name in sorted({name for own in owns for name in own.stated}):
        if len(panel.indicators) == 1 and plan.labels_of(panel.indicators[0]) == (owns[0].label,):
            steps, base = steps_of(plan, panel, _unit_of(plan, panel), of=name)
            value = {"mode": "absolute", "steps": threshold_steps(steps, base)}
            yield {
                "matcher": {"id": "byName", "options": name},
                "properties": [{"id": "thresholds", "value": value}],
            }


_bodies: dict[tuple[object, ...], dict[str, Any]] = {}


def _body(panel: Panel, look: Look) -> dict[str, Any]:
    """What all panels of that kind and look have in common. It is made once, and never changed afterwards."""
    key = (type(panel), panel.settings, look)
    body = _bodies.get(key)
    if body is None:
        body = _kept(panel.grafana(look).to_json_data(), _PANEL_KEYS)
        body["options"] = {key: value for key, value in body["options"].items() if key not in _STALE_OPTIONS}
        body["fieldConfig"]["defaults"] = _without_nulls(body["fieldConfig"]["defaults"])
        body["fieldConfig"].setdefault("overrides", [])
        _bodies[key] = body
    return body


def _description(plan: Plan, dashboard: Dashboard, panel: Panel, alerts: list[Alert]) -> str:
    """The panel's own words, and what a reader must know of its alerts and its variables."""
    parts = [panel.description]
    for alert in alerts:
        hold = f" for {alert.hold}" if milliseconds_of(alert.hold) else ""
        parts.append(f"{alert.name} fires {OPERATOR_WORDS[alert.when.operator]} {bound_text(alert.when)}{hold}.")
    ignored = _ignored(plan, dashboard, panel)
    if ignored:
        parts.append(f"Not narrowed by {' and '.join(ignored)}: not all of its series have that label.")
    return " ".join(parts)


def _ignored(plan: Plan, dashboard: Dashboard, panel: Panel) -> list[str]:
    names = {label.name for label in dashboard.variables}
    ignored = set()
    for indicator in panel.indicators:
        ignored |= (names & plan.labels_read(indicator)) - plan.narrowed_by(indicator, dashboard.variables)
    return sorted(ignored)


def _alerts_on(plan: Plan, panel: Panel) -> list[Alert]:
    return list({id(alert): alert for one in panel.indicators for alert in plan.alerts_on(one)}.values())


def _without_nulls(data: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _without_nulls(value) if key == "custom" else value for key, value in data.items() if value is not None
    }


def _target(query: Query, panel: Panel) -> dict[str, Any]:
    return {
        "datasource": DATASOURCE,
        "editorMode": "code",
        "expr": query.expr,
        "format": panel.FORMAT,
        "instant": panel.INSTANT,
        "legendFormat": query.legend,
        "range": not panel.INSTANT,
        "refId": query.ref,
    }


def _runbooks(plan: Plan, alerts: list[Alert]) -> list[dict[str, Any]]:
    site = plan.definitions.site
    return [
        {
            "targetBlank": True,
            "title": f"Runbook: {alert.name}",
            "url": f"{site.runbooks_url.rstrip('/')}/{alert.runbook}.md",
        }
        for alert in alerts
    ]


def _queries(plan: Plan, dashboard: Dashboard, panel: Panel) -> Iterator[Query]:
    alone = len(panel.indicators) == 1
    for position, indicator in enumerate(panel.indicators):
        text = plan.panel_text(panel, indicator, dashboard.variables)
        yield Query(_ref(position), text, _legend(indicator, plan.labels_of(indicator), alone=alone))


def _look(plan: Plan, panel: Panel) -> Look:
    unit = _unit_of(plan, panel)
    steps, base = steps_of(plan, panel, unit)
    return Look(grafana_unit(unit) if unit else "short", base, steps, plan.definitions.site.traces)


def _unit_of(plan: Plan, panel: Panel) -> Unit | None:
    units = (plan.unit_of(indicator) for indicator in panel.indicators)
    return next((unit for unit in units if unit is not None), None)


def _ref(position: int) -> str:
    return chr(ord("A") + position) if position < 26 else f"A{position}"


def _legend(indicator: Indicator, labels: tuple[str, ...] | None, *, alone: bool) -> str:
    if labels is None:
        return "__auto"
    values = " ".join(f"{{{{{name}}}}}" for name in labels)
    if alone:
        return values or indicator.title
    return f"{indicator.title} {values}".strip()
