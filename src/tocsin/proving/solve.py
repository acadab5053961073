"""Settings that put a condition where a proof wants it: just beyond its threshold, far beyond it, just short of it.

One thing that the condition reads is driven while all else stands still: a counter's flow, a gauge's value, the mix of
a histogram, whether a series is there at all. Where the condition changes between two values of it, the change is
found by bisection, in the steady state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import pairwise

from tocsin.metrics import Counter, Gauge, Histogram
from tocsin.proving.errors import UnprovenError
from tocsin.proving.workloads import Leaf, Mix, Setting, Workload

# One part in a thousand: far more than floats lose on the way, far less than anybody notices. Of four digits half a
# unit is less, so that what stands that near is printed in one way.
_NEAR = Decimal("0.0006")
_WIDE = Decimal("0.002")
_STEPS = 60
_HAIR = Decimal("1e-9")
_FINE = Decimal("1e-12")
_NOTHING = Decimal("1e-15")
_READABLE = 6  # digits: a number of more is no threshold that somebody wrote
Holds = Callable[[Workload], bool]


@dataclass(frozen=True, slots=True)
class Levels:
    """Workloads around a threshold."""

    just_beyond: Workload
    far_beyond: Workload
    just_short: Workload
    healthy: Workload


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


def solve(leaves: tuple[Leaf, ...], holds: Holds, *, exact: bool, at_nothing: bool, by_presence: bool) -> Levels:
    """Levels of the first thing that drives the condition across its threshold. Raises UnprovenError.

    `exact` says that no float loses a bit on the way, so that the threshold itself can be tried. `at_nothing` says
    that the condition may well change where something begins to flow at all: it compares with 0.
    `by_presence` says that it asks whether series are there.
    """
    still: Workload = {leaf: base(leaf) for leaf in leaves}
    for leaf in leaves:
        for driver in _drivers(leaf, still[leaf], by_presence=by_presence):
            levels = driver.levels(partial(_driven, holds, still, leaf), exact=exact, at_nothing=at_nothing)
            if levels is not None:
                return Levels(*({**still, leaf: setting} for setting in levels))
    names = ", ".join(dict.fromkeys(leaf.metric.name for leaf in leaves))
    raise UnprovenError(f"no level of {names} was found at which it begins to fire, all else standing still")


def _driven(holds: Holds, still: Workload, leaf: Leaf, setting: Setting) -> bool:
    return holds({**still, leaf: setting})


_Found = tuple[Setting, Setting, Setting, Setting]
"""Just beyond the threshold, far beyond it, just short of it, far short of it."""


@dataclass(frozen=True, slots=True)
class _Driver:
    """`points` are values of what is driven, in order; `setting` is what a value of it means."""

    points: tuple[Decimal, ...]
    setting: Callable[[Decimal], Setting]
    low: Decimal
    high: Decimal
    whole: bool = False
    either: bool = False

    def levels(self, holds: Callable[[Setting], bool], *, exact: bool, at_nothing: bool) -> _Found | None:
        def at(point: Decimal) -> bool:
            return holds(self.setting(point))

        known = [(point, at(point)) for point in self.points]
        for (below, first), (above, second) in pairwise(known):
            if first != second:
                edge = _edge(at, below, above, rising=second)
                if edge == 0 and not exact and not at_nothing:
                    return None  # a share of one is the whole, however little flows
                return self._around(at, edge, rising=second, exact=exact)
        return None

    def _around(self, at: Callable[[Decimal], bool], edge: Decimal, *, rising: bool, exact: bool) -> _Found | None:
        written = _short(edge * (1 - _HAIR), edge * (1 + _HAIR))
        is_readable = written is not None and len(written.normalize().as_tuple().digits) <= _READABLE
        if written is not None and is_readable:
            edge = written
        if edge == 0 or (exact and is_readable):
            beyond, short = self._exactly(at, edge, rising=rising)
        else:
            beyond, short = self._near(edge, up=rising), self._near(edge, up=not rising)
        if beyond is None or short is None or not at(beyond) or at(short):
            return None
        far, healthy = beyond, short
        for one in self._far(edge, beyond, rising=rising):
            if self._fits(one) and at(one):
                far = one
                break
        for one in self._far(edge, short, rising=not rising):
            if self._fits(one) and not at(one):
                healthy = one
                break
        return self.setting(beyond), self.setting(far), self.setting(short), self.setting(healthy)

    def _exactly(
        self, at: Callable[[Decimal], bool], threshold: Decimal, *, rising: bool
    ) -> tuple[Decimal | None, Decimal | None]:
        fires = at(threshold)
        other = self._beside(threshold, up=rising != fires)
        return (threshold, other) if fires else (other, threshold)

    def _beside(self, point: Decimal, *, up: bool) -> Decimal | None:
        """The next value that the gauge can have, or one that is very near."""
        if self.either and point in (self.low, self.high):
            return self.high if up else self.low
        if self.whole:
            return (point // 1 + 1) if up else -((-point) // 1 + 1)
        return self._near(point, up=up)

    def _near(self, edge: Decimal, *, up: bool) -> Decimal | None:
        if edge == 0:
            return Decimal(1 if up else -1) if self._fits(Decimal(1 if up else -1)) else None
        low, high = (1 + _NEAR, 1 + _WIDE) if up == (edge > 0) else (1 - _WIDE, 1 - _NEAR)
        found = _short(edge * low, edge * high) if edge > 0 else _negated(_short(-edge * low, -edge * high))
        return found if found is not None and self._fits(found) else None

    def _fits(self, point: Decimal) -> bool:
        return self.low <= point <= self.high

    def _far(self, edge: Decimal, near: Decimal, *, rising: bool) -> Iterator[Decimal]:
        if self.either and near in (self.low, self.high):
            yield near
        factors = ("2", "1.5", "1.2", "1.1", "1.05") if rising == (edge >= 0) else ("0.5", "0.8", "0.9", "0.95")
        for factor in factors:
            far = (edge or near) * Decimal(factor)
            if self.whole:
                yield far.to_integral_value()
            else:
                found = _short(far * Decimal("0.98"), far) if far > 0 else far
                yield far if found is None else found


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


def _drivers(leaf: Leaf, still: Setting, *, by_presence: bool) -> Iterator[_Driver | _Presence]:
    metric = leaf.metric
    if isinstance(metric, Histogram):
        if leaf.series - {metric.count.name}:
            for place in range(len(metric.buckets)):
                yield _mixture(metric, place)
        assert isinstance(still, Mix)
        yield _flow(lambda flow: Mix(flow, still.parts))
    elif isinstance(metric, Counter):
        yield _flow(lambda flow: flow)
    elif isinstance(metric, Gauge):
        yield _value(metric)
    if by_presence:
        yield _Presence(still)


def _flow(setting: Callable[[Decimal], Setting]) -> _Driver:
    points = (Decimal(0), *(Decimal(10) ** power for power in range(-9, 8)))
    return _Driver(points, setting, Decimal(0), Decimal("1e9"))


def _value(gauge: Gauge) -> _Driver:
    low = _exact(gauge.minimum) if gauge.minimum is not None else Decimal("-1e15")
    high = _exact(gauge.maximum) if gauge.maximum is not None else Decimal("1e15")
    powers = [Decimal(10) ** power for power in range(-3, 14)]
    points = sorted({low, high, Decimal(0), *powers, *(-power for power in powers)})
    return _Driver(
        tuple(point for point in points if low <= point <= high),
        lambda value: value,
        low,
        high,
        whole=gauge.unit.noun is not None,
        either=low == 0 and high == 1,  # where a threshold is 0 or 1, it says yes or no
    )


def _mixture(histogram: Histogram, place: int) -> _Driver:
    """The share of the observations that fall into the next bucket instead of this one."""
    here, there = _inside(histogram, place), _inside(histogram, place + 1)

    def setting(share: Decimal) -> Mix:
        parts = ((here, 1 - share), (there, share))
        return Mix(Decimal(10), tuple(part for part in parts if part[1]))

    return _Driver((Decimal(0), Decimal(1)), setting, Decimal(0), Decimal(1))


@dataclass(frozen=True, slots=True)
class _Presence:
    """Whether the series is there at all."""

    still: Setting

    def levels(
        self,
        holds: Callable[[Setting], bool],
        *,
        exact: bool,  # noqa: ARG002
        at_nothing: bool,  # noqa: ARG002
    ) -> _Found | None:
        with_it, without = holds(self.still), holds(None)
        if with_it == without:
            return None
        beyond, short = (self.still, None) if with_it else (None, self.still)
        return beyond, beyond, short, short


def _inside(histogram: Histogram, place: int) -> Decimal:
    """A value in the middle of a bucket; beyond the last one, twice its bound."""
    bounds = [_exact(bound) for bound in histogram.buckets]
    if place >= len(bounds):
        return bounds[-1] * 2
    below = bounds[place - 1] if place else min(Decimal(0), bounds[0])
    return (below + bounds[place]) / 2


def _exact(number: float) -> Decimal:
    return Decimal(repr(float(number))).normalize() + 0
