"""Recorded series: the type of a rule's result when it is read back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tocsin.promql.dimensions import same
from tocsin.promql.labels import Known
from tocsin.promql.ranges import either
from tocsin.promql.relabel import without_bounds
from tocsin.promql.types import OPEN, Kind, Type


def as_recorded(
    of: Type, labels: Mapping[str, str], interval: int | None, external: frozenset[str] = frozenset()
) -> Type:
    """What a rule's result looks like when it is read back, with the rule's labels, every `interval` milliseconds.

    `external` are labels that it may have besides, where it is read.
    """
    if of.value not in ("vector", "scalar"):
        return OPEN
    if "le" in labels:
        of = without_bounds(of)
    found = of.labels
    for label, value in labels.items():
        found = found.drop([label])
        if value:
            found = found.with_label(label, Known(frozenset({value}), True, 1))
    return of.but(
        value="vector",
        labels=found.read_elsewhere(external),
        maybe_absent=True,
        comparison=None,
        origin=None,
        window=None,
        scrape=interval,
        text=None,
    )


def either_recording(types: Iterable[Type]) -> Type:
    """The type of a series that several rules record."""
    first, *others = types
    for other in others:
        low, high = either(first, other)
        first = first.but(
            kind=first.kind if first.kind is other.kind else Kind.OPEN,
            labels=first.labels.either(other.labels),
            unit=first.unit if same(first.unit, other.unit) else None,
            observed=first.observed if same(first.observed, other.observed) else None,
            low=low,
            high=high,
            finite=first.finite and other.finite,
            maybe_nan=first.maybe_nan or other.maybe_nan,
            floats=first.floats and other.floats,
            buckets=first.buckets if first.buckets == other.buckets else None,
            scrape=first.scrape if first.scrape == other.scrape else None,
            lazy=tuple(dict.fromkeys((*first.lazy, *other.lazy))),
            nan=first.nan or other.nan,
        )
    return first
