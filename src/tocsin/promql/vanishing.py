"""What an expression reads as it is now, so that nothing is left of it where a scrape fails.

Prometheus then marks all series of the target as stale. A selector sees nothing of them until the next good scrape; a
range has a sample less.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tocsin.metrics import Gauge
from tocsin.promql.parse import PromQLError, tree_of
from tocsin.promql.tree import Aggregate, Binary, Call, Negate, Node, Range, Select, Subquery
from tocsin.promql.world import SYNTHETIC, World

_TARGET = "instance"
# cAdvisor states when each of its samples was taken, and series whose samples say so get no stale markers.
_TIMED = "container_"
# They give something where there is nothing.
_OF_NOTHING = frozenset({"absent", "absent_over_time"})


@dataclass(frozen=True, slots=True)
class Vanishing:
    """A gauge without which nothing is left. `alone` says that no other target stands behind the same result."""

    gauge: str
    alone: bool = True


def vanishing(node: Node, world: World) -> Vanishing | None:
    """What takes an expression with it when it cannot be scraped; None where nothing is known to."""
    match node:
        case Select(name, _, None, None):
            return _series(name, world)
        case Aggregate(_, of, grouping, without):
            found = vanishing(of, world)
            keeps = (_TARGET in (grouping or ())) != without
            return found if found is None or keeps else replace(found, alone=False)
        case Binary("or", left, right):
            first, second = vanishing(left, world), vanishing(right, world)
            return first if first and second else None
        case Binary("unless", left):
            return vanishing(left, world)
        case Binary(_, left, right):
            return _surest(vanishing(left, world), vanishing(right, world))
        case Call(function, arguments) if function not in _OF_NOTHING:
            return _surest(*(vanishing(one, world) for one in arguments if not isinstance(one, Range | Subquery)))
        case Negate(of):
            return vanishing(of, world)
    return None


def _surest(*found: Vanishing | None) -> Vanishing | None:
    some = [one for one in found if one is not None]
    return next((one for one in some if one.alone), some[0] if some else None)


def _series(name: str, world: World) -> Vanishing | None:
    if name in SYNTHETIC or name.startswith(_TIMED):
        return None
    if name not in world.recordings:
        metric = world.series[name][0] if name in world.series else None
        return Vanishing(name) if isinstance(metric, Gauge) else None
    known: dict[str, Vanishing | None] = world.memory.vanishing
    if name not in known:
        known[name] = None  # of rules that go round in a circle nothing is known
        found = [_recorded(rule.expr, world) for rule in world.recordings[name]]
        known[name] = None if None in found else _surest(*found)
    return known[name]


def _recorded(expr: str, world: World) -> Vanishing | None:
    try:
        return vanishing(tree_of(expr), world)
    except (PromQLError, ValueError):
        return None
