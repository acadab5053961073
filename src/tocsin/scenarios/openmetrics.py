"""Samples as an OpenMetrics file with timestamps, to be backfilled into a Prometheus:

promtool tsdb create-blocks-from openmetrics FILE DATA
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from tocsin.metrics import Matcher
from tocsin.model.scenario import Scenario
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.tree import Select
from tocsin.scenarios.samples import Series, kind_of, series_of, spacing_of
from tocsin.units import plain


def exposition(scenario: Scenario, start: Decimal) -> str:
    """The scenario as it would have been scraped from `start` on, in seconds since 1970."""
    spacing = Decimal(spacing_of(milliseconds_of(scenario.every))) / 1000
    return "\n".join([*_lines(series_of(scenario), start, spacing), "# EOF", ""])


def _lines(series: Iterable[Series], start: Decimal, spacing: Decimal) -> Iterator[str]:
    families: dict[str, list[Series]] = {}
    for one in series:
        families.setdefault(one.name, []).append(one)
    for name, members in families.items():
        # Each series of a histogram stands as a family of its own: the format's own grouping gains a backfill nothing.
        yield f"# TYPE {name.removesuffix('_total')} {_type(members[0])}"
        for member in members:
            labels = Select(name, tuple(Matcher(label, "=", value) for label, value in member.labels)).text()
            for scrape, sample in enumerate(member.samples):
                if sample is not None:
                    yield f"{labels} {plain(sample)} {plain(start + spacing * scrape)}"


def _type(series: Series) -> str:
    # A counter's name must end in _total there; a bucket, sum or count does not.
    kind = kind_of(series.metric)
    return kind if kind == "gauge" or series.name.endswith("_total") else "unknown"
