"""Mappings as recording rules: one file for each, which only those load who have that exporter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocsin.documents import Draft
from tocsin.model.alert import slug
from tocsin.model.mapping import Mapped, SeriesMapping
from tocsin.plan import Plan, laid_out


def documents(plan: Plan) -> Iterator[Draft]:
    for mapping in plan.definitions.mappings:
        rules = [rule for one in mapping.mapped for rule in _rules(one)]
        group = {"name": f"mapping-{slug(mapping.name)}", "interval": mapping.interval, "rules": rules}
        yield Draft(mapping_path(mapping), "prometheus-rules", {"groups": [group]}, mapping.source)


def _rules(mapped: Mapped) -> Iterator[dict[str, Any]]:
    labels = {"labels": dict(mapped.fixed)} if mapped.fixed else {}
    for name, node in mapped.series():
        yield {"record": name, "expr": laid_out(node), **labels}


def mapping_path(mapping: SeriesMapping) -> str:
    return f"prometheus/mappings/{slug(mapping.name)}.yaml"
