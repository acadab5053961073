"""Samples over time, as Prometheus reads them: selectors look 5 minutes back, ranges are open on the left.

Where a stale marker stands a selector sees nothing, and a range has a sample less.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from tocsin.promql.durations import milliseconds_of
from tocsin.promql.tree import Call, Node, Range, Select, Subquery
from tocsin.proving.dates import DATES
from tocsin.proving.errors import UnderivableError
from tocsin.proving.evaluate import evaluate
from tocsin.proving.ranges import EXTRAPOLATED, Span, Stretch, extrapolated, over_range
from tocsin.proving.vectors import Labels, Vector, matches

_LOOKBACK = 300.0
_HAIR = 1e-6
_CLOCKS = frozenset({"time", *DATES})
_SUBQUERY_STEP = "1m"  # Prometheus's default evaluation interval


@dataclass(slots=True)
class _Stored:
    """A series' samples, and the times of its stale markers: selectors see them, ranges do not."""

    labels: Labels
    times: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    is_computed: bool = False
    _lost: list[float] = field(default_factory=list)  # by resets, up to each sample; as far as somebody asked

    @property
    def is_gone(self) -> bool:
        return bool(self.ends) and self.ends[-1] > self.times[-1]

    def append(self, time: float, value: float) -> None:
        self.times.append(time)
        self.values.append(value)

    def over(self, function: str, span: Span, parameters: tuple[float, ...]) -> float | None:
        """What a function makes of the samples in a range; None where it has no value."""
        begin, end = bisect_right(self.times, span.start), bisect_right(self.times, span.end)
        if function not in EXTRAPOLATED:
            return over_range(function, self.times[begin:end], self.values[begin:end], span, parameters)
        # The same without looking at each sample: windows are long.
        last = end - 1
        if last <= begin:
            return None
        lost = self._lost_upto(last) - self._lost_upto(begin)
        earliest, latest = (self.times[begin], self.values[begin]), (self.times[last], self.values[last])
        return extrapolated(function, Stretch(earliest, latest, end - begin, lost), span)

    def _lost_upto(self, place: int) -> float:
        while len(self._lost) <= place:
            at = len(self._lost)
            before = self.values[at - 1] if at and self.values[at] < self.values[at - 1] else 0.0
            self._lost.append((self._lost[-1] if at else 0.0) + before)
        return self._lost[place]

    def last(self, at: float) -> float | None:
        place = bisect_right(self.times, at) - 1
        if place < 0 or self.times[place] <= at - _LOOKBACK:
            return None
        end = bisect_right(self.ends, at) - 1
        return None if end >= 0 and self.ends[end] > self.times[place] else self.values[place]


@dataclass(slots=True)
class _Steps:
    """What a subquery has asked at its steps so far. Those that are past stay as they were."""

    asked: Subquery
    first: int
    reached: int
    series: dict[Labels, _Stored] = field(default_factory=dict)

    def add(self, time: float, vector: Vector) -> None:
        """What it is at the next step."""
        for labels, value in vector.items():
            series = self.series.get(labels)
            if series is None:
                series = self.series[labels] = _Stored(labels)
            series.append(time, value)
        self.reached += 1


