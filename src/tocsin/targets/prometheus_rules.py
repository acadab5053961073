"""Prometheus recording rules: one file for each group."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.documents import Draft
from tocsin.model.alert import slug
from tocsin.model.recording import RuleGroup
from tocsin.model.table import Table
from tocsin.plan import Plan


def documents(plan: Plan) -> Iterator[Draft]:
    for group in plan.definitions.groups:
        rules = [{"record": record.name, "expr": record.expr} for record in plan.records if record.group is group]
        yield Draft(
            rules_path(group),
            "prometheus-rules",
            {"groups": [{"name": group.name, "interval": group.interval, "rules": rules}]},
            group.source,
        )


def rules_path(group: RuleGroup | Table) -> str:
    return f"prometheus/rules/{slug(group.name)}.yaml"
