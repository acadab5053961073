"""The walk over an expression's nodes, by hand, and what each kind of node contributes.

What an operation makes of given types is worked out once in a world and remembered, so that most nodes cost a look
in a table. Reading a node's attribute crosses into Rust: each is read once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from math import inf
from typing import Any, TypeVar

import promql_parser as parser

from tocsin.promql import versions
from tocsin.promql.aggregations import Grouping, aggregated
from tocsin.promql.context import Context
from tocsin.promql.counters import comparison_faults, function_faults, lazy_faults, subtraction_faults, sum_faults
from tocsin.promql.dimensions import unit_faults
from tocsin.promql.faults import Fault
from tocsin.promql.forms import leaf_form
from tocsin.promql.functions import FUNCTIONS, UNKNOWN
from tocsin.promql.histograms import SHARES, aggregate_faults, quantile_faults, share_faults
from tocsin.promql.joins import join_faults
from tocsin.promql.labels import NO_LABELS
from tocsin.promql.matching import Matching
from tocsin.promql.operators import COMPARISONS, PLAIN, SETS, combined, negated
from tocsin.promql.patterns import or_faults
from tocsin.promql.quotes import Faults, quoted
from tocsin.promql.ratios import average_faults, division_faults
from tocsin.promql.selectors import grouping_faults, labels_of_absence, selected
from tocsin.promql.types import COUNTERS, Comparison, Kind, Type
from tocsin.promql.variables import is_stand_in_length, is_stand_in_number
from tocsin.promql.windows import GROWTH, SEEING, alert_faults, interval_faults, panel_faults, range_faults
from tocsin.promql.world import World

_Value = TypeVar("_Value")
_MILLISECOND = timedelta(milliseconds=1)
# What an `or` of selectors ends with.
_SINGLE = frozenset({parser.VectorSelector, parser.ParenExpr})
_ABSENCE = frozenset({"absent", "absent_over_time"})
_INDIFFERENT = _ABSENCE | frozenset({"count_over_time", "present_over_time", "timestamp"})
_COUNTING = frozenset({"count", "group"})
_MATCHINGS: dict[str, Matching] = {}
_GROUPINGS: dict[str, Grouping] = {}
_UNGROUPED = Grouping()
_MOST_MODIFIERS = 4096
# Faults that do not matter where nobody looks at the value.
_OF_VALUES = frozenset(
    {"type-function", "counter-reset", "division-by-zero", "nan-aggregated", "ratio-shape", "lazy-series"}
    | {"quantile-aggregated", "range-short", "flapping"}
)


class Walk:
    """One walk over an expression. `indifferent` says that nobody looks at the value of what is walked."""

    __slots__ = (
        "comparisons",
        "context",
        "faults",
        "indifferent",
        "kept",
        "leaves",
        "odd_numbers",
        "recorded",
        "series",
        "source",
        "texts",
        "world",
    )

    def __init__(self, source: str, world: World, context: Context, recorded: Callable[[World, str], Type]) -> None:
        memory = world.memory
        memory.trim()
        self.source = source
        self.world = world
        self.context = context
        self.kept = memory.kept
        self.texts = memory.texts
        self.recorded = recorded
        self.faults: list[Fault] = []
        self.series: list[str] = []
        self.leaves: list[int | None] = []
        self.comparisons: list[Comparison] = []
        self.indifferent = False
        self.odd_numbers = False

    def type_of(self, node: Any) -> Type:
        return _VISITORS[type(node)](self, node)

    def report(self, node: Any, faults: Faults) -> None:
        """Keep faults of a node, which they quote."""
        if self.indifferent:
            faults = tuple(fault for fault in faults if fault.id not in _OF_VALUES)
        self.faults += quoted(node, faults)

    def remember(self, key: Any, found: Type, faults: Iterable[Fault] = ()) -> tuple[Type, Faults]:
        entry = self.kept[key] = (found, tuple(faults))
        return entry


def _number(walk: Walk, node: Any) -> Type:
    value: float = node.val
    found: Type | None = walk.kept.get(value)
    if found is None:
        low, high = value, value
        if value != value or is_stand_in_number(value):
            low, high = -inf, inf
        known = low == high
        found = walk.kept[value] = Type(
            "scalar",
            Kind.OPEN,
            NO_LABELS,
            None,
            low,
            high,
            known and abs(value) != inf,
            False,
            not known,
            True,
            text=f"{value:g}",
        )
    if (found.text or "") not in walk.source:
        walk.odd_numbers = True
    return found


def _text(walk: Walk, node: Any) -> Type:
    value: str = node.val
    key = ("text", value)
    found: Type | None = walk.kept.get(key)
    if found is None:
        found = walk.kept[key] = Type("string", labels=NO_LABELS, text=value)
    return found


def _selector(walk: Walk, node: Any) -> Type:
    text = node.prettify()
    entry = walk.texts.get(text)
    if entry is None:
        shift = f"{node.offset or ''} {node.at or ''}".strip()
        name, found, faults = selected(walk.world, node, shift, walk.recorded)
        if not (name.isascii() and name.isidentifier()):
            faults = (*faults, *versions.selector_faults(walk.world, name))
        leaf = leaf_form(node) if walk.world.recordings else None
        entry = walk.texts[text] = (found, faults, name, leaf)
    walk.series.append(entry[2])
    walk.leaves.append(entry[3])
    if entry[1]:
        walk.report(node, entry[1])
    return entry[0]


def _range(walk: Walk, node: Any) -> Type:
    text = node.prettify()
    entry = walk.texts.get(text)
    if entry is None:
        of = node.vector_selector
        shift = f"{of.offset or ''} {of.at or ''}".strip()
        name, found, faults = selected(walk.world, of, shift, walk.recorded)
        if not (name.isascii() and name.isidentifier()):
            faults = (*faults, *versions.selector_faults(walk.world, name))
        leaf = leaf_form(node) if walk.world.recordings else None
        entry = walk.texts[text] = (_ranged(walk, found, node.range), faults, name, leaf)
    walk.series.append(entry[2])
    walk.leaves.append(entry[3])
    if entry[1]:
        walk.report(node, entry[1])
    return entry[0]


def _length(duration: timedelta | None) -> int | None:
    """A duration in milliseconds; None where a variable stands there."""
    if duration is None:
        return None
    length = duration // _MILLISECOND
    return None if is_stand_in_length(length) else length


def _ranged(walk: Walk, of: Type, window: timedelta) -> Type:
    key = ("range", of, window)
    found: Type | None = walk.kept.get(key)
    if found is None:
        found = of.but(value="range", window=_length(window), maybe_absent=True, comparison=None)
        walk.kept[key] = found
    return found


def _subquery(walk: Walk, node: Any) -> Type:
    of = walk.type_of(node.expr)
    window, step = node.range, node.step
    key = ("subquery", of, window, step)
    found: Type | None = walk.kept.get(key)
    if found is None:
        found = walk.kept[key] = _ranged(walk, of, window).but(scrape=_length(step), origin=None)
    return found


def _paren(walk: Walk, node: Any) -> Type:
    inner = node.expr
    return _VISITORS[type(inner)](walk, inner)


def _negation(walk: Walk, node: Any) -> Type:
    of = walk.type_of(node.expr)
    key = ("-", of)
    found: Type | None = walk.kept.get(key)
    if found is None:
        found = walk.kept[key] = negated(of)
    return found


def _call(walk: Walk, node: Any) -> Type:
    name = node.func.name
    nodes = node.args
    if name in _INDIFFERENT:
        before, walk.indifferent = walk.indifferent, True
        arguments = tuple([walk.type_of(argument) for argument in nodes])
        walk.indifferent = before
    else:
        arguments = tuple([_VISITORS[type(argument)](walk, argument) for argument in nodes])
    key = (name, *arguments)
    entry = walk.kept.get(key)
    if entry is None:
        function = FUNCTIONS.get(name, UNKNOWN)
        found = function.result(arguments)
        entry = walk.remember(key, found, _call_faults(walk.world, name, arguments))
    if entry[1]:
        walk.report(node, entry[1])
    if name in SEEING and walk.context.place is not None and arguments and arguments[0].value == "range":
        _report_window(walk, node, name, arguments[0])
    return _absent(entry[0], nodes[0]) if name in _ABSENCE else entry[0]


# What cannot be found in a type is not looked for: most types are open, and a generator costs as much as the rest.
def _call_faults(world: World, name: str, arguments: tuple[Type, ...]) -> Iterator[Fault]:
    yield from versions.function_faults(world, name)
    if name in SHARES:
        yield from quantile_faults(name, arguments)
    for argument in arguments:
        if argument.value == "range":
            if argument.kind is not Kind.OPEN:
                yield from function_faults(name, argument)
            if argument.scrape is not None:
                yield from range_faults(name, argument)


def _report_window(walk: Walk, node: Any, name: str, of: Type) -> None:
    context = walk.context
    if context.place == "panel":
        if name in GROWTH:
            walk.report(node, tuple(panel_faults(name, of)))
        return
    if context.is_alert and name in GROWTH:
        walk.report(node, tuple(alert_faults(name, of)))
    if context.interval is not None:
        walk.report(node, tuple(interval_faults(of, context.interval)))


def _absent(found: Type, argument: Any) -> Type:
    while type(argument) is parser.ParenExpr:
        argument = argument.expr
    if type(argument) is parser.MatrixSelector:
        argument = argument.vector_selector
    if type(argument) is not parser.VectorSelector:
        return found
    return found.but(labels=labels_of_absence(argument))


def _aggregate(walk: Walk, node: Any) -> Type:
    operator = str(node.op)
    modifier = node.modifier
    parameter = node.param
    given = _VISITORS[type(parameter)](walk, parameter) if parameter is not None else None
    if operator in _COUNTING:
        before, walk.indifferent = walk.indifferent, True
        of = walk.type_of(node.expr)
        walk.indifferent = before
    else:
        inner = node.expr
        of = _VISITORS[type(inner)](walk, inner)
    grouping = _made(_GROUPINGS, modifier, Grouping.written) if modifier is not None else _UNGROUPED
    key = (operator, grouping, given, of)
    entry = walk.kept.get(key)
    if entry is None:
        found = aggregated(operator, grouping, given, of)
        entry = walk.remember(key, found, _aggregate_faults(walk.world, operator, grouping, given, of))
    if entry[1]:
        walk.report(node, entry[1])
    return entry[0]


def _made(known: dict[str, _Value], modifier: Any, make: Callable[[Any], _Value]) -> _Value:
    """A modifier as a value, the same for the same text, which says all of it."""
    text = str(modifier)
    found = known.get(text)
    if found is None:
        if len(known) >= _MOST_MODIFIERS:
            known.clear()
        found = known[text] = make(modifier)
    return found


def _aggregate_faults(
    world: World, operator: str, grouping: Grouping, parameter: Type | None, of: Type
) -> Iterator[Fault]:
    yield from versions.aggregation_faults(world, operator)
    if of.labels.closed and grouping.labels:
        yield from grouping_faults(operator, grouping, of.labels)
    if operator in ("sum", "avg") and (of.nan or of.kind is not Kind.OPEN):
        yield from sum_faults(operator, of)
        yield from aggregate_faults(operator, of)
        yield from average_faults(operator, of)
    elif operator == "quantile" and parameter is not None:
        yield from share_faults("quantile", parameter)


def _binary(walk: Walk, node: Any) -> Type:
    operator = str(node.op)
    left_node, right_node, modifier = node.lhs, node.rhs, node.modifier
    before = walk.indifferent
    if operator == "*":
        walk.indifferent = before or _is_zero(right_node)
        left = _VISITORS[type(left_node)](walk, left_node)
        walk.indifferent = before or _is_zero(left_node)
        right = _VISITORS[type(right_node)](walk, right_node)
    elif operator in COMPARISONS:
        walk.indifferent = False
        left = _VISITORS[type(left_node)](walk, left_node)
        right = _VISITORS[type(right_node)](walk, right_node)
    else:
        left = _VISITORS[type(left_node)](walk, left_node)
        if operator in ("and", "unless"):
            walk.indifferent = True
        right = _VISITORS[type(right_node)](walk, right_node)
    walk.indifferent = before
    key = (operator, str(modifier), left, right) if modifier is not None else (operator, left, right)
    entry = walk.kept.get(key)
    if entry is None:
        matching = _made(_MATCHINGS, modifier, Matching.of) if modifier is not None else PLAIN
        found = combined(operator, matching, left, right)
        entry = walk.remember(key, found, _binary_faults(walk.world, operator, matching, left, right, found))
    if entry[1]:
        walk.report(node, entry[1])
    if operator == "or" and type(right_node) in _SINGLE:
        walk.report(node, tuple(or_faults(left_node, right_node)))
    if operator in COMPARISONS and entry[0].comparison is not None:
        walk.comparisons.append(entry[0].comparison)
    return entry[0]


def _is_zero(node: Any) -> bool:
    return type(node) is parser.NumberLiteral and node.val == 0


def _binary_faults(
    world: World, operator: str, matching: Matching, left: Type, right: Type, found: Type
) -> Iterator[Fault]:
    if left.value == right.value == "vector":
        yield from join_faults(operator, matching, left, right)
        if matching.filled:
            yield from versions.matching_faults(world, matching)
    if operator in SETS:
        return
    if left.unit is not right.unit:
        yield from unit_faults(operator, left, right)
    if left.lazy or right.lazy:
        yield from lazy_faults(operator, left, right)
    if operator == "/":
        if right.low == 0 or left.origin is not None:
            yield from division_faults(matching, left, right)
    elif operator == "-":
        if left.kind in COUNTERS:
            yield from subtraction_faults(left, right)
    elif found.comparison is not None and Kind.COUNTER in (left.kind, right.kind):
        yield from comparison_faults(found.comparison)


_VISITORS: Mapping[type, Callable[[Walk, Any], Type]] = {
    parser.NumberLiteral: _number,
    parser.StringLiteral: _text,
    parser.VectorSelector: _selector,
    parser.MatrixSelector: _range,
    parser.SubqueryExpr: _subquery,
    parser.ParenExpr: _paren,
    parser.UnaryExpr: _negation,
    parser.Call: _call,
    parser.AggregateExpr: _aggregate,
    parser.BinaryExpr: _binary,
}
