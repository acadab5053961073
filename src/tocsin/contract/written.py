"""Catalogs as JSON text, to hand them from one process to another."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from fractions import Fraction
from typing import Any

from tocsin.metrics import Catalog, Counter, Gauge, Histogram, Label, Metric
from tocsin.units import Unit

_KINDS: dict[str, type[Metric]] = {"counter": Counter, "gauge": Gauge, "histogram": Histogram, "metric": Metric}


def as_json(catalogs: Iterable[Catalog]) -> str:
    """The catalogs, without what only the analysis reads."""
    told = [
        {
            "name": catalog.name,
            "metrics": [_data(metric) for metric in catalog],
            "target_labels": [asdict(label) for label in catalog.target_labels],
        }
        for catalog in catalogs
    ]
    return json.dumps(told, default=str)


def from_json(text: str) -> tuple[Catalog, ...]:
    """The catalogs that `as_json` has written."""
    return tuple(
        Catalog(
            told["name"],
            tuple(_metric(data) for data in told["metrics"]),
            target_labels=tuple(map(_label, told["target_labels"])),
        )
        for told in json.loads(text)
    )


def _data(metric: Metric) -> dict[str, Any]:
    name, kind = next((name, kind) for name, kind in _KINDS.items() if isinstance(metric, kind))
    stated = asdict(metric)
    return {"kind": name, **{field.name: stated[field.name] for field in fields(kind)}}


def _metric(data: dict[str, Any]) -> Metric:
    kind = _KINDS[data.pop("kind")]
    data["labels"] = tuple(map(_label, data["labels"]))
    for field in {"unit", "counts"} & data.keys():
        unit = data[field]
        data[field] = Unit(
            unit["name"], tuple((name, power) for name, power in unit["factors"]), Fraction(unit["scale"])
        )
    if "buckets" in data:
        data["buckets"] = tuple(data["buckets"])
    return kind(**data)


def _label(data: dict[str, Any]) -> Label:
    values = data["values"]
    return Label(data["name"], data["description"], None if values is None else tuple(values), data["cardinality"])
