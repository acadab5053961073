"""Samples over time, as Prometheus reads them: selectors look 5 minutes back, ranges are open on the left.

Where a stale marker stands a selector sees nothing, and a range has a sample less.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tocsin.promql.durations import milliseconds_of
from tocsin.promql.tree import Node, Range, Select, Subquery
from tocsin.proving.errors import UnderivableError
from tocsin.proving.evaluate import evaluate
from tocsin.proving.ranges import EXTRAPOLATED, Sample, Span, Stretch, extrapolated, over_range
from tocsin.proving.vectors import Labels, Value, Vector, matches

_LOOKBACK = 300.0
_HAIR = 1e-6
_SUBQUERY_STEP = "1m"  # Prometheus's default evaluation interval


@dataclass(slots=True)
class _Stored:
    """A series' samples, and the times of its stale markers: selectors see them, ranges do not."""

    labels: Labels
    times: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    lost: list[float] = field(default_factory=list)  # by resets, up to each sample
    ends: list[float] = field(default_factory=list)
    is_computed: bool = False

    @property
    def is_gone(self) -> bool:
        return bool(self.ends) and self.ends[-1] > self.times[-1]

    def append(self, time: float, value: float | None) -> None:
        """None marks the series as gone."""
        if value is None:
            self.ends.append(time)
            return
        reset = self.values[-1] if self.values and value < self.values[-1] else 0.0
        self.times.append(time)
        self.values.append(value)
        self.lost.append((self.lost[-1] if self.lost else 0.0) + reset)

    def over(self, function: str, span: Span, parameters: tuple[float, ...]) -> float | None:
        """What a function makes of the samples in a range; None where it has no value."""
        if function not in EXTRAPOLATED:
            return over_range(function, self.within(span.start, span.end), span, parameters)
        # The same without looking at each sample: windows are long.
        first, last = bisect_right(self.times, span.start), bisect_right(self.times, span.end) - 1
        if last <= first:
            return None
        lost = self.lost[last] - self.lost[first]
        earliest, latest = (self.times[first], self.values[first]), (self.times[last], self.values[last])
        return extrapolated(function, Stretch(earliest, latest, last - first + 1, lost), span)

    def within(self, start: float, end: float) -> list[Sample]:
        first, last = bisect_right(self.times, start), bisect_right(self.times, end)
        return list(zip(self.times[first:last], self.values[first:last], strict=True))

    def last(self, at: float) -> float | None:
        place, end = bisect_right(self.times, at) - 1, bisect_right(self.ends, at) - 1
        if place < 0 or self.times[place] <= at - _LOOKBACK:
            return None
        return None if end >= 0 and self.ends[end] > self.times[place] else self.values[place]


class Store:
    """Series by name. Recorded series are added as they are computed.

    To Prometheus 2 ranges are `closed` on the left as well.
    """

    def __init__(self, *, closed: bool = False) -> None:
        self.before = _HAIR if closed else 0.0
        self._series: dict[str, dict[Labels, _Stored]] = {}
        # What an expression was at a time that is past, and stays: subqueries ask for the same steps again and again.
        self.past: dict[tuple[int, float], Value] = {}

    def append(self, name: str, labels: Labels, samples: Iterable[tuple[float, float | None]]) -> None:
        series = self._series.setdefault(name, {}).setdefault(labels, _Stored(labels))
        for time, value in samples:
            series.append(time, value)

    def record(self, name: str, time: float, vector: Vector) -> None:
        """What a recording rule computed; a series that it no longer gives is marked as gone.

        Raises UnderivableError where it computes what is given.
        """
        known = self._series.setdefault(name, {})
        for labels, value in vector.items():
            series = known.setdefault(labels, _Stored(labels, is_computed=True))
            if not series.is_computed:
                raise UnderivableError(f"{name}, which is given and computed")
            series.append(time, value)
        for labels, series in known.items():
            if labels not in vector and series.is_computed and not series.is_gone:
                series.append(time, None)

    def named(self, select: Select) -> Iterator[_Stored]:
        if not select.name or select.at:
            raise UnderivableError(f"the selector `{select.text()}`")
        series = self._series.get(select.name, {}).values()
        return (one for one in series if not select.matchers or matches(one.labels, select.matchers))


@dataclass(frozen=True, slots=True)
class Moment:
    """A source of values: the store at a time, in seconds."""

    store: Store
    now: float

    def instant(self, select: Select) -> Vector:
        at = self.now - _seconds(select.offset)
        found = ((one.labels, one.last(at)) for one in self.store.named(select))
        return {labels: value for labels, value in found if value is not None}

    def over(self, function: str, ranged: Range | Subquery, parameters: tuple[float, ...]) -> Vector:
        window = _seconds(ranged.window.text("rule"))
        end = self.now - _seconds(ranged.of.offset if isinstance(ranged, Range) else ranged.offset)
        span = Span(end - window, end, self.now)
        # Scrapes keep off the edges by themselves.
        begun = Span(span.start - self.store.before, end, self.now)
        found: Iterable[tuple[Labels, float | None]]
        if isinstance(ranged, Range):
            found = (
                (one.labels, one.over(function, begun if one.is_computed else span, parameters))
                for one in self.store.named(ranged.of)
            )
        else:
            computed = self._computed(ranged, begun)
            found = ((labels, over_range(function, own, span, parameters)) for labels, own in computed)
        return {labels: value for labels, value in found if value is not None}

    def _computed(self, ranged: Subquery, span: Span) -> Iterable[tuple[Labels, list[Sample]]]:
        step = _seconds(ranged.step or _SUBQUERY_STEP)
        gathered: dict[Labels, list[Sample]] = {}
        for number in range(int(span.start // step) + 1, int(span.end // step) + 1):
            vector = self._at(ranged.of, number * step)
            if not isinstance(vector, dict):
                raise UnderivableError(f"`{ranged.text()}`")
            for labels, value in vector.items():
                gathered.setdefault(labels, []).append((number * step, value))
        return gathered.items()

    def _at(self, node: Node, time: float) -> Value:
        """The value of an expression at a step; the plan keeps the node, so its id is its own."""
        known = self.store.past.get((id(node), time))
        if known is None:
            known = evaluate(node, Moment(self.store, time))
            if time < self.now:
                self.store.past[id(node), time] = known
        return known


def _seconds(duration: str | None) -> float:
    if duration is not None and duration.startswith("-"):
        return -milliseconds_of(duration[1:]) / 1000
    return milliseconds_of(duration) / 1000 if duration else 0.0