class Store:
    """Series by name. Recorded series are added as they are computed.

    To Prometheus 2 ranges are `closed` on the left as well.
    """

    def __init__(self, *, closed: bool = False) -> None:
        self.before = _HAIR if closed else 0.0
        self._series: dict[str, dict[Labels, _Stored]] = {}
        # By the identity of a node, which is kept, so that it stays its own.
        self._met: dict[int, tuple[Select, int, list[_Stored]]] = {}
        self._steps: dict[int, _Steps] = {}

    def append(self, name: str, labels: Labels, times: Iterable[float], values: Iterable[float]) -> None:
        series = self._series.setdefault(name, {}).setdefault(labels, _Stored(labels))
        series.times += times
        series.values += values

    def mark(self, name: str, labels: Labels, ends: Iterable[float]) -> None:
        """Marks a series as gone at some times."""
        self._series[name][labels].ends += ends

    def record(self, name: str, time: float, vector: Vector) -> None:
        """What a recording rule computed; a series that it no longer gives is marked as gone.

        Raises UnderivableError where it computes what is given.
        """
        known = self._series.setdefault(name, {})
        for labels, value in vector.items():
            series = known.get(labels)
            if series is None:
                series = known[labels] = _Stored(labels, is_computed=True)
            elif not series.is_computed:
                raise UnderivableError(f"{name}, which is given and computed")
            series.append(time, value)
        if len(known) > len(vector):
            for labels, series in known.items():
                if labels not in vector and series.is_computed and not series.is_gone:
                    series.ends.append(time)

    def named(self, select: Select) -> Collection[_Stored]:
        if not select.name or select.at:
            raise UnderivableError(f"the selector `{select.text()}`")
        series = self._series.get(select.name, {})
        if not select.matchers:
            return series.values()
        _, count, found = self._met.get(id(select), (select, 0, []))
        if count < len(series):
            found = [one for one in series.values() if matches(one.labels, select.matchers)]
            self._met[id(select)] = select, len(series), found
        return found

    def steps(self, ranged: Subquery, first: int) -> _Steps:
        """What is known of a subquery whose first step that counts is this one."""
        known = self._steps.get(id(ranged))
        if known is None or not known.first <= first <= known.reached:
            known = self._steps[id(ranged)] = _Steps(ranged, first, first)
        return known


@dataclass(slots=True)
class Moment:
    """A source of values: the store at a time, in seconds."""

    store: Store
    now: float

    def instant(self, select: Select) -> Vector:
        at = self.now - _seconds(select.offset)
        return {one.labels: value for one in self.store.named(select) if (value := one.last(at)) is not None}

    def over(self, function: str, ranged: Range | Subquery, parameters: tuple[float, ...]) -> Vector:
        window = _seconds(ranged.window.text("rule"))
        end = self.now - _seconds(ranged.of.offset if isinstance(ranged, Range) else ranged.offset)
        span = Span(end - window, end, self.now)
        # Scrapes keep off the edges by themselves.
        begun = Span(span.start - self.store.before, end, self.now)
        if isinstance(ranged, Range):
            return {
                one.labels: value
                for one in self.store.named(ranged.of)
                if (value := one.over(function, begun if one.is_computed else span, parameters)) is not None
            }
        return {
            labels: value
            for labels, (times, values) in self._computed(ranged, begun)
            if (value := over_range(function, times, values, span, parameters)) is not None
        }

    def _computed(self, ranged: Subquery, span: Span) -> Iterable[tuple[Labels, tuple[list[float], list[float]]]]:
        """The times and values of the samples at a subquery's steps."""
        step = _seconds(ranged.step or _SUBQUERY_STEP)
        first, end = int(span.start // step) + 1, int(span.end // step) + 1
        known = self.store.steps(ranged, first)
        if known.reached < 0 and not _tells_time(ranged.of) and not self._vector(ranged, known.reached * step):
            known.reached = min(0, end)  # nor is there anything at the other steps before scrapes begin
        while known.reached < end and known.reached * step < self.now:
            time = known.reached * step
            known.add(time, self._vector(ranged, time))
        found: dict[Labels, tuple[list[float], list[float]]] = {}
        for labels, series in known.series.items():
            begin, beyond = bisect_right(series.times, span.start), bisect_right(series.times, span.end)
            found[labels] = series.times[begin:beyond], series.values[begin:beyond]
        # What is now may still change.
        for number in range(max(first, known.reached), end):
            for labels, value in self._vector(ranged, number * step).items():
                times, values = found.setdefault(labels, ([], []))
                times.append(number * step)
                values.append(value)
        return found.items()

    def _vector(self, ranged: Subquery, time: float) -> Vector:
        found = evaluate(ranged.of, Moment(self.store, time))
        if not isinstance(found, dict):
            raise UnderivableError(f"`{ranged.text()}`")
        return found


def _tells_time(node: Node) -> bool:
    """Whether it is another at another time though nothing is stored: it reads the clock, or looks ahead."""
    for part in node.walk():
        if isinstance(part, Call) and part.function in _CLOCKS:
            return True
        if isinstance(part, Select | Subquery) and (part.offset or "").startswith("-"):
            return True
    return False


def _seconds(duration: str | None) -> float:
    if duration is not None and duration.startswith("-"):
        return -milliseconds_of(duration[1:]) / 1000
    return milliseconds_of(duration) / 1000 if duration else 0.0
