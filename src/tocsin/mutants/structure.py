"""Mutants of an expression's structure: operators, sides, functions, guards."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tocsin.mutants.constants import number_in
from tocsin.mutants.numbers import Changed
from tocsin.mutants.places import Place
from tocsin.promql.comparisons import HOLDS
from tocsin.promql.tree import Aggregate, Binary, Call, Matching, Node

_TURNED = MappingProxyType({">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "!=", "!=": "=="})
_BOUNDARY = MappingProxyType({">": ">=", ">=": ">", "<": "<=", "<=": "<"})
_ARITHMETIC = MappingProxyType({"+": "-", "-": "+", "*": "/", "/": "*"})
_SETS = MappingProxyType({"and": ("or", "unless"), "or": ("and", "unless"), "unless": ("and",)})
_GROUPED = MappingProxyType({"left": "right", "right": "left"})
_FUNCTIONS = MappingProxyType(
    {
        "rate": ("increase",),
        "increase": ("rate",),
        "irate": ("rate",),
        "delta": ("deriv",),
        "avg_over_time": ("max_over_time", "min_over_time"),
        "max_over_time": ("min_over_time", "avg_over_time"),
        "min_over_time": ("max_over_time", "avg_over_time"),
        "sum_over_time": ("avg_over_time",),
        "count_over_time": ("sum_over_time",),
        "changes": ("resets",),
        "clamp_min": ("clamp_max",),
        "clamp_max": ("clamp_min",),
        "ceil": ("floor",),
        "floor": ("ceil",),
    }
)
_AGGREGATIONS = MappingProxyType(
    {
        "sum": ("max", "avg"),
        "avg": ("max", "sum"),
        "max": ("min", "sum"),
        "min": ("max", "sum"),
        "count": ("sum",),
        "topk": ("bottomk",),
        "bottomk": ("topk",),
        "stddev": ("stdvar",),
    }
)
_LEFT_OUT = frozenset({"abs", "ceil", "floor", "round", "clamp", "clamp_min", "clamp_max", "sort", "sort_desc"})
_ORDER = frozenset({"sort", "sort_desc"})


def _operator(place: Place, others: Mapping[str, str]) -> Changed:
    match place.node:
        case Binary(operator, left, right, matching, boolean) if operator in others:
            new = others[operator]
            yield f"{operator} -> {new}", place.put(Binary(new, left, right, matching, boolean))


def comparison(place: Place) -> Changed:
    """A comparison is turned around: > is <, == is !=."""
    yield from _operator(place, _TURNED)


def boundary(place: Place) -> Changed:
    """A comparison takes in its threshold, or leaves it out: > is >=."""
    yield from _operator(place, _BOUNDARY)


def arithmetic(place: Place) -> Changed:
    """+ is -, * is /, and the reverse; what comes to a number is one."""
    if number_in(place.node) is None:
        yield from _operator(place, _ARITHMETIC)


def set_operator(place: Place) -> Changed:
    """`and`, `or` and `unless` take each other's place."""
    match place.node:
        case Binary(operator, left, right, matching) if operator in _SETS:
            for new in _SETS[operator]:
                yield f"{operator} -> {new}", place.put(Binary(new, left, right, matching))


def swap(place: Place) -> Changed:
    """The sides of a division or a subtraction change places."""
    match place.node:
        case Binary("/" | "-" as operator) if number_in(place.node) is None:
            yield f"a {operator} b -> b {operator} a", place.put(swapped(place.node))


def swapped(node: Binary) -> Binary:
    """The same operator with its sides in each other's place; each keeps its part in the matching."""
    matching = node.matching
    grouped = _GROUPED.get(matching.group or "")
    turned = Matching(matching.labels, matching.ignoring, grouped, matching.include)  # type: ignore[arg-type]
    return Binary(node.operator, node.right, node.left, turned, node.boolean)


def fill(place: Place) -> Changed:
    """One side of an `or` is dropped: the zero-fill, the default, or what they stand in for."""
    match place.node:
        case Binary("or", left, right):
            yield f"without or {_short(right)}", place.put(left)
            yield f"without {_short(left)} or", place.put(right)


def condition(place: Place) -> Changed:
    """What `and` or `unless` adds to a condition is dropped."""
    match place.node:
        case Binary("and" | "unless" as operator, left, right):
            yield f"without {operator} {_short(right)}", place.put(left)
            if operator == "and":
                yield f"without {_short(left)} and", place.put(right)


def guard(place: Place) -> Changed:
    """A comparison that only filters (`> 0` behind a divisor) is dropped."""
    match place.node:
        case Binary(operator, left, right, _, False) if operator in HOLDS and _is_inside(place):
            if number_in(right) is not None:
                yield f"without {operator} {_short(right)}", place.put(left)
            elif number_in(left) is not None:
                yield f"without {_short(left)} {operator}", place.put(right)


def _is_inside(place: Place) -> bool:
    """Below arithmetic or a call. A comparison at the root, or one joined by `and`, is the condition itself."""
    return any(not (isinstance(node, Binary) and node.operator in _SETS) for node in place.above)


def function(place: Place) -> Changed:
    """A function's neighbour is called: `increase` for `rate`, `max_over_time` for `avg_over_time`."""
    match place.node:
        case Call(name, arguments):
            for new in _FUNCTIONS.get(name, ()):
                yield f"{name} -> {new}", place.put(Call(new, arguments))


def function_left_out(place: Place) -> Changed:
    """A function that only shapes its argument (`clamp_min`, `round`, `abs`) is left out."""
    match place.node:
        case Call(name, (first, *_)) if name in _LEFT_OUT - _ORDER:
            yield f"without {name}", place.put(first)


def aggregation(place: Place) -> Changed:
    """Another aggregation: `max` and `avg` for `sum`, `min` for `max`."""
    match place.node:
        case Aggregate(operator, of, grouping, without, parameter):
            for new in _AGGREGATIONS.get(operator, ()):
                yield f"{operator} -> {new}", place.put(Aggregate(new, of, grouping, without, parameter))


def absent(place: Place) -> Changed:
    """`absent` is left out: the alert is there when the series is."""
    match place.node:
        case Call("absent" | "absent_over_time" as name, (first,)):
            new: Node = first if name == "absent" else Call("count_over_time", (first,))
            yield f"without {name}", place.put(new)


def _short(node: Node) -> str:
    text = node.text()
    return text if len(text) <= 40 else f"{text[:37]}..."
