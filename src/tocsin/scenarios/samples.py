"""A scenario as samples: which series have which value at which scrape. No format is known here.

Scrapes come a little earlier each time than the scenario's interval says, so that none ever lies on the edge of a
range, where Prometheus 2 counts a sample and Prometheus 3 does not. The time between two is a multiple of 27 ms, so
that whatever flows a second, a minute, an hour or a day is a finite decimal from one scrape to the next.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tocsin.metrics import Counter, Gauge, Histogram, Matcher, Metric, bound_text
from tocsin.model.amounts import Flow
from tocsin.model.scenario import Feed, Growing, Holding, Scenario, Segment, Serving
from tocsin.promql.durations import milliseconds_of

_DIVISOR = 27


@dataclass(frozen=True, slots=True)
class Series:
    """One series: a sample for each scrape, None where there is none. Scrape n is at n times the spacing."""

    metric: Metric
    labels: tuple[tuple[str, str], ...]
    samples: tuple[Decimal | None, ...]

    @property
    def name(self) -> str:
        return self.metric.name


def spacing_of(every: int) -> int:
    """The milliseconds from one scrape to the next, for an interval in milliseconds."""
    return (every - 1) // _DIVISOR * _DIVISOR


def series_of(scenario: Scenario) -> Iterator[Series]:
    """Every series of a scenario, the buckets, sum and count of its histograms included."""
    every = milliseconds_of(scenario.every)
    for feed in scenario.feeds:
        life = _Life.of(scenario, feed, every)
        labels = _pairs(feed.series.matchers)
        metric = feed.series.metric
        if not isinstance(metric, Histogram):
            yield Series(metric, labels, tuple(life.samples(None)))
            continue
        buckets = metric.bucket
        for bound in (*metric.buckets, math.inf):
            le = "+Inf" if math.isinf(bound) else bound_text(bound)
            yield Series(buckets, (*labels, ("le", le)), tuple(life.samples(Decimal(str(bound)))))
        yield Series(metric.sum, labels, tuple(life.samples(None)))
        yield Series(metric.count, labels, tuple(life.samples(Decimal("Infinity"))))


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

    @classmethod
    def of(cls, scenario: Scenario, feed: Feed, every: int) -> _Life:
        def scrapes(times: tuple[str, ...]) -> frozenset[int]:
            return frozenset(milliseconds_of(time) // every for time in times)

        restarts = scrapes(scenario.restarts)
        return cls(
            tuple((segment, milliseconds_of(segment.lasting) // every) for segment in feed.segments),
            # Nothing is scraped at 0: that would be the edge of a range.
            max(1, milliseconds_of(feed.late) // every),
            spacing_of(every),
            scrapes(scenario.missed + feed.missed) | restarts,
            scrapes(feed.resets) | restarts,
        )

    def samples(self, upto: Decimal | None) -> Iterator[Decimal | None]:
        """`upto` counts a histogram's observations up to a bound; without it they are summed."""
        yield from [None] * self.first
        scrape, standing, begun = self.first, Decimal(0), False
        for segment, length in self.segments:
            for change in _changes(segment, length, self.spacing, upto):
                if isinstance(segment, Growing | Serving) and change is not None:
                    # A counter's first sample is 0: that is how a process starts.
                    standing = (Decimal(0) if scrape in self.resets else standing) + (change if begun else 0)
                    begun, change = True, standing
                yield None if scrape in self.missed else change
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
    return amount * sum((share for value, share in segment.mix if value <= upto), Decimal(0))


def kind_of(metric: Metric) -> str:
    """What exposition formats call it."""
    return "gauge" if isinstance(metric, Gauge) else "counter" if isinstance(metric, Counter) else "unknown"
