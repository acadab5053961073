"""Who hears of alerts: contacts that both engines know, and alerts that keep only weaker ones quiet."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.findings import Finding, Severity
from tocsin.model.alert import Severity as AlertSeverity
from tocsin.plan import Plan

_ORDER = tuple(AlertSeverity)


def findings(plan: Plan) -> Iterator[Finding]:
    yield from _contacts(plan)
    for alert in plan.definitions.alerts:
        for weaker in alert.inhibits:
            if _ORDER.index(weaker.severity) > _ORDER.index(alert.severity):
                yield Finding(
                    "severity-order",
                    Severity.WARNING,
                    f"it is {alert.severity} and keeps {weaker.name} quiet, which is {weaker.severity}: "
                    "nobody hears of the worse one",
                    "let the more severe alert inhibit the other",
                    alert.source,
                    alert.name,
                )


def _contacts(plan: Plan) -> Iterator[Finding]:
    site = plan.definitions.site
    for name, contact in (("contact", site.contact), *site.tenants.items()):
        if not contact.alertmanager:
            yield Finding(
                "contact",
                Severity.ERROR,
                f"{name} is a contact of kind {contact.kind}, which is not known as a receiver of Alertmanager: "
                "its alerts would reach nobody there",
                f'state it: Contact(..., alertmanager={{"{contact.kind}_configs": [...]}})',
                site.source,
                "site",
            )
