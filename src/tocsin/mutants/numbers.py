"""Mutants of numbers: thresholds, quantiles, factors, lengths of time."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tocsin.mutants.constants import number_in
from tocsin.mutants.places import Place
from tocsin.promql.comparisons import HOLDS
from tocsin.promql.durations import duration_text, milliseconds_of
from tocsin.promql.tree import Aggregate, Binary, Call, Negate, Node, Number, Range, Select, Subquery, Window
from tocsin.units import plain

# What is read as a quantile: its neighbours are the ones that people use.
_LADDER = tuple(map(Decimal, ("0.5", "0.75", "0.9", "0.95", "0.99", "0.999")))
_QUANTILES = frozenset({"histogram_quantile", "quantile_over_time", "quantile"})
_TENTH = Decimal("0.1")
Changed = Iterator[tuple[str, Node]]


def threshold_near(place: Place) -> Changed:
    """A threshold is a tenth higher, or lower; a small whole number is one higher, or lower."""
    for limit in _limits(place):
        step = _step(limit)
        yield from _instead(place, limit, (limit + step, limit - step))
    yield from _scaled(place, ("1.1", "0.9"))


def threshold_far(place: Place) -> Changed:
    """A threshold is doubled, or halved."""
    for limit in _limits(place):
        if limit:
            yield from _instead(place, limit, (limit * 2, limit / 2))
    yield from _scaled(place, ("2", "0.5"))


def _limits(place: Place) -> Iterator[Decimal]:
    parent = place.parent.operator if isinstance(place.parent, Binary) else ""
    if parent in HOLDS:
        value = number_in(place.node)
        if value is not None:
            yield value


def _step(limit: Decimal) -> Decimal:
    whole = limit == limit.to_integral_value()
    return max(Decimal(1), abs(limit * _TENTH).to_integral_value()) if whole else abs(limit * _TENTH)


def _instead(place: Place, old: Decimal, new: tuple[Decimal, ...]) -> Changed:
    for value in new:
        made = Number(abs(value))
        yield f"{plain(old)} -> {plain(value)}", place.put(Negate(made) if value < 0 else made)


def _scaled(place: Place, factors: tuple[str, ...]) -> Changed:
    """Where two series are compared, the right one is scaled."""
    match place.node:
        case Binary(operator, left, right) if operator in HOLDS:
            if number_in(left) is None and number_in(right) is None:
                for factor in factors:
                    by = Binary("*", right, Number(Decimal(factor)))
                    yield f"right side * {factor}", place.put(place.node.with_children((left, by)))


def number(place: Place) -> Changed:
    """A number that is computed with is doubled, or halved; 0 becomes 1."""
    old = number_in(place.node)
    if old is not None and _is_computed_with(place):
        yield from _instead(place, old, (old * 2, old / 2) if old else (Decimal(1),))


def _is_computed_with(place: Place) -> bool:
    match place.parent:
        case Binary(operator):
            return operator not in HOLDS and number_in(place.parent) is None
        case Call(function):
            return function not in _QUANTILES
    return False


def quantile(place: Place) -> Changed:
    """A quantile becomes its lower or its higher neighbour: 0.99 is 0.95, or 0.999."""
    match place.parent:
        case Call(name) if name in _QUANTILES and place.at == 0:
            pass
        case Aggregate("quantile") if place.at == 1:
            pass
        case _:
            return
    if isinstance(place.node, Number):
        old = place.node.value
        lower = [step for step in _LADDER if step < old][-1:]
        higher = [step for step in _LADDER if step > old][:1]
        yield from _instead(place, old, (*lower, *higher))


def rank(place: Place) -> Changed:
    """`topk` or `bottomk` gives one more, or one less."""
    match place.parent:
        case Aggregate("topk" | "bottomk" | "limitk") if place.at == 1 and isinstance(place.node, Number):
            old = place.node.value
            yield from _instead(place, old, (old + 1, old - 1) if old > 1 else (old + 1,))


def window(place: Place) -> Changed:
    """A window is half as long, or twice."""
    match place.node:
        case Range() | Subquery():
            duration = place.node.window.duration
        case _:
            return
    if duration is None:
        return
    for length in _half_and_double(duration):
        window = Window(length)
        match place.node:
            case Range(of, _):
                changed: Node = Range(of, window)
            case Subquery(of, _, step, offset, at):
                changed = Subquery(of, window, step, offset, at)
        yield f"[{duration}] -> [{length}]", place.put(changed)


def _half_and_double(duration: str) -> tuple[str, ...]:
    length = milliseconds_of(duration)
    return tuple(duration_text(new) for new in (length // 2, length * 2) if new)


def offset(place: Place) -> Changed:
    """An offset is dropped, or a fixed time."""
    match place.node:
        case Select(name, matchers, moved, at) if moved or at:
            now: Node = Select(name, matchers)
        case Subquery(of, window, step, moved, at) if moved or at:
            now = Subquery(of, window, step)
        case _:
            return
    yield f"without {f'@ {at}' if at else f'offset {moved}'}", place.put(now)
