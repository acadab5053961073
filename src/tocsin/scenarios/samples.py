"""A scenario as samples: which series have which value at which scrape. No format is known here.

Scrapes come a little earlier each time than the scenario's interval says (`tocsin.model.spacing`).

Where a series has a sample and then none, be it for one failed scrape or for good, Prometheus writes a stale marker:
selectors see nothing of it from there on, and ranges have a sample less.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from itertools import accumulate, islice, pairwise
from typing import Final

from tocsin.metrics import Counter, Gauge, Histogram, Matcher, Metric, bounds_of
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
                yield Series(metric, labels, life.samples(None))
            continue
        if names is None or metric.bucket.name in names:
            yield from _buckets(metric, labels, life)
        for part, upto in ((metric.sum, None), (metric.count, _ALL)):
            if names is None or part.name in names:
                yield Series(part, labels, life.samples(upto))


def _buckets(metric: Histogram, labels: tuple[tuple[str, str], ...], life: _Life) -> Iterator[Series]:
    # Most hold what the one before them holds.
    known: dict[tuple[Decimal, ...], tuple[Sample, ...]] = {}
    for upto, le in bounds_of(metric.buckets):
        shares = tuple(_share(part, upto) for part, _ in life.segments if isinstance(part, Serving))
        if shares not in known:
            known[shares] = life.samples(upto)
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

    def samples(self, upto: Decimal | None) -> tuple[Sample, ...]:
        """`upto` counts a histogram's observations up to a bound; without it they are summed."""
        values, silent = self._values(upto)
        for scrape in self.missed:
            if scrape < len(values) and values[scrape] is not None:
                values[scrape] = self.failed
        was_there = values[:]
        for scrape in {*silent, *self.missed}:
            if 0 < scrape < len(values) and values[scrape] is None and was_there[scrape - 1] is not None:
                values[scrape] = STALE
        if self.is_over and values[-1] is not None and values[-1] is not STALE:
            values.append(STALE)
        return tuple(values)

    def _values(self, upto: Decimal | None) -> tuple[list[Sample], list[int]]:
        """The values as if no scrape failed, and where it falls silent."""
        values: list[Sample] = [None] * self.first
        silent: list[int] = []
        standing: Decimal | None = None
        for segment, length in self.segments:
            if isinstance(segment, Growing | Serving):
                grown = self._grown(_grown_by(segment, length, self.spacing, upto), len(values), standing)
                standing = grown[-1] if grown else standing
                values += grown
            elif isinstance(segment, Holding):
                values += _held(segment, length)
            else:
                silent.append(len(values))
                values += [None] * length
        return values, silent

    def _grown(self, changes: list[Decimal], begin: int, standing: Decimal | None) -> list[Decimal]:
        """A counter's values from a scrape on, of what it grew by since the scrape before each."""
        if not changes:
            return []
        if standing is None:
            # A counter's first sample is 0: that is how a process starts.
            changes, standing = [Decimal(0), *changes[1:]], Decimal(0)
        starts = sorted(scrape - begin for scrape in self.resets if 0 <= scrape - begin < len(changes))
        values: list[Decimal] = []
        for start, end in pairwise((0, *starts, len(changes))):
            values += islice(accumulate(changes[start:end], initial=standing), 1, None)
            standing = Decimal(0)
        return values


def _held(segment: Holding, length: int) -> list[Decimal]:
    if segment.value == segment.to:
        return [segment.value] * length
    step = segment.to - segment.value
    return [segment.value + step * place / max(1, length - 1) for place in range(length)]


def _grown_by(segment: Growing | Serving, length: int, spacing: int, upto: Decimal | None) -> list[Decimal]:
    """What a counter grows by from one scrape to the next."""
    start, end = _grown(segment, segment.flow, spacing, upto), _grown(segment, segment.to, spacing, upto)
    if start == end:
        return [start] * length
    return [start + (end - start) * (2 * place + 1) / (2 * length) for place in range(length)]


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
