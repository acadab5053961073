"""What Grafana needs beside dashboards and alerts: data sources, the dashboards' provider, who hears of alerts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocsin.documents import Draft
from tocsin.model.site import Langfuse, Site, Tempo
from tocsin.plan import Plan

_DASHBOARDS = "/etc/grafana/dashboards"


def documents(plan: Plan) -> Iterator[Draft]:
    site = plan.definitions.site
    interval = min((catalog.scrape_interval for catalog in plan.definitions.catalogs), default="15s")
    for path, schema, data in (
        ("datasources/datasources", "grafana-datasources", _datasources(site, interval)),
        ("dashboards/dashboards", "grafana-dashboard-providers", _provider(site)),
        ("alerting/contact-points", "grafana-contact-points", _contact_points(site)),
        ("alerting/notification-policies", "grafana-policies", _policies(site)),
    ):
        yield Draft(f"grafana/provisioning/{path}.yaml", schema, data, site.source)


def _datasources(site: Site, interval: str) -> dict[str, Any]:
    prometheus = {
        "name": "Prometheus",
        "type": "prometheus",
        "uid": site.prometheus.uid,
        "access": "proxy",
        "url": site.prometheus.url,
        "isDefault": True,
        "editable": False,
        "jsonData": {"httpMethod": "POST", "timeInterval": interval},
    }
    return {"apiVersion": 1, "datasources": [prometheus, _traces(site.traces)]}


def _traces(traces: Langfuse | Tempo) -> dict[str, Any]:
    if isinstance(traces, Tempo):
        return {
            "name": "Tempo",
            "type": "tempo",
            "uid": traces.uid,
            "access": "proxy",
            "url": traces.url,
            "editable": False,
        }
    return {
        "name": "Langfuse",
        "type": "yesoreyeram-infinity-datasource",
        "uid": traces.uid,
        "access": "proxy",
        "url": traces.url,
        "editable": False,
        "basicAuth": True,
        "basicAuthUser": "$LANGFUSE_PUBLIC_KEY",
        "jsonData": {"auth_method": "basicAuth", "allowedHosts": [traces.url]},
        "secureJsonData": {"basicAuthPassword": "$LANGFUSE_SECRET_KEY"},
    }


def _provider(site: Site) -> dict[str, Any]:
    provider = {
        "name": "tocsin",
        "orgId": 1,
        "folder": site.folder,
        "type": "file",
        "disableDeletion": False,
        "allowUiUpdates": False,
        "updateIntervalSeconds": 30,
        "options": {"path": _DASHBOARDS},
    }
    return {"apiVersion": 1, "providers": [provider]}


def _contact_points(site: Site) -> dict[str, Any]:
    contact = site.contact
    receiver = {
        "uid": f"tocsin-{contact.kind}",
        "type": contact.kind,
        "settings": dict(contact.settings),
        "disableResolveMessage": False,
    }
    return {"apiVersion": 1, "contactPoints": [{"orgId": 1, "name": contact.name, "receivers": [receiver]}]}


def _policies(site: Site) -> dict[str, Any]:
    critical = {
        "receiver": site.contact.name,
        "object_matchers": [["severity", "=", "critical"]],
        "group_wait": "10s",
        "group_interval": "1m",
        "repeat_interval": "1h",
    }
    policy = {
        "orgId": 1,
        "receiver": site.contact.name,
        "group_by": ["grafana_folder", *site.group_by],
        "group_wait": "30s",
        "group_interval": "5m",
        "repeat_interval": "4h",
        "routes": [critical],
    }
    return {"apiVersion": 1, "policies": [policy]}
