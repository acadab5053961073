"""What a definition says as PromQL, and where it is used."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tocsin.differences import differences
from tocsin.findings import TocsinError
from tocsin.metrics import nearest
from tocsin.model.alert import Alert
from tocsin.model.dashboard import Dashboard
from tocsin.model.definitions import Definitions
from tocsin.model.indicator import Indicator
from tocsin.model.scenario import Scenario
from tocsin.panels.panel import Panel
from tocsin.plan import Plan
from tocsin.promql.parse import prettify
from tocsin.proving.derive import derived
from tocsin.readers import readers_of
from tocsin.scenarios.openmetrics import exposition
from tocsin.source import Source

# Seconds between two scenarios: a range of one sees nothing of the other.
_PAUSE = Decimal(3600)


def shown(plan: Plan, name: str) -> Iterator[str]:
    """The lines to print. Raises TocsinError where nothing has that name, naming the nearest."""
    found = False
    for part in (_alerts(plan, name), _indicators(plan, name), _records(plan, name), _panels(plan, name)):
        for line in part:
            found = True
            yield line
    if not found:
        near = nearest(name, _names(plan))
        raise TocsinError(
            f"nothing is called {name!r}",
            help=f"did you mean {near}?"
            if near
            else "name an alert, an indicator, a recorded series or a panel's title",
        )


def previewed(plan: Plan, name: str, until: Decimal) -> str:
    """An alert's scenarios as OpenMetrics, one after the other, the last of which ends at that time, in seconds.

    Those that its author states come first. Raises TocsinError where there is no such alert, or no scenario of it.
    """
    alert = next((one for one in plan.definitions.alerts if one.name == name), None)
    if alert is None:
        near = nearest(name, [one.name for one in plan.definitions.alerts])
        raise TocsinError(
            f"no alert is called {name!r}", help=f"did you mean {near}?" if near else "name one that has scenarios"
        )
    stated = [claim for proof in plan.definitions.proofs_of(alert) for claim in proof.claims]
    claims = [*stated, *derived(plan, alert).claims]
    scenarios = list({id(claim.scenario): claim.scenario for claim in claims}.values())
    if not scenarios:
        raise TocsinError(f"there is no scenario of {name}", help="state one: prove(alert, fires(...), quiet(...))")
    at = until - sum(_seconds(scenario) + _PAUSE for scenario in scenarios) + _PAUSE
    placed = []
    for scenario in scenarios:
        placed.append((scenario, at))
        at += _seconds(scenario) + _PAUSE
    return exposition(placed)


def _seconds(scenario: Scenario) -> Decimal:
    return Decimal(scenario.lasting) / 1000


def shown_settings(definitions: Definitions) -> Iterator[str]:
    """How environments and tenants differ; the default has a star. Raises TocsinError where there are no settings."""
    settings = definitions.settings
    if settings is None:
        raise TocsinError("the project has no settings", help="state them: settings = Settings(default=..., ...)")
    yield f"settings  ({settings.source.relative(definitions.root)})"
    rows = list(differences(definitions, settings))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  " + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
    if len(rows) == 1:
        yield "  they do not differ"


def _names(plan: Plan) -> Iterator[str]:
    yield from (alert.name for alert in plan.definitions.alerts)
    yield from plan.definitions.indicators
    yield from (record.name for record in plan.records)
    yield from (panel.title for dashboard in plan.definitions.dashboards for panel in dashboard.panels)


def _head(plan: Plan, kind: str, name: str, source: Source) -> str:
    return f"{kind} {name}  ({source.relative(plan.definitions.root)})"


def _indented(text: str) -> Iterator[str]:
    return (f"    {line}" for line in prettify(text).splitlines())


def _alerts(plan: Plan, name: str) -> Iterator[str]:
    for planned in plan.alerts:
        alert = planned.alert
        if alert.name != name:
            continue
        yield _head(plan, "alert", alert.name, alert.source)
        yield from _indented(planned.expr)
        yield f"  for {alert.hold}, every {alert.every}, severity {alert.severity}, runbook {alert.runbook}"
        for record in plan.records_read(planned.left):
            yield f"  reads the recorded series {record.name}"
        for claim in (claim for proof in plan.definitions.proofs_of(alert) for claim in proof.claims):
            state = "fires" if claim.instances else "is quiet"
            yield f"  proven: {state} at {claim.at} when {claim.scenario.title}"
        own = derived(plan, alert)
        yield f"  derived: {len(own.claims)} claims" if own.claims else f"  nothing derived: {own.missing}"


def _indicators(plan: Plan, name: str) -> Iterator[str]:
    indicator = plan.definitions.indicators.get(name)
    if indicator is None:
        return
    yield _head(plan, "indicator", name, indicator.source)
    yield f"  {indicator.title}: {indicator.description}"
    yield from _indented(plan.panel(indicator).text("panel"))
    unit = plan.unit_of(indicator)
    if unit:
        yield f"  measured in {unit}"
    yield from (f"  {line}" for line in _uses(plan, indicator))


def _uses(plan: Plan, indicator: Indicator) -> Iterator[str]:
    for record in plan.records:
        if record.record.indicator.root is indicator:
            yield f"recorded as {record.name}"
    for alert in plan.definitions.alerts:
        if indicator in _compared(alert):
            yield f"alert {alert.name}"
    for dashboard, panel in _all_panels(plan):
        if any(one.root is indicator for one in panel.indicators):
            yield f"panel {dashboard.title} / {panel.title}"


def _compared(alert: Alert) -> tuple[Indicator, ...]:
    sides = (alert.when.left, alert.when.right)
    return tuple(side.root for side in sides if isinstance(side, Indicator))


def _all_panels(plan: Plan) -> Iterator[tuple[Dashboard, Panel]]:
    return ((dashboard, panel) for dashboard in plan.definitions.dashboards for panel in dashboard.panels)


def _records(plan: Plan, name: str) -> Iterator[str]:
    for record in plan.records:
        if record.name == name:
            yield _head(plan, "recorded series", name, record.record.source)
            yield from _indented(record.expr)
            yield f"  every {record.group.interval}, in the group {record.group.name}"
            yield from (f"  read by {reader}" for reader in readers_of(plan).get(name, ()))


def _panels(plan: Plan, name: str) -> Iterator[str]:
    for dashboard, panel in _all_panels(plan):
        if name not in (panel.title, f"{dashboard.title} / {panel.title}"):
            continue
        yield _head(plan, "panel", f"{dashboard.title} / {panel.title}", panel.source)
        for indicator in panel.indicators:
            yield f"  {indicator.title}"
            yield from _indented(plan.panel_text(panel, indicator, dashboard.variables))
        for alert in {alert.name: alert for one in panel.indicators for alert in plan.alerts_on(one)}.values():
            yield f"  alert {alert.name}"
