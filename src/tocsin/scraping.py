"""How Prometheus finds the pods that want to be scraped: by the annotations prometheus.io/scrape, port and path."""

from __future__ import annotations

from typing import Any

_META = "__meta_kubernetes_pod"

# source labels, regular expression, target label, replacement, action
_RELABELINGS: tuple[tuple[tuple[str, ...], str, str, str, str], ...] = (
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
    source, target = ("sourceLabels", "targetLabel") if camel else ("source_labels", "target_label")
    rules = []
    for labels, regex, into, replacement, action in _RELABELINGS:
        rule: dict[str, Any] = {source: list(labels), "regex": regex, "action": action}
        if into:
            rule |= {target: into, "replacement": replacement}
        rules.append(rule)
    return rules
