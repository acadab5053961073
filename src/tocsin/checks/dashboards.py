"""Dashboards: uids, units of panels, variables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocsin.findings import Finding, Severity
from tocsin.metrics import nearest
from tocsin.model.dashboard import Dashboard
from tocsin.model.indicator import Indicator
from tocsin.panels.panel import Panel
from tocsin.panels.traces import Traces
from tocsin.plan import Plan
from tocsin.units import Quantity, Unit

_UID = re.compile(r"[a-zA-Z0-9_-]{1,40}\Z")


def findings(plan: Plan) -> Iterator[Finding]:
    for dashboard in plan.definitions.dashboards:
        yield from _uid(dashboard)
        yield from _variables(plan, dashboard)
        for panel in dashboard.panels:
            yield from _unit(plan, dashboard, panel)
            yield from _over(plan, dashboard, panel)


def _uid(dashboard: Dashboard) -> Iterator[Finding]:
    if not _UID.match(dashboard.uid):
        yield Finding(
            "uid",
            Severity.ERROR,
            f"{dashboard.uid!r} is no uid",
            "use at most 40 letters, digits, - and _; keep it: links and alerts point to it",
            dashboard.source,
            dashboard.title,
        )


def _variables(plan: Plan, dashboard: Dashboard) -> Iterator[Finding]:
    known = {name for metric in plan.series.values() for name in metric.label_names}
    for label in dashboard.variables:
        if label.name not in known:
            near = nearest(label.name, known)
            yield Finding(
                "variable-query",
                Severity.ERROR,
                f"no series has the label {label.name}: the variable would offer nothing",
                f"did you mean {near}?" if near else "choose by a label of the catalog",
                dashboard.source,
                dashboard.title,
            )


def _over(plan: Plan, dashboard: Dashboard, panel: Panel) -> Iterator[Finding]:
    """A panel that takes its threshold from an indicator's alert needs one that has it."""
    over = panel.over if isinstance(panel, Traces) else None
    if isinstance(over, Indicator) and not any(isinstance(one.when.right, Quantity) for one in plan.alerts_on(over)):
        yield Finding(
            "panel-empty",
            Severity.ERROR,
            f"there is no alert on {over.title} whose threshold it could have",
            "give it a quantity, such as over=seconds(10)",
            panel.source,
            f"{dashboard.title} / {panel.title}",
        )


def _unit(plan: Plan, dashboard: Dashboard, panel: Panel) -> Iterator[Finding]:
    first: Unit | None = None
    for indicator in panel.indicators:
        unit = plan.unit_of(indicator)
        first = first or unit
        if unit is not None and first is not None and unit != first:
            yield Finding(
                "unit-mismatch",
                Severity.ERROR,
                f"{panel.indicators[0].title} is in {first}, {indicator.title} in {unit}: one axis cannot show both",
                "give each a panel of its own",
                panel.source,
                f"{dashboard.title} / {panel.title}",
            )
