"""Things that a condition reads, driven: a counter's flow, a gauge's value, the mix of a histogram, a series' presence.

Where the condition changes between two values of what is driven, the change is found by bisection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from tocsin.metrics import Counter, Gauge, Histogram
from tocsin.proving.asked import Answer
from tocsin.proving.workloads import Leaf, Mix, Setting
from tocsin.units import USD

# One part in a thousand: far more than floats lose on the way, far less than anybody notices. Of four digits half a
# unit is less, so that what stands that near is printed in one way.
_NEAR = Decimal("0.0006")
_WIDE = Decimal("0.002")
# Further from the threshold, where a value that is nearer is printed now so, now so.
_SHIFTS = (Decimal(0), Decimal("0.0002"), Decimal("0.0005"), Decimal("0.0009"), Decimal("0.0017"))
_STEPS = 60
_FINE = Decimal("1e-12")
_NOTHING = Decimal("1e-15")
# How far from where bisection ends a number may lie that somebody wrote, and of how many digits such a number is.
_WRITTEN = ((Decimal("1e-9"), 6), (Decimal("1e-11"), 10))
_CENT = Decimal("0.01")
_BEST = 2
# How many times as far from 0, or as near to it.
_AWAY = tuple(map(Decimal, ("2", "1.5", "1.2", "1.1", "1.05")))
_BACK = tuple(map(Decimal, ("0.5", "0.8", "0.9", "0.95")))
# These are of more digits than most formats print, also of what is counted or has a maximum: none is rounded.
_ODD_AWAY = tuple(map(Decimal, ("246.913578", "1.0123456", "12345.6789")))
_ODD_BACK = (Decimal("0.7876543"),)


class Found(NamedTuple):
    """Settings just beyond a threshold, far beyond it, just short of it, and far short of it."""

    just_beyond: Setting
    far_beyond: Setting
    just_short: Setting
    healthy: Setting


At = Callable[[Setting], Answer]
Accepts = Callable[[Answer, Answer], bool]


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for. `accepts` judges a change by the answers beyond it and short of it.

        `exact` says that no float loses a bit on the way, so that the threshold itself can be tried. `at_nothing` says
    that the condition may well change where something begins to flow at all: it compares with 0. `numbers` are those
    that the condition states. `told` is how good a setting's value is to be told, from 0 to 2; `best` is
    how good one of all should be.
    """

    accepts: Accepts
    exact: bool
    at_nothing: bool
    numbers: tuple[Decimal, ...]
    told: Callable[[Setting], int]
    best: int


