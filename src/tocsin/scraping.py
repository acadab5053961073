"""How Prometheus finds the pods that want to be scraped: by the annotations prometheus.io/scrape, port and path."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tocsin.metrics import Catalog

_META = "__meta_kubernetes_pod"
# source labels, regular expression, target label, replacement, action
Rule = tuple[tuple[str, ...], str, str, str, str]

_RELABELINGS: tuple[Rule, ...] = (
    ((f"{_META}_annotation_prometheus_io_scrape",), "true", "", "", "keep"),
    ((f"{_META}_phase",), "Pending|Succeeded|Failed", "", "", "drop"),
    ((f"{_META}_annotation_prometheus_io_path",), "(.+)", "__metrics_path__", "$1", "replace"),
    (
        ("__address__", f"{_META}_annotation_prometheus_io_port"),
        r"(.+?)(?::\d+)?;(\d+)",
        "__address__",
        "$1:$2",
        "replace",
    ),
    (("__meta_kubernetes_namespace",), "(.*)", "namespace", "$1", "replace"),
    ((f"{_META}_name",), "(.*)", "pod", "$1", "replace"),
)


def relabelings(*, camel: bool) -> list[dict[str, Any]]:
    """The rules as Prometheus's configuration has them, or as the operator's resources do."""
    return [_written(rule, camel=camel) for rule in _RELABELINGS]


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
