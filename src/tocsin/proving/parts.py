"""Parts of a condition that can be left out of it: sides of `or`, `and` and `unless`, and comparisons within."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tocsin.promql.comparisons import HOLDS
from tocsin.promql.tree import Binary, Node, Number
from tocsin.proving.defaults import Place, is_let_through, places_of


@dataclass(frozen=True, slots=True)
class Part:
    """What is left out, and what the condition is then."""

    gone: Node
    without: Binary


def parts_of(condition: Binary) -> Iterator[Part]:
    """The parts that may matter, the outermost first."""
    for place in places_of(condition):
        for gone, kept in _left_out(place):
            without = place.put(kept)
            if isinstance(without, Binary):
                yield Part(gone, without)


def without_a_side(condition: Binary) -> Iterator[Binary]:
    """A condition of alternatives (`or`), without each of them; what only stands in for something is none."""
    for place in places_of(condition):
        if not isinstance(place.node, Binary) or place.node.operator != "or":
            continue
        _, *above = reversed([parent for parent, _ in place.above] or [condition])
        if all(isinstance(parent, Binary) and parent.operator == "or" for parent in above):
            for gone, kept in _left_out(place):
                without = place.put(kept)
                is_side = not (isinstance(gone, Binary) and gone.operator == "or")
                if is_side and isinstance(without, Binary) and is_let_through(kept, place) is None:
                    yield without


def _left_out(place: Place) -> Iterator[tuple[Node, Node]]:
    """What can be left out of a node, and what is left of it."""
    match place.node:
        case Binary("or", left, right):
            if is_let_through(right, place) is not False:
                yield right, left
            yield left, right
        case Binary("and", left, right):
            if not _guards_divisor(right, left):
                yield right, left
            yield left, right
        case Binary("unless", left, right):
            yield right, left
        case Binary(comparison, left, Number(), boolean=False) as node if comparison in HOLDS and place.above:
            if not _is_divisor(place):
                yield node, left


def _is_divisor(place: Place) -> bool:
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
