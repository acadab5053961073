"""Parts of a condition that can be left out of it: sides of `or`, `and` and `unless`, and comparisons within."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tocsin.promql.tree import Aggregate, Binary, Call, Negate, Node, Number

_COMPARES: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne}
)
_ARITHMETIC: Mapping[str, Callable[[float, float], float]] = MappingProxyType(
    {"+": operator.add, "-": operator.sub, "*": operator.mul}
)
_KEEPING = frozenset({"sum", "max", "avg", "min"})


@dataclass(frozen=True, slots=True)
class Part:
    """What is left out, and what the condition is then."""

    gone: Node
    without: Binary


@dataclass(frozen=True, slots=True)
class _Place:
    """A node with all that is above it, the nearest first, and which child of each it is."""

    node: Node
    above: tuple[tuple[Node, int], ...] = ()

    def put(self, new: Node) -> Node:
        for parent, at in self.above:
            children = parent.children()
            new = parent.with_children((*children[:at], new, *children[at + 1 :]))
        return new


def parts_of(condition: Binary) -> Iterator[Part]:
    """The parts that may matter, the outermost first."""
    for place in _places(_Place(condition)):
        for gone, kept in _left_out(place):
            without = place.put(kept)
            if isinstance(without, Binary):
                yield Part(gone, without)


def _places(place: _Place) -> Iterator[_Place]:
    yield place
    for at, child in enumerate(place.node.children()):
        yield from _places(_Place(child, ((place.node, at), *place.above)))


def _left_out(place: _Place) -> Iterator[tuple[Node, Node]]:
    """What can be left out of a node, and what is left of it."""
    match place.node:
        case Binary("or", left, right):
            if not _fills_in_vain(right, place):
                yield right, left
            yield left, right
        case Binary("and", left, right):
            if not _guards_divisor(right, left):
                yield right, left
            yield left, right
        case Binary("unless", left, right):
            yield right, left
        case Binary(comparison, left, Number(), boolean=False) as node if comparison in _COMPARES and place.above:
            if not _is_divisor(place):
                yield node, left


def _is_divisor(place: _Place) -> bool:
    """Whether it is divided by: where a guard keeps 0 away, no number comes out either way."""
    parent, at = place.above[0]
    return isinstance(parent, Binary) and parent.operator == "/" and at == 1


def _guards_divisor(guard: Node, value: Node) -> bool:
    match guard:
        case Binary(">" | "!=", of, Number(limit)) if limit == 0:
            return any(
                isinstance(part, Binary) and part.operator == "/" and part.right.text() == of.text()
                for part in value.walk()
            )
    return False


def _fills_in_vain(fill: Node, place: _Place) -> bool:
    """Whether what is filled in is a number that no comparison above it lets through."""
    value = _constant(fill)
    for parent, at in place.above:
        if value is None:
            return False
        match parent:
            case Binary(comparison, _, Number(limit), boolean=False) if comparison in _COMPARES and at == 0:
                if not _COMPARES[comparison](value, float(limit)):
                    return True
            case _:
                value = _carried(value, parent, at)
    return False


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
        case Binary(arithmetic, left, right) if arithmetic in _ARITHMETIC:
            other = _constant(left if at else right)
            if other is not None:
                return _ARITHMETIC[arithmetic](*((other, value) if at else (value, other)))
    return None
