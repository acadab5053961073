"""A scenario as samples: which series have which value at which scrape. No format is known here.

Scrapes come a little earlier each time than the scenario's interval says (`tocsin.model.spacing`).

Where a series has a sample and then none, be it for one failed scrape or for good, Prometheus writes a stale marker:
selectors see nothing of it from there on, and ranges have a sample less.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Set
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Final

from tocsin.metrics import Counter, Gauge, Histogram, Matcher, Metric, bound_text
from tocsin.model.amounts import Flow
from tocsin.model.scenario import Feed, Growing, Holding, Scenario, Segment, Serving
from tocsin.promql.durations import milliseconds_of

_ALL = Decimal("Infinity")
# What Prometheus itself writes of a scrape, also of one that fails: 0, but for how long it took.
_OF_SCRAPES = frozenset(
    {"up", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling", "scrape_series_added"}
)
_DURATION = "scrape_duration_seconds"


class Marker(Enum):
    """What stands in the place of a sample."""

    STALE = "stale"


STALE: Final = Marker.STALE
Sample = Decimal | Marker | None
"""A value, the marker that there is none any more, or nothing at all."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series, scrape by scrape. Scrape n is at n times the spacing."""

    metric: Metric
    labels: tuple[tuple[str, str], ...]
    samples: tuple[Sample, ...]

    @property
    def name(self) -> str:
        return self.metric.name


def series_of(scenario: Scenario, until: int = 0, names: Set[str] | None = None) -> Iterator[Series]:
    """Every series of a scenario, the buckets, sum and count of its histograms included; or those with some names.

    Those that end before the scenario does, or before a time in milliseconds, are marked as gone.
    """
    end = max(scenario.lasting, until)
    for feed in scenario.feeds:
        life = _Life.of(scenario, feed, end)
        labels = _pairs(feed.series.matchers)
        metric = feed.series.metric
        if not isinstance(metric, Histogram):
            if names is None or metric.name in names:
                yield Series(metric, labels, tuple(life.samples(None)))
            continue
        if names is None or metric.bucket.name in names:
            yield from _buckets(metric, labels, life)
        for part, upto in ((metric.sum, None), (metric.count, _ALL)):
            if names is None or part.name in names:
                yield Series(part, labels, tuple(life.samples(upto)))


def _buckets(metric: Histogram, labels: tuple[tuple[str, str], ...], life: _Life) -> Iterator[Series]:
    # Most hold what the one before them holds.
    known: dict[tuple[Decimal, ...], tuple[Sample, ...]] = {}
    for bound in (*metric.buckets, math.inf):
        upto = Decimal(str(bound))
        shares = tuple(_share(part, upto) for part, _ in life.segments if isinstance(part, Serving))
        if shares not in known:
            known[shares] = tuple(life.samples(upto))
        le = "+Inf" if math.isinf(bound) else bound_text(bound)
        yield Series(metric.bucket, (*labels, ("le", le)), known[shares])


def _pairs(matchers: tuple[Matcher, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((matcher.label, matcher.value) for matcher in matchers)


@dataclass(frozen=True, slots=True)
class _Life:
    """A feed, with all its times in scrapes."""

    segments: tuple[tuple[Segment, int], ...]
    first: int
    spacing: int
    missed: frozenset[int]
    resets: frozenset[int]
    failed: Decimal | None
    is_over: bool

    @classmethod
    def of(cls, scenario: Scenario, feed: Feed, end: int) -> _Life:
        every, name = milliseconds_of(scenario.every), feed.series.metric.name

        def scrapes(times: tuple[str, ...]) -> frozenset[int]:
            return frozenset(milliseconds_of(time) // every for time in times)

        restarts = scrapes(scenario.restarts)
        return cls(
            tuple((segment, milliseconds_of(segment.lasting) // every) for segment in feed.segments),
            # Nothing is scraped at 0: that would be the edge of a range.
            max(1, milliseconds_of(feed.late) // every),
            scenario.spacing,
            frozenset() if name == _DURATION else scrapes(scenario.missed + feed.missed) | restarts,
            scrapes(feed.resets) | restarts,
            Decimal(0) if name in _OF_SCRAPES else None,
            feed.lasting < end,
        )

    def samples(self, upto: Decimal | None) -> Iterator[Sample]:
        """`upto` counts a histogram's observations up to a bound; without it they are summed."""
        is_there = False
        for sample in self._values(upto):
            yield STALE if is_there and sample is None else sample
            is_there = sample is not None
        if is_there and self.is_over:
            yield STALE

    def _values(self, upto: Decimal | None) -> Iterator[Decimal | None]:
        yield from [None] * self.first
        scrape, standing, begun = self.first, Decimal(0), False
        for segment, length in self.segments:
            for change in _changes(segment, length, self.spacing, upto):
                if isinstance(segment, Growing | Serving) and change is not None:
                    # A counter's first sample is 0: that is how a process starts.
                    standing = (Decimal(0) if scrape in self.resets else standing) + (change if begun else 0)
                    begun, change = True, standing
                yield self.failed if scrape in self.missed and change is not None else change
                scrape += 1


def _changes(segment: Segment, length: int, spacing: int, upto: Decimal | None) -> Iterator[Decimal | None]:
    """For each scrape of a segment: a gauge's value, or what a counter grew by since the scrape before it."""
    if isinstance(segment, Holding):
        for place in range(length):
            yield segment.value + (segment.to - segment.value) * place / max(1, length - 1)
    elif isinstance(segment, Growing | Serving):
        start, end = _grown(segment, segment.flow, spacing, upto), _grown(segment, segment.to, spacing, upto)
        for place in range(length):
            yield start if start == end else start + (end - start) * (2 * place + 1) / (2 * length)
    else:
        yield from [None] * length


def _grown(segment: Growing | Serving, flow: Flow, spacing: int, upto: Decimal | None) -> Decimal:
    amount = flow.within(spacing)
    if isinstance(segment, Growing):
        return amount
    if upto is None:
        return amount * sum((value * share for value, share in segment.mix), Decimal(0))
    return amount * _share(segment, upto)


def _share(segment: Serving, upto: Decimal) -> Decimal:
    return sum((share for value, share in segment.mix if value <= upto), Decimal(0))


def kind_of(metric: Metric) -> str:
    """What exposition formats call it."""
    return "gauge" if isinstance(metric, Gauge) else "counter" if isinstance(metric, Counter) else "unknown"
