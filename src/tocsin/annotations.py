"""What an alert says: its annotations, as templates for an engine and as the text that comes out of them."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from urllib.parse import quote

from tocsin.display import quantity_text
from tocsin.model.alert import Alert
from tocsin.model.indicator import Condition, Indicator
from tocsin.plan import Plan, PlannedAlert
from tocsin.units import Quantity

_TOLD = 3


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
    known = {**labels, "value": planned.value_template(value)}
    return _filled(plan, planned.alert, known, _threshold_template(planned.alert.when))


def annotations_of(plan: Plan, alert: Alert, value: str, labels: Mapping[str, str]) -> dict[str, str]:
    """The annotations of one alert as people read them, its value already printed."""
    own = alert.when.own
    threshold = own.stated.get(labels[own.label], alert.when.right) if own else alert.when.right
    return _filled(plan, alert, {**labels, "value": value}, _text_of(threshold))


def _filled(plan: Plan, alert: Alert, values: Mapping[str, str], threshold: str) -> dict[str, str]:
    # Where it is no fixed quantity a check has told of texts that name it.
    known = {**values, "threshold": threshold}
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


def _text_of(threshold: Quantity | Indicator) -> str:
    return quantity_text(threshold) if isinstance(threshold, Quantity) else threshold.title.lower()


def _threshold_template(condition: Condition) -> str:
    """Whose threshold it is can be told from the label alone, in both engines."""
    usual, own = _text_of(condition.right), condition.own
    if own is None:
        return usual
    sharing: dict[str, list[str]] = {}
    for name, quantity in sorted(own.stated.items()):
        sharing.setdefault(quantity_text(quantity), []).append(json.dumps(name, ensure_ascii=False))
    tests = [f"if eq $labels.{own.label} {' '.join(names)} }}}}{text}" for text, names in sharing.items()]
    return f"{{{{ {'{{ else '.join(tests)}{{{{ else }}}}{usual}{{{{ end }}}}"


def bound_text(condition: Condition) -> str:
    """What the indicator is compared with, for a sentence: 80%, 80% (60% for acme), daily budget."""
    usual, own = _text_of(condition.right), condition.own
    if own is None:
        return usual
    if len(own.stated) > _TOLD:
        return f"{usual} ({len(own.stated)} values of {own.label} have their own)"
    told = (f"{own.label} {name}: {quantity_text(quantity)}" for name, quantity in sorted(own.stated.items()))
    return f"{usual} ({', '.join(told)})"


def panel_of(plan: Plan, alert: Alert) -> tuple[str, int] | None:
    """The panel that shows an alert's indicator first: its dashboard's uid, and its id there."""
    found = plan.place_of_panel(alert.when.left)
    return (found[0].uid, found[1].id) if found else None
