"""Defaults: what an `or` fills in where nothing is, and whether the comparisons above let it through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tocsin.promql.comparisons import HOLDS
from tocsin.promql.tree import Aggregate, Binary, Call, Negate, Node, Number
from tocsin.proving.vectors import ARITHMETIC

_KEEPING = frozenset({"sum", "max", "avg", "min"})


@dataclass(frozen=True, slots=True)
class Place:
    """A node with all that is above it, the nearest first, and which child of each it is."""

    node: Node
    above: tuple[tuple[Node, int], ...] = ()

    def put(self, new: Node) -> Node:
        """The whole expression with another node here."""
        for parent, at in self.above:
            children = parent.children()
            new = parent.with_children((*children[:at], new, *children[at + 1 :]))
        return new


def places_of(root: Node) -> Iterator[Place]:
    """Every place of an expression, the outermost first."""
    return _below(Place(root))


def _below(place: Place) -> Iterator[Place]:
    yield place
    for at, child in enumerate(place.node.children()):
        yield from _below(Place(child, ((place.node, at), *place.above)))


def is_let_through(fill: Node, place: Place) -> bool | None:
    """Whether what a place is filled with passes all comparisons above it; None where that depends on the rest."""
    value, compared = _constant(fill), False
    for parent, at in place.above:
        if value is None:
            return None
        match parent:
            case Binary(comparison, _, Number(limit), boolean=False) if comparison in HOLDS and at == 0:
                if not HOLDS[comparison](value, float(limit)):
                    return False
                compared = True
            case _:
                value = _carried(value, parent, at)
    return True if compared and value is not None else None


def fires_of_default(condition: Node) -> Iterator[Binary]:
    """Each `or` whose default alone makes a condition true: what it stands in for need only be missing."""
    for place in places_of(condition):
        match place.node:
            case Binary("or", _, right) as filled if _constant(right) is not None and is_let_through(right, place):
                yield filled


def _constant(node: Node) -> float | None:
    """The value of an expression that has but one."""
    match node:
        case Number(value):
            return float(value)
        case Call("vector", (Number(value),)):
            return float(value)
        case Binary("*", left, right) if 0 in (_constant(left), _constant(right)):
            return 0.0
    return None


def _carried(value: float, parent: Node, at: int) -> float | None:
    """What an expression is where one of its parts is that; None where that depends on the others."""
    match parent:
        case Aggregate(aggregation) if aggregation in _KEEPING:
            return value
        case Negate():
            return -value
        case Binary("/") if at == 0 and value == 0:
            return 0.0
        case Binary("*") if value == 0:
            return 0.0
        case Binary("and" | "unless" | "or") if at == 0:
            return value
        case Binary("or"):
            return value
        case Binary(arithmetic, left, right) if arithmetic in ARITHMETIC:
            other = _constant(left if at else right)
            if other is not None:
                return ARITHMETIC[arithmetic](*((other, value) if at else (value, other)))
    return None
