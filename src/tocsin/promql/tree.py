"""PromQL expressions as immutable values: build them, compare them, rewrite them, print them.

A window may be left open: `ADAPTIVE` is a fixed range in a rule and `$__rate_interval` in a panel, `SHOWN` is
the dashboard's time range.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from tocsin.metrics import Matcher
from tocsin.units import Quantity, plain

Standing = Literal["rule", "panel"]


@dataclass(frozen=True, slots=True)
class Window:
    """How far back a range reaches: `duration` in rules, `variable` in panels where there is one."""

    duration: str | None
    variable: str | None = None

    def text(self, place: Standing) -> str:
        if place == "panel" and self.variable:
            return self.variable
        if self.duration is None:
            raise ValueError(f"{self.variable} stands for a dashboard's time range; a rule has none")
        return self.duration


ADAPTIVE = Window("5m", "$__rate_interval")
SHOWN = Window(None, "$__range")


@dataclass(frozen=True, slots=True)
class Node:
    """A PromQL expression. Arithmetic on nodes gives nodes."""

    def __add__(self, other: Operand) -> Binary:
        return Binary("+", self, operand(other))

    def __sub__(self, other: Operand) -> Binary:
        return Binary("-", self, operand(other))

    def __mul__(self, other: Operand) -> Binary:
        return Binary("*", self, operand(other))

    def __truediv__(self, other: Operand) -> Binary:
        return Binary("/", self, operand(other))

    def __rsub__(self, other: int | Decimal | Quantity) -> Binary:
        return Binary("-", operand(other), self)

    def text(self, place: Standing = "rule", narrow: Narrow | None = None) -> str:
        """The expression on one line; `narrow` gives each selector its further matchers."""
        return _print(self, place, narrow)

    def children(self) -> tuple[Node, ...]:
        """The expressions that this one is made of."""
        return ()

    def with_children(self, children: tuple[Node, ...]) -> Node:
        """The same expression made of others, as many as it has."""
        raise TypeError(f"{type(self).__name__} is made of {len(children)} expressions")

    def walk(self) -> Iterator[Node]:
        waiting: list[Node] = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(node.children())

    def rewrite(self, change: Callable[[Node], Node | None]) -> Node:
        """The expression with every node for which `change` answers replaced, outermost first."""
        changed = change(self)
        if changed is not None:
            return changed
        children = self.children()
        if not children:
            return self
        new = tuple(child.rewrite(change) for child in children)
        return self if all(map(operator.is_, new, children)) else self.with_children(new)


Operand = Node | Quantity | Decimal | int
Narrow = Callable[["Select"], tuple[Matcher, ...]]


def operand(value: Operand) -> Node:
    """A node for a number, a quantity (in its own unit) or a node."""
    if isinstance(value, Node):
        return value
    if isinstance(value, Quantity):
        return Number(value.value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise TypeError(f"{value!r} is no part of an expression: use an indicator, a quantity, an int or a Decimal")
    return Number(Decimal(value))


@dataclass(frozen=True, slots=True)
class Number(Node):
    value: Decimal


@dataclass(frozen=True, slots=True)
class Text(Node):
    value: str


@dataclass(frozen=True, slots=True)
class Select(Node):
    """An instant vector selector. `name` is empty where only matchers name the metric."""

    name: str
    matchers: tuple[Matcher, ...] = ()
    offset: str | None = None
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Range(Node):
    of: Select
    window: Window

    def children(self) -> tuple[Node, ...]:
        return (self.of,)

    def with_children(self, children: tuple[Node, ...]) -> Range:
        (of,) = children
        assert isinstance(of, Select), "a range is one of a selector"
        return Range(of, self.window)


@dataclass(frozen=True, slots=True)
class Subquery(Node):
    of: Node
    window: Window
    step: str | None = None
    offset: str | None = None
    at: str | None = None

    def children(self) -> tuple[Node, ...]:
        return (self.of,)

    def with_children(self, children: tuple[Node, ...]) -> Subquery:
        return Subquery(children[0], self.window, self.step, self.offset, self.at)


@dataclass(frozen=True, slots=True)
class Call(Node):
    function: str
    arguments: tuple[Node, ...] = ()

    def children(self) -> tuple[Node, ...]:
        return self.arguments

    def with_children(self, children: tuple[Node, ...]) -> Call:
        return Call(self.function, children)


@dataclass(frozen=True, slots=True)
class Aggregate(Node):
    """`grouping` is None where neither `by` nor `without` is written."""

    operator: str
    of: Node
    grouping: tuple[str, ...] | None = None
    without: bool = False
    parameter: Node | None = None

    def children(self) -> tuple[Node, ...]:
        return (self.of,) if self.parameter is None else (self.of, self.parameter)

    def with_children(self, children: tuple[Node, ...]) -> Aggregate:
        parameter = children[1] if len(children) > 1 else None
        return Aggregate(self.operator, children[0], self.grouping, self.without, parameter)


@dataclass(frozen=True, slots=True)
class Matching:
    """How the two sides of an operator find each other."""

    labels: tuple[str, ...] | None = None
    ignoring: bool = False
    group: Literal["left", "right"] | None = None
    include: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binary(Node):
    operator: str
    left: Node
    right: Node
    matching: Matching = Matching()
    boolean: bool = False

    def children(self) -> tuple[Node, ...]:
        return (self.left, self.right)

    def with_children(self, children: tuple[Node, ...]) -> Binary:
        return Binary(self.operator, children[0], children[1], self.matching, self.boolean)


@dataclass(frozen=True, slots=True)
class Negate(Node):
    of: Node

    def children(self) -> tuple[Node, ...]:
        return (self.of,)

    def with_children(self, children: tuple[Node, ...]) -> Negate:
        return Negate(children[0])


_PRECEDENCE = {"or": 1, "and": 2, "unless": 2, "==": 3, "!=": 3, "<=": 3, "<": 3, ">=": 3, ">": 3}
_PRECEDENCE |= {"+": 4, "-": 4, "*": 5, "/": 5, "%": 5, "atan2": 5, "^": 6}


def quoted(text: str) -> str:
    """A PromQL string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _modifiers(offset: str | None, at: str | None) -> str:
    return (f" @ {at}" if at else "") + (f" offset {offset}" if offset else "")


