"""Kubernetes resources, held to the schemas of Kubernetes and to the types of the Prometheus operator."""

from __future__ import annotations

from typing import Any

import kubernetes_validate
from cloudcoil.models.prometheus_operator import v1, v1alpha1

_VERSION = "1.31"
_OPERATOR = {"PrometheusRule": v1.PrometheusRule, "PodMonitor": v1.PodMonitor, "ScrapeConfig": v1alpha1.ScrapeConfig}


def hold(resource: dict[str, Any]) -> None:
    """Raises where the resource has a field that its kind has not, or a value that its kind does not take."""
    kind = resource["kind"]
    if kind == "Kustomization":
        assert set(resource) == {"apiVersion", "kind", "resources"}
    elif kind in _OPERATOR:
        read = _OPERATOR[kind].model_validate(resource)
        # These types pass over what they do not know: what comes back must be all that was given.
        assert read.model_dump(by_alias=True, exclude_none=True, mode="json") == resource
    else:
        kubernetes_validate.validate(resource, _VERSION, strict=True)
