"""Alertmanager's configuration: who hears of what, and which alerts keep others quiet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocsin.documents import Draft
from tocsin.model.site import TENANT, Contact
from tocsin.plan import Plan, PlannedAlert


def documents(plan: Plan) -> Iterator[Draft]:
    yield Draft("alertmanager/alertmanager.yaml", "alertmanager", _configuration(plan), plan.definitions.site.source)


def _configuration(plan: Plan) -> dict[str, Any]:
    site = plan.definitions.site
    receivers = {site.contact.name: site.contact}
    receivers |= {_receiver_of(tenant): contact for tenant, contact in sorted(site.tenants.items())}
    return {
        "global": {
            "resolve_timeout": "5m",
            "smtp_smarthost": site.smtp.host,
            "smtp_from": site.smtp.sender,
        },
        "route": {
            "receiver": site.contact.name,
            "group_by": list(site.group_by),
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "4h",
            "routes": [*_tenant_routes(plan), *_severity_routes(site.contact)],
        },
        "inhibit_rules": [rule for planned in plan.alerts for rule in _inhibitions(plan, planned)],
        "receivers": [{"name": name, **contact.alertmanager} for name, contact in receivers.items()],
    }


def _receiver_of(tenant: str) -> str:
    return f"tenant-{tenant}"


def _tenant_routes(plan: Plan) -> Iterator[dict[str, Any]]:
    for tenant in sorted(plan.definitions.site.tenants):
        # `continue`: the platform's own people hear of it too.
        yield {"receiver": _receiver_of(tenant), "matchers": [f'{TENANT}="{tenant}"'], "continue": True}


def _severity_routes(contact: Contact) -> Iterator[dict[str, Any]]:
    critical = {"group_wait": "10s", "group_interval": "1m", "repeat_interval": "1h"}
    yield {"receiver": contact.name, "matchers": ['severity="critical"'], **critical}
    # Named, so that a tenant's route with `continue` does not end the way of a warning.
    yield {"receiver": contact.name, "matchers": ['severity="warning"']}
    info = {"group_wait": "5m", "group_interval": "1h", "repeat_interval": "24h"}
    yield {"receiver": contact.name, "matchers": ['severity="info"'], **info}


def _inhibitions(plan: Plan, planned: PlannedAlert) -> Iterator[dict[str, Any]]:
    weaker_by_labels: dict[tuple[str, ...], list[str]] = {}
    generated = {alert.name for alert in plan.definitions.alerts}
    for weaker in planned.alert.inhibits:
        if weaker.name not in generated:
            continue
        shared = tuple(sorted(set(planned.labels) & set(plan.alert(weaker).labels)))
        weaker_by_labels.setdefault(shared, []).append(weaker.name)
    for shared, names in weaker_by_labels.items():
        rule: dict[str, Any] = {
            "source_matchers": [f'alertname="{planned.alert.name}"'],
            "target_matchers": [f'alertname=~"{"|".join(sorted(names))}"'],
        }
        if shared:
            rule["equal"] = list(shared)
        yield rule
