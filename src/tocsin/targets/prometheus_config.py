"""Prometheus's own configuration, for those who have no operator: what to scrape, and which rules to load."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from tocsin.documents import Draft
from tocsin.model.site import Kubernetes
from tocsin.plan import Plan
from tocsin.scraping import EXPORTER, exporter_relabelings, metric_relabelings, relabelings


def documents(plan: Plan) -> Iterator[Draft]:
    site = plan.definitions.site
    cluster = site.kubernetes or Kubernetes()
    interval = min((catalog.scrape_interval for catalog in plan.definitions.catalogs), default="15s")
    address = urlsplit(site.alertmanager_url)
    alertmanager: dict[str, Any] = {"static_configs": [{"targets": [address.netloc]}]}
    if address.scheme == "https":
        alertmanager["scheme"] = "https"
    configuration = {
        "global": {"scrape_interval": interval, "evaluation_interval": "30s"},
        # Without the second line where Grafana manages the alerts.
        "rule_files": ["rules/*.yaml", "alerts/*.yaml"],
        "alerting": {"alertmanagers": [alertmanager]},
        "scrape_configs": [*(_job(plan, namespace) for namespace in cluster.watched), _exporter(cluster)],
    }
    yield Draft("prometheus/prometheus.yaml", "prometheus-config", configuration, site.source)


def _job(plan: Plan, namespace: str) -> dict[str, Any]:
    renamed = metric_relabelings(plan.definitions.catalogs, camel=False)
    return {
        "job_name": namespace,
        "kubernetes_sd_configs": [{"role": "pod", "namespaces": {"names": [namespace]}}],
        "relabel_configs": relabelings(camel=False),
        **({"metric_relabel_configs": renamed} if renamed else {}),
    }


def _exporter(cluster: Kubernetes) -> dict[str, Any]:
    return {
        "job_name": EXPORTER,
        "kubernetes_sd_configs": [{"role": "pod", "namespaces": {"names": [cluster.namespace]}}],
        "relabel_configs": exporter_relabelings(),
    }
