"""What an alert says: its annotations, as templates for an engine and as the text that comes out of them."""

from __future__ import annotations

import string
from collections.abc import Mapping
from urllib.parse import quote

from tocsin.display import quantity_text, value_template
from tocsin.model.alert import Alert
from tocsin.plan import Plan, PlannedAlert
from tocsin.units import RATIO, Quantity


def fields_of(template: str) -> list[str]:
    """The names in braces of a template. Raises ValueError where it is malformed."""
    names = []
    for _, name, spec, conversion in string.Formatter().parse(template):
        if name is not None:
            if not name.isidentifier() or spec or conversion:
                raise ValueError(f"{{{name}}} is no plain name in braces")
            names.append(name)
    return names


def templates(plan: Plan, planned: PlannedAlert, value: str) -> dict[str, str]:
    """The annotations as templates, `value` being how the engine names the alert's value."""
    labels = {name: f"{{{{ $labels.{name} }}}}" for name in planned.labels}
    return _filled(plan, planned.alert, {**labels, "value": value_template(planned.unit or RATIO, value)})


def annotations_of(plan: Plan, alert: Alert, value: str, labels: Mapping[str, str]) -> dict[str, str]:
    """The annotations of one alert as people read them, its value already printed."""
    return _filled(plan, alert, {**labels, "value": value})


def _filled(plan: Plan, alert: Alert, values: Mapping[str, str]) -> dict[str, str]:
    known = {**values, **_threshold(alert)}
    site = plan.definitions.site
    filled = {
        "summary": alert.summary.format_map(known),
        "description": alert.description.format_map(known),
        "runbook_url": f"{site.runbooks_url.rstrip('/')}/{alert.runbook}.md",
    }
    panel = panel_of(plan, alert)
    if panel:
        uid, number = panel
        filled["dashboard_url"] = f"{site.grafana_url.rstrip('/')}/d/{quote(uid)}?viewPanel={number}"
    return filled


def _threshold(alert: Alert) -> dict[str, str]:
    right = alert.when.right
    return {"threshold": quantity_text(right)} if isinstance(right, Quantity) else {}


def panel_of(plan: Plan, alert: Alert) -> tuple[str, int] | None:
    """The panel that shows an alert's indicator first: its dashboard's uid, and its id there."""
    found = plan.place_of_panel(alert.when.left)
    return (found[0].uid, found[1].id) if found else None
