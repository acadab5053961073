"""For a cluster: a Kustomize base, and an overlay for each of the two alert engines.

Dashboards, data sources and Grafana's alerts are ConfigMaps for Grafana's sidecar; rules and scrapes are resources of
the Prometheus operator.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

from tocsin.documents import Draft, rendered
from tocsin.findings import TocsinError
from tocsin.model.site import Kubernetes
from tocsin.output import Document
from tocsin.plan import Plan
from tocsin.scraping import EXPORTER, EXPORTER_PORT, metric_relabelings, relabelings
from tocsin.targets import (
    grafana_alerts,
    grafana_dashboards,
    grafana_provisioning,
    prometheus_alerts,
    prometheus_rules,
    prometheus_tables,
)

_ROOT = "kubernetes"
_BASE = f"{_ROOT}/base"
# A ConfigMap holds at most 1 MiB, its names and the like included.
_LARGEST = 1_000_000
_PART_OF = {"app.kubernetes.io/part-of": "tocsin"}


def documents(plan: Plan) -> Iterator[Draft]:
    cluster = plan.definitions.site.kubernetes
    if cluster is None:
        return
    yield from _kustomized(_BASE, [], _base(plan, cluster))
    yield from _kustomized(f"{_ROOT}/overlays/prometheus-alerts", ["../../base"], _prometheus_alerts(plan, cluster))
    yield from _kustomized(f"{_ROOT}/overlays/grafana-alerts", ["../../base"], _grafana_alerts(plan, cluster))


def recording_files(plan: Plan) -> Iterator[Draft]:
    """The files of recording rules: groups, and tables of constants."""
    yield from prometheus_rules.documents(plan)
    yield from (draft for draft in prometheus_tables.documents(plan) if draft.schema == "prometheus-rules")


_Resource = tuple[str, dict[str, Any]]


def _kustomized(folder: str, bases: list[str], resources: Iterable[_Resource]) -> Iterator[Draft]:
    names = []
    for name, resource in resources:
        names.append(name)
        yield Draft(f"{folder}/{name}", "kubernetes", resource)
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [*bases, *names],
    }
    yield Draft(f"{folder}/kustomization.yaml", "kubernetes", kustomization)


def _base(plan: Plan, cluster: Kubernetes) -> Iterator[_Resource]:
    site = plan.definitions.site
    for dashboard in rendered(grafana_dashboards.documents(plan)):
        name = PurePosixPath(dashboard.path).stem.lower().replace("_", "-")
        annotations = {"grafana_folder": site.folder}
        yield (
            f"dashboard-{name}.yaml",
            _config_map(cluster, f"dashboard-{name}", {"grafana_dashboard": "1"}, [dashboard], annotations),
        )
    sources = [one for one in grafana_provisioning.documents(plan) if one.schema == "grafana-datasources"]
    yield "datasources.yaml", _config_map(cluster, "tocsin-datasources", {"grafana_datasource": "1"}, rendered(sources))
    yield "rules.yaml", _rules(cluster, "tocsin-rules", recording_files(plan))
    for namespace in cluster.watched:
        yield f"scrape-{namespace}.yaml", _scrape(plan, cluster, namespace)
    yield "langfuse-exporter.yaml", _langfuse_exporter(cluster)


def _prometheus_alerts(plan: Plan, cluster: Kubernetes) -> Iterator[_Resource]:
    yield "alerts.yaml", _rules(cluster, "tocsin-alerts", prometheus_alerts.documents(plan))


def _grafana_alerts(plan: Plan, cluster: Kubernetes) -> Iterator[_Resource]:
    who = (one for one in grafana_provisioning.documents(plan) if "/alerting/" in one.path)
    files = rendered([*who, *grafana_alerts.documents(plan)])
    for number, packed in enumerate(_packed(files), 1):
        name = f"alerts-{number}"
        yield f"{name}.yaml", _config_map(cluster, f"tocsin-{name}", {"grafana_alert": "1"}, packed)


def _packed(files: Iterable[Document]) -> Iterator[list[Document]]:
    """As many files together as one ConfigMap holds."""
    pack: list[Document] = []
    size = 0
    for file in files:
        if pack and size + len(file.content) > _LARGEST:
            yield pack
            pack, size = [], 0
        pack.append(file)
        size += len(file.content)
    if pack:
        yield pack


def _metadata(cluster: Kubernetes, name: str, labels: dict[str, str], annotations: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": name,
        "namespace": cluster.namespace,
        "labels": dict(sorted({**_PART_OF, **labels}.items())),
    }
    return {**found, "annotations": annotations} if annotations else found


def _config_map(
    cluster: Kubernetes,
    name: str,
    labels: dict[str, str],
    files: Iterable[Document],
    annotations: dict[str, str] | None = None,
) -> dict[str, Any]:
    data = {PurePosixPath(file.path).name: file.content.decode() for file in files}
    size = sum(len(text.encode()) for text in data.values())
    if size > _LARGEST:
        raise TocsinError(
            f"{', '.join(data)} would be {size} bytes, more than a ConfigMap holds",
            help="split the dashboard into two",
        )
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(cluster, name, labels, annotations or {}),
        "data": data,
    }


def _rules(cluster: Kubernetes, name: str, files: Iterable[Draft]) -> dict[str, Any]:
    groups = [group for file in files for group in file.data["groups"]]
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": _metadata(cluster, name, dict(cluster.labels), {}),
        "spec": {"groups": groups},
    }


def _scrape(plan: Plan, cluster: Kubernetes, namespace: str) -> dict[str, Any]:
    renamed = metric_relabelings(plan.definitions.catalogs, camel=True)
    return {
        "apiVersion": "monitoring.coreos.com/v1alpha1",
        "kind": "ScrapeConfig",
        "metadata": _metadata(cluster, f"tocsin-{namespace}", dict(cluster.labels), {}),
        "spec": {
            "jobName": namespace,
            "kubernetesSDConfigs": [{"role": "Pod", "namespaces": {"names": [namespace]}}],
            "relabelings": relabelings(camel=True),
            **({"metricRelabelings": renamed} if renamed else {}),
        },
    }


def _langfuse_exporter(cluster: Kubernetes) -> dict[str, Any]:
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": _metadata(cluster, EXPORTER, dict(cluster.labels), {}),
        "spec": {
            "selector": {"matchLabels": {"app.kubernetes.io/name": EXPORTER}},
            "podMetricsEndpoints": [{"port": EXPORTER_PORT, "interval": "30s"}],
        },
    }
