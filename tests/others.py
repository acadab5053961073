"""Files that Tocsin did not write, as their authors may have them, and what is found in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from agentmetrics.catalog import CATALOG
from tocsin.checks import judge
from tocsin.findings import Finding
from tocsin.metrics import Catalog
from tocsin.reading import Contents, read_text
from tocsin.whole import of_files

P99 = "histogram_quantile(0.99, sum by (le) (rate(agent_request_duration_seconds_bucket[5m])))"
SAID = {"summary": "s", "description": "d", "runbook_url": "r"}


def alert(expr: str, **more: Any) -> dict[str, Any]:
    said = {"labels": {"severity": "warning"}, "annotations": dict(SAID)}
    return {"alert": "A", "expr": expr, "for": "5m", **said, **more}


def rules(*made: Mapping[str, Any], group: str = "g", file: str = "rules.yaml") -> Contents:
    return read_text(yaml.safe_dump({"groups": [{"name": group, "rules": list(made)}]}).encode(), file)


def dashboard(*panels: Mapping[str, Any], variables: tuple[Mapping[str, Any], ...] = (), **more: Any) -> Contents:
    document = {"title": "D", "panels": list(panels), "templating": {"list": list(variables)}, **more}
    return read_text(json.dumps(document).encode(), "d.json")


def panel(expr: str, source: Any = None, unit: str = "short", **more: Any) -> dict[str, Any]:
    target = {"refId": "A", "expr": expr, "datasource": source or {"type": "prometheus", "uid": "$ds"}}
    about = {"title": "P", "description": "d", "type": "timeseries", "fieldConfig": {"defaults": {"unit": unit}}}
    return {"id": 1, **about, "targets": [target], **more}


def found(*contents: Contents, catalogs: tuple[Catalog, ...] = (CATALOG,)) -> list[Finding]:
    together = Contents(
        tuple(group for one in contents for group in one.groups),
        tuple(rule for one in contents for rule in one.grafana_rules),
        tuple(one for content in contents for one in content.dashboards),
        refused=tuple(one for content in contents for one in content.refused),
    )
    return list(judge(of_files([together], catalogs)))


def ids(*contents: Contents, catalogs: tuple[Catalog, ...] = (CATALOG,)) -> set[str]:
    return {finding.id for finding in found(*contents, catalogs=catalogs)}