def _operand(node: Node, place: Standing, narrow: Narrow | None, minimum: int) -> str:
    text = _print(node, place, narrow)
    if isinstance(node, Binary) and _PRECEDENCE[node.operator] < minimum:
        return f"({text})"
    return f"({text})" if isinstance(node, Negate) and minimum > 5 else text


def _print(node: Node, place: Standing, narrow: Narrow | None) -> str:
    match node:  # the usual ones first
        case Range(of, window):
            return _selector(of, f"[{window.text(place)}]", narrow)
        case Call(function, arguments):
            return f"{function}({', '.join([_print(argument, place, narrow) for argument in arguments])})"
        case Aggregate():
            return _aggregate(node, place, narrow)
        case Number(value):
            return plain(value) if value.is_finite() else str(value).replace("Infinity", "Inf")
        case Select():
            return _selector(node, "", narrow)
        case Binary():
            return _binary(node, place, narrow)
        case Text(value):
            return quoted(value)
        case Subquery(of, window, step, offset, at):
            inner = _operand(of, place, narrow, 7)
            return f"{inner}[{window.text(place)}:{step or ''}]{_modifiers(offset, at)}"
        case Negate(of):
            return f"-{_operand(of, place, narrow, 6)}"
        case _:
            raise TypeError(f"{node!r} is no PromQL")


def _selector(node: Select, window: str, narrow: Narrow | None) -> str:
    every = (*node.matchers, *narrow(node)) if narrow else node.matchers
    matchers = ",".join(map(str, every))
    braces = f"{{{matchers}}}" if matchers or not node.name else ""
    return f"{node.name}{braces}{window}{_modifiers(node.offset, node.at)}"


def _aggregate(node: Aggregate, place: Standing, narrow: Narrow | None) -> str:
    grouping = ""
    if node.grouping is not None:
        grouping = f" {'without' if node.without else 'by'} ({', '.join(node.grouping)}) "
    parameter = f"{_print(node.parameter, place, narrow)}, " if node.parameter else ""
    return f"{node.operator}{grouping}({parameter}{_print(node.of, place, narrow)})"


def _binary(node: Binary, place: Standing, narrow: Narrow | None) -> str:
    level = _PRECEDENCE[node.operator]
    # All operators associate to the left, but for ^.
    right_first = node.operator == "^"
    left = _operand(node.left, place, narrow, level + 1 if right_first else level)
    right = _operand(node.right, place, narrow, level if right_first else level + 1)
    words = [node.operator]
    if node.boolean:
        words.append("bool")
    matching = node.matching
    if matching.labels is not None:
        words.append(f"{'ignoring' if matching.ignoring else 'on'} ({', '.join(matching.labels)})")
    if matching.group:
        # The brackets are there even when empty: what follows may begin with one.
        words.append(f"group_{matching.group} ({', '.join(matching.include)})")
    return f"{left} {' '.join(words)} {right}"


def names_read(*nodes: Node) -> frozenset[str]:
    """The names of the series that expressions read."""
    return frozenset(part.name for node in nodes for part in node.walk() if isinstance(part, Select))
