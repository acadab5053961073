"""How Prometheus finds what it scrapes: pods by the annotations prometheus.io/scrape, port and path; an exporter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tocsin.metrics import Catalog

_META = "__meta_kubernetes_pod"
# source labels, regular expression, target label, replacement, action
Rule = tuple[tuple[str, ...], str, str, str, str]

_NOT_RUNNING: Rule = ((f"{_META}_phase",), "Pending|Succeeded|Failed", "", "", "drop")
_WHERE: tuple[Rule, ...] = (
    (("__meta_kubernetes_namespace",), "(.*)", "namespace", "$1", "replace"),
    ((f"{_META}_name",), "(.*)", "pod", "$1", "replace"),
)
_ANNOTATED: tuple[Rule, ...] = (
    ((f"{_META}_annotation_prometheus_io_scrape",), "true", "", "", "keep"),
    _NOT_RUNNING,
    ((f"{_META}_annotation_prometheus_io_path",), "(.+)", "__metrics_path__", "$1", "replace"),
    (
        ("__address__", f"{_META}_annotation_prometheus_io_port"),
        r"(.+?)(?::\d+)?;(\d+)",
        "__address__",
        "$1:$2",
        "replace",
    ),
    *_WHERE,
)
# Langfuse's exporter has no annotations: with the operator a PodMonitor finds it by its label, without it these do.
EXPORTER, EXPORTER_PORT = "langfuse-exporter", "metrics"
_EXPORTER: tuple[Rule, ...] = (
    ((f"{_META}_label_app_kubernetes_io_name",), EXPORTER, "", "", "keep"),
    ((f"{_META}_container_port_name",), EXPORTER_PORT, "", "", "keep"),
    _NOT_RUNNING,
    *_WHERE,
)


def relabelings(*, camel: bool) -> list[dict[str, Any]]:
    """Rules that keep annotated pods, as Prometheus's configuration has them or as the operator's resources do."""
    return [_written(rule, camel=camel) for rule in _ANNOTATED]


def exporter_relabelings() -> list[dict[str, Any]]:
    """Rules that keep Langfuse's exporter, as Prometheus's configuration has them."""
    return [_written(rule, camel=False) for rule in _EXPORTER]


def metric_relabelings(catalogs: Iterable[Catalog], *, camel: bool) -> list[dict[str, Any]]:
    """Rules that give the series of these catalogs the colon back that their names have, as vLLM's do.

    Python's client library writes an underscore in its stead where it answers a Prometheus before version 3.
    """
    prefixes = sorted({metric.name.partition(":")[0] for found in catalogs for metric in found if ":" in metric.name})
    rules: list[Rule] = [
        (("__name__",), f"{prefix}_(.+)", "__name__", f"{prefix}:$1", "replace") for prefix in prefixes
    ]
    return [_written(rule, camel=camel) for rule in rules]


def _written(rule: Rule, *, camel: bool) -> dict[str, Any]:
    source, target = ("sourceLabels", "targetLabel") if camel else ("source_labels", "target_label")
    labels, regex, into, replacement, action = rule
    written: dict[str, Any] = {source: list(labels), "regex": regex, "action": action}
    return written | ({target: into, "replacement": replacement} if into else {})
