"""Settings: thresholds in another unit than what they are compared with, and tenants whose name looks misspelt."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.checks.units import misfit
from tocsin.findings import Finding, Severity
from tocsin.metrics import nearest
from tocsin.model.environment import Settings
from tocsin.model.site import TENANT
from tocsin.plan import Plan
from tocsin.source import Source


def findings(plan: Plan) -> Iterator[Finding]:
    settings = plan.definitions.settings
    if settings:
        yield from _units(plan, settings)
    yield from _tenants(plan, settings)


def _units(plan: Plan, settings: Settings) -> Iterator[Finding]:
    """Of every environment, whichever is chosen."""
    for name, environment in settings.environments.items():
        for alert, threshold in environment.thresholds.items():
            unit = plan.unit_of(alert.when.left)
            wrong = misfit(alert.when.left, unit, "the threshold", threshold, of=f" of {alert.name}")
            if wrong:
                yield Finding("unit-mismatch", Severity.ERROR, *wrong, settings.source, name)


def _tenants(plan: Plan, settings: Settings | None) -> Iterator[Finding]:
    own = settings.source if settings else None
    tables = (table for table in plan.definitions.tables if table.by.name == TENANT and table.source != own)
    known = {row.key for table in tables for row in table.rows}
    for name, source in _named(plan, settings):
        near = nearest(name, known) if name not in known else None
        if near:
            yield Finding(
                "tenant-unknown",
                Severity.WARNING,
                f"no table has the tenant {name}",
                f"did you mean {near}? Otherwise state a budget for it",
                source,
                name,
            )


def _named(plan: Plan, settings: Settings | None) -> Iterator[tuple[str, Source]]:
    site = plan.definitions.site
    yield from ((name, site.source) for name in site.tenants)
    if settings:
        yield from ((name, settings.source) for name in settings.tenants)
