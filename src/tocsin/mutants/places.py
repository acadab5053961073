"""The places of an expression: each node, what is above it, and how the whole looks with another in its stead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tocsin.promql.tree import Node


@dataclass(frozen=True, slots=True)
class Place:
    """A node of an expression. `above` are its ancestors, the nearest first; `at` says which child it is."""

    node: Node
    put: Callable[[Node], Node]
    above: tuple[Node, ...] = ()
    at: int = 0

    @property
    def parent(self) -> Node | None:
        return self.above[0] if self.above else None


def places_of(root: Node) -> Iterator[Place]:
    """Every place of the expression, the outermost first."""
    waiting = [Place(root, lambda new: new)]
    while waiting:
        place = waiting.pop()
        yield place
        waiting.extend(reversed([_child(place, at) for at in range(len(place.node.children()))]))


def _child(place: Place, at: int) -> Place:
    children = place.node.children()

    def put(new: Node) -> Node:
        return place.put(place.node.with_children((*children[:at], new, *children[at + 1 :])))

    return Place(children[at], put, (place.node, *place.above), at)