@dataclass(frozen=True, slots=True)
class Driver:
    """`points` are values of what is driven, in order; `setting` is what a value of it means.

    Between two values next to each other lies `step`, where that is known; `either` says that it is `low` or `high`.
    """

    points: tuple[Decimal, ...]
    setting: Callable[[Decimal], Setting]
    low: Decimal
    high: Decimal
    step: Decimal | None = None
    either: bool = False

    def settings(self, numbers: Iterable[Decimal]) -> Iterator[Setting]:
        """Some of what it can be driven to, those numbers included."""
        return map(self.setting, self._among(numbers))

    def levels(self, at: At, search: Search) -> Iterator[Found]:
        """Levels around each change of the condition that is accepted."""
        known = [(point, at(self.setting(point))) for point in self._among(search.numbers)]
        for (below, first), (above, second) in pairwise(known):
            if first.holds == second.holds:
                continue
            edge = _edge(lambda point: at(self.setting(point)).holds, below, above, rising=second.holds)
            if edge == 0 and not search.exact and not search.at_nothing:
                continue  # a share of one is the whole, however little flows
            found = self._around(at, edge, rising=second.holds, search=search)
            if found is not None and search.accepts(at(found.just_beyond), at(found.just_short)):
                yield found

    def _among(self, numbers: Iterable[Decimal]) -> list[Decimal]:
        return sorted({*self.points, *(one for one in numbers if self._fits(one))})

    def _around(self, at: At, edge: Decimal, *, rising: bool, search: Search) -> Found | None:
        def holds(point: Decimal) -> bool:
            return at(self.setting(point)).holds

        written = _written(edge, search.numbers)
        edge = edge if written is None else written
        if edge == 0 or (search.exact and written is not None):
            fires = holds(edge)
            others = self._beside(edge, up=rising != fires)
            beyonds, shorts = ([edge], others) if fires else (others, [edge])
        else:
            beyonds, shorts = list(self._near(edge, up=rising)), list(self._near(edge, up=not rising))
        beyond = self._chosen((one for one in beyonds if holds(one)), search, enough=1)
        short = next((one for one in shorts if not holds(one)), None)
        if beyond is None or short is None:
            return None
        # Where the nearer one does not show the format, this one does, if it can.
        enough = 1 if search.told(self.setting(beyond)) == _BEST else search.best
        far = self._chosen((one for one in self._far(edge, beyond, rising=rising) if holds(one)), search, enough)
        healthy = next((one for one in self._far(edge, short, rising=not rising) if not holds(one)), short)
        settings = (self.setting(one) for one in (beyond, beyond if far is None else far, short, healthy))
        return Found(*settings)

    def _chosen(self, points: Iterator[Decimal], search: Search, enough: int) -> Decimal | None:
        """The first one whose value is good enough to be told, or else the best."""
        known: dict[Decimal, int] = {}
        for point in points:
            known[point] = search.told(self.setting(point))
            if known[point] >= enough:
                return point
        return max(known, key=known.__getitem__, default=None)

    def _beside(self, point: Decimal, *, up: bool) -> list[Decimal]:
        """The next value that the gauge can have, or some that are very near."""
        if self.either and point in (self.low, self.high):
            return [self.high if up else self.low]
        if self.step is not None:
            steps = (point / self.step).to_integral_value("ROUND_FLOOR" if up else "ROUND_CEILING")
            return [(steps + (1 if up else -1)) * self.step]
        return list(self._near(point, up=up))

    def _near(self, edge: Decimal, *, up: bool) -> Iterator[Decimal]:
        if edge == 0:
            one = Decimal(1 if up else -1)
            yield from [one] if self._fits(one) else []
            return
        for shift in _SHIFTS:
            near, wide = _NEAR + shift, _WIDE + shift
            low, high = (1 + near, 1 + wide) if up == (edge > 0) else (1 - wide, 1 - near)
            found = _short(edge * low, edge * high) if edge > 0 else _negated(_short(-edge * low, -edge * high))
            if found is not None and self._fits(found):
                yield found

    def _fits(self, point: Decimal) -> bool:
        return self.low <= point <= self.high

    def _far(self, edge: Decimal, near: Decimal, *, rising: bool) -> Iterator[Decimal]:
        if self.either and near in (self.low, self.high):
            yield near
        away = edge == 0 or rising == (edge > 0)
        plain, odd = (_AWAY, _ODD_AWAY) if away else (_BACK, _ODD_BACK)
        for factor in (*plain, *odd):
            far = (edge or near or Decimal(1 if rising else -1)) * factor
            if self.step == 1:
                far = far.to_integral_value() + 0  # of -0.5 that is 0, not -0
            elif far > 0 and factor in plain:
                far = _short(far * Decimal("0.98"), far) or far
            if self._fits(far):
                yield far


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether the series is there at all."""

    still: Setting

    def settings(self, numbers: Iterable[Decimal]) -> Iterator[Setting]:  # noqa: ARG002
        yield None

    def levels(self, at: At, search: Search) -> Iterator[Found]:
        with_it, without = at(self.still), at(None)
        if with_it.holds != without.holds:
            beyond, short = (self.still, None) if with_it.holds else (None, self.still)
            if search.accepts(at(beyond), at(short)):
                yield Found(beyond, beyond, short, short)


def base(leaf: Leaf) -> Setting:
    """A setting that is nothing special."""
    metric = leaf.metric
    if isinstance(metric, Histogram):
        slow = len(metric.buckets) // 2
        return Mix(Decimal(10), ((_inside(metric, 0), Decimal("0.75")), (_inside(metric, slow), Decimal("0.25"))))
    if isinstance(metric, Gauge):
        if metric.minimum == 0 and metric.maximum == 1:
            return Decimal(1)
        if metric.maximum is not None:
            return _exact(((metric.minimum or 0) + metric.maximum) / 2)
        return Decimal(100)
    return Decimal(1)


def drivers_of(leaf: Leaf, still: Setting, *, by_presence: bool) -> Iterator[Driver | Presence]:
    """What can be driven of a leaf that stands still otherwise; `by_presence`: whether it is there, too."""
    metric = leaf.metric
    if isinstance(metric, Histogram):
        if leaf.series - {metric.count.name}:
            for place in range(len(metric.buckets)):
                yield _mixture(metric, place)
        parts = still.parts if isinstance(still, Mix) else ()
        yield _flow(lambda flow: Mix(flow, parts))
    elif isinstance(metric, Counter):
        yield _flow(lambda flow: flow)
    elif isinstance(metric, Gauge):
        yield _value(metric, ticks=leaf.ticks)
    if by_presence:
        yield Presence(still)


def _flow(setting: Callable[[Decimal], Setting]) -> Driver:
    points = (Decimal(0), *(Decimal(10) ** power for power in range(-9, 8)))
    return Driver(points, setting, Decimal(0), Decimal("1e9"))


def _value(gauge: Gauge, *, ticks: bool) -> Driver:
    # A time may be before that at which tests begin.
    low = _exact(gauge.minimum) if gauge.minimum is not None and not ticks else Decimal("-1e15")
    high = _exact(gauge.maximum) if gauge.maximum is not None else Decimal("1e15")
    powers = [Decimal(10) ** power for power in range(-3, 14)]
    points = sorted({low, high, Decimal(0), *powers, *(-power for power in powers)})
    return Driver(
        tuple(point for point in points if low <= point <= high),
        lambda value: value,
        low,
        high,
        step=_step(gauge),
        either=low == 0 and high == 1,  # where a threshold is 0 or 1, it says yes or no
    )


def _step(gauge: Gauge) -> Decimal | None:
    """The least by which a gauge changes, where its type says so: things are counted, money has cents."""
    if gauge.unit.noun is not None:
        return Decimal(1)
    return _CENT if gauge.unit == USD else None


def _mixture(histogram: Histogram, place: int) -> Driver:
    """The share of the observations that fall into the next bucket instead of this one."""
    here, there = _inside(histogram, place), _inside(histogram, place + 1)

    def setting(share: Decimal) -> Mix:
        parts = ((here, 1 - share), (there, share))
        return Mix(Decimal(10), tuple(part for part in parts if part[1]))

    return Driver((Decimal(0), Decimal(1)), setting, Decimal(0), Decimal(1))


def _inside(histogram: Histogram, place: int) -> Decimal:
    """A value in the middle of a bucket; beyond the last one, twice its bound."""
    bounds = [_exact(bound) for bound in histogram.buckets]
    if place >= len(bounds):
        return bounds[-1] * 2
    below = bounds[place - 1] if place else min(Decimal(0), bounds[0])
    return (below + bounds[place]) / 2


def _exact(number: float) -> Decimal:
    return Decimal(repr(float(number))).normalize() + 0


def _written(edge: Decimal, numbers: tuple[Decimal, ...]) -> Decimal | None:
    """The number that somebody wrote where bisection ended; None where there is none so near."""
    hair = _WRITTEN[0][0]
    for number in numbers:
        if abs(edge - number) <= abs(number) * hair:
            return number
    for hair, digits in _WRITTEN:
        found = _short(edge * (1 - hair), edge * (1 + hair)) if edge >= 0 else None
        if edge < 0:
            found = _negated(_short(-edge * (1 - hair), -edge * (1 + hair)))
        if found is not None and len(found.normalize().as_tuple().digits) <= digits:
            return found
    return None


def _negated(number: Decimal | None) -> Decimal | None:
    return None if number is None else -number


def _edge(at: Callable[[Decimal], bool], below: Decimal, above: Decimal, *, rising: bool) -> Decimal:
    """Where between two points the condition changes; 0 where it changes at the least that is not 0."""
    for _ in range(_STEPS):
        if above - below < abs(below) * _FINE:
            break
        middle = (below + above) / 2
        if below > 0 and above / below > 4:
            middle = (below * above).sqrt()
        if at(middle) == rising:
            above = middle
        else:
            below = middle
    middle = (below + above) / 2
    return Decimal(0) if abs(middle) < _NOTHING else middle


def _short(low: Decimal, high: Decimal) -> Decimal | None:
    """The number of the fewest digits between two positive ones."""
    if high <= 0:
        return Decimal(0) if low <= 0 <= high else None
    top = high.adjusted()
    for digits in range(15):
        quantum = Decimal(1).scaleb(top - digits)
        found = (low / quantum).to_integral_value(rounding="ROUND_CEILING") * quantum
        if found <= high:
            return found.normalize() + 0
    return None
