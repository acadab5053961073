"""Samples as an OpenMetrics file with timestamps, to be backfilled into a Prometheus:

promtool tsdb create-blocks-from openmetrics FILE DATA

The format has no stale markers. Where a scrape fails or a series ends there is no sample here, and selectors still see
the last one, for 5 minutes; ranges see what they should.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from tocsin.metrics import Matcher
from tocsin.model.scenario import Scenario
from tocsin.promql.tree import Select
from tocsin.scenarios.samples import Series, kind_of, series_of
from tocsin.units import plain

# Prometheus cuts a timestamp off at the millisecond after it multiplied it in floats: this keeps it from falling short.
_UP = Decimal("0.0001")


def exposition(scenarios: Iterable[tuple[Scenario, Decimal]]) -> str:
    """The scenarios as they would have been scraped, each from a time of its own on, in seconds since 1970."""
    # Each series of a histogram stands as a family of its own: the format's own grouping gains a backfill nothing.
    families: dict[str, list[str]] = {}
    for scenario, start in scenarios:
        spacing = Decimal(scenario.spacing) / 1000
        for series in series_of(scenario):
            lines = families.setdefault(series.name, [f"# TYPE {series.name.removesuffix('_total')} {_type(series)}"])
            lines += _lines(series, start, spacing)
    return "\n".join([line for lines in families.values() for line in lines] + ["# EOF", ""])


def _lines(series: Series, start: Decimal, spacing: Decimal) -> Iterator[str]:
    name = Select(series.name, tuple(Matcher(label, "=", value) for label, value in series.labels)).text()
    for scrape, sample in enumerate(series.samples):
        if isinstance(sample, Decimal):
            yield f"{name} {plain(sample)} {plain(start + spacing * scrape + _UP)}"


def _type(series: Series) -> str:
    # A counter's name must end in _total there; a bucket, sum or count does not.
    kind = kind_of(series.metric)
    return kind if kind == "gauge" or series.name.endswith("_total") else "unknown"
