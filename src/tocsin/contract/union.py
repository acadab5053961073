"""What several running programs show, as one catalog: none of them tells how the others export a metric."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import reduce

from tocsin.metrics import Catalog, Histogram, Label, Metric, series_of
from tocsin.units import UNKNOWN


def united(catalogs: Iterable[Catalog]) -> list[Catalog]:
    """The stated catalogs as they are, then one of all that are observed: in it only what they agree on is certain."""
    given = list(catalogs)
    observed = [catalog for catalog in given if catalog.observed]
    stated = [catalog for catalog in given if not catalog.observed]
    if len(observed) < 2:
        return [*stated, *observed]
    intervals = {catalog.scrape_interval for catalog in observed}
    targets = {label.name: label for catalog in observed for label in catalog.target_labels}
    name = ", ".join(catalog.name for catalog in observed)
    interval = intervals.pop() if len(intervals) == 1 else ""
    return [*stated, Catalog(name, tuple(_metrics(observed)), tuple(targets.values()), interval, observed=True)]


def _metrics(catalogs: Iterable[Catalog]) -> Iterator[Metric]:
    all_metrics = [metric for catalog in catalogs for metric in catalog]
    shapes: dict[str, set[object]] = {}
    for metric in all_metrics:
        shape = metric.buckets if isinstance(metric, Histogram) else None
        for series in series_of(metric):
            shapes.setdefault(series.name, set()).add(shape)
    found: dict[str, list[Metric]] = {}
    for metric in all_metrics:
        agreed = all(len(shapes[series.name]) == 1 for series in series_of(metric))
        for one in (metric,) if agreed else _parts(metric):
            found.setdefault(one.name, []).append(one)
    for alike in found.values():
        yield reduce(_either, alike)


def _parts(metric: Metric) -> Iterator[Metric]:
    """What a metric looks like to a query where the bounds of its buckets are not known."""
    if not isinstance(metric, Histogram):
        yield metric
        return
    bucket = metric.bucket
    labels = (*metric.labels, Label("le"))
    yield Metric(bucket.name, bucket.help, labels=labels, unit=UNKNOWN, open=metric.open)
    for series in (metric.sum, metric.count):
        yield replace(series, unit=UNKNOWN, initialised=None)


def _either(one: Metric, other: Metric) -> Metric:
    """A metric of two programs. Labels that only one of them shows are optional, if the other shows any series."""
    theirs = {label.name: label for label in other.labels}
    ours = {label.name: label for label in one.labels}
    labels = []
    for name in dict.fromkeys((*ours, *theirs)):
        missing = (name not in ours and not one.open) or (name not in theirs and not other.open)
        label = ours.get(name) or theirs[name]
        optional = missing or any(side[name].optional for side in (ours, theirs) if name in side)
        labels.append(replace(label, optional=optional))
    unit = one.unit if one.unit == other.unit else UNKNOWN
    is_open = one.open and other.open
    if type(one) is not type(other):
        return Metric(one.name, one.help, labels=tuple(labels), unit=unit, open=is_open)
    return replace(one, labels=tuple(labels), unit=unit, open=is_open)
