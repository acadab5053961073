"""The walk over an expression's nodes, by hand, and what each kind of node contributes.

What an operation makes of given types is worked out once in a world and remembered, so that most nodes cost a look
in a table. Reading a node's attribute crosses into Rust: each is read once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from math import copysign
from typing import Any, NamedTuple

import promql_parser as parser

from tocsin.promql.aggregations import Grouping, aggregated
from tocsin.promql.context import Context
from tocsin.promql.faults import Fault
from tocsin.promql.forms import leaf_form
from tocsin.promql.functions import FUNCTIONS, UNKNOWN
from tocsin.promql.guards import Guard, is_term, unguarded
from tocsin.promql.labels import NO_LABELS, make
from tocsin.promql.node_faults import (
    faults_of_aggregation,
    faults_of_call,
    grouped,
)
from tocsin.promql.operations import number_type, operated
from tocsin.promql.operators import COMPARISONS, negated
from tocsin.promql.parse import put_back
from tocsin.promql.patterns import or_faults
from tocsin.promql.quotes import Faults, quote, quoted
from tocsin.promql.ratios import term_faults
from tocsin.promql.selectors import labels_of_absence, selected
from tocsin.promql.types import Comparison, Type
from tocsin.promql.variables import is_stand_in_length
from tocsin.promql.windows import SEEING, faults_of_place
from tocsin.promql.world import World

_MILLISECOND = timedelta(milliseconds=1)
# What an `or` of selectors ends with.
_SINGLE = frozenset({parser.VectorSelector, parser.ParenExpr})
_ABSENCE = frozenset({"absent", "absent_over_time"})
_INDIFFERENT = _ABSENCE | frozenset({"count_over_time", "present_over_time", "timestamp"})
# Operators beside which the value of a side may be indifferent.
_INVOLVED = frozenset({"*", "and", "unless"})
_COUNTING = frozenset({"count", "group"})
_UNGROUPED = Grouping()
# Faults that do not matter where nobody looks at the value.
_OF_VALUES = frozenset(
    {"type-function", "counter-reset", "division-by-zero", "nan-aggregated", "ratio-shape", "lazy-series"}
    | {"quantile-aggregated", "range-short", "flapping"}
)


# What is known of a selector by its text: its type, its faults, the name that it reads, its form, and how its range is
# written: "" where it has none, None where it is shifted in time.
_Selected = tuple[Type, Faults, str, int, str | None]


class Noted(NamedTuple):
    """What a walk has noted: see there."""

    odd: bool
    faults: Faults
    series: tuple[str, ...]
    marks: tuple[int, ...]
    spans: tuple[str, ...]
    comparisons: tuple[Comparison, ...]


class Walk:
    """One walk over an expression.

    `indifferent` says that nobody looks at the value of what is walked, `odd` that the source may hold numbers or
    durations in a spelling of their own, as it does where its ranges are not the `spans`. `marks` are
    the forms of what it selects and groups by. `root` is the node of the whole source, where that was parsed as it is.
    `guards` stand beside what is walked.
    """

    __slots__ = (
        "comparisons",
        "context",
        "faults",
        "guards",
        "indifferent",
        "kept",
        "marks",
        "modifiers",
        "odd",
        "recorded",
        "root",
        "series",
        "source",
        "spans",
        "texts",
        "world",
    )

    def __init__(
        self,
        source: str,
        world: World,
        context: Context,
        recorded: Callable[[World, str], Type],
        root: Any = None,
    ) -> None:
        memory = world.memory
        self.source = source
        self.world = world
        self.context = context
        self.kept = memory.kept
        self.modifiers = memory.modifiers
        self.texts = memory.texts
        self.recorded = recorded
        self.root = root
        self.faults: list[Fault] = []
        self.series: list[str] = []
        self.marks: list[int] = []
        self.spans: list[str] = []
        self.comparisons: list[Comparison] = []
        self.guards: tuple[Guard, ...] = ()
        self.indifferent = False
        self.odd = False

    def type_of(self, node: Any) -> Type:
        return _VISITORS[type(node)](self, node)

    def report(self, node: Any, faults: Faults) -> None:
        """Keep faults of a node, which they quote."""
        if self.indifferent:
            faults = tuple(fault for fault in faults if fault.id not in _OF_VALUES)
        if faults:
            source = self.source if node is self.root else None
            self.faults += quoted(node, faults, source)

    def compared(self, node: Any, operator: str, left: Type) -> Type:
        """The type of a comparison with a number, where the other side was walked."""
        return _operated(self, node, operator, None, left, _number(self, node.rhs))

    def noted(self) -> Noted:
        """All that was noted until now, each fault once."""
        faults = tuple(dict.fromkeys(self.faults))
        series, marks, spans = tuple(self.series), tuple(self.marks), tuple(self.spans)
        return make(Noted, (self.odd, faults, series, marks, spans, tuple(self.comparisons)))

    def note(self, noted: Noted) -> None:
        """Note what another walk over the same has noted."""
        self.odd, faults, series, marks, spans, comparisons = noted
        self.faults += faults
        self.series += series
        self.marks += marks
        self.spans += spans
        self.comparisons += comparisons


def _number(walk: Walk, node: Any) -> Type:
    found = number_type(walk.world.memory, node.val)
    if (found.text or "") not in walk.source:
        walk.odd = True
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
    entry: _Selected | None = walk.texts.get(text)
    if entry is None:
        found, faults, name, leaf, shift = _read(walk, node, text)
        entry = walk.texts[text] = (found, faults, name, leaf, None if shift else "")
    found, faults, name, leaf, span = entry
    if span is None:
        walk.odd = True
    walk.series.append(name)
    walk.marks.append(leaf)
    if faults:
        walk.report(node, faults)
    return found


def _range(walk: Walk, node: Any) -> Type:
    text = node.prettify()
    entry: _Selected | None = walk.texts.get(text)
    if entry is None:
        found, faults, name, leaf, shift = _read(walk, node.vector_selector, text)
        span = None if shift else put_back(text[text.rindex("[") :])
        entry = walk.texts[text] = (_ranged(walk, found, node.range), faults, name, leaf, span)
    found, faults, name, leaf, span = entry
    if span is None:
        walk.odd = True
    else:
        walk.spans.append(span)
    walk.series.append(name)
    walk.marks.append(leaf)
    if faults:
        walk.report(node, faults)
    return found


def _read(walk: Walk, selector: Any, text: str) -> tuple[Type, Faults, str, int, str]:
    """The type of a selector, its faults, the name that it reads, the form of its text, its shift."""
    world = walk.world
    shift = f"{selector.offset or ''} {selector.at or ''}".strip() if " offset " in text or " @ " in text else ""
    name, found, faults = selected(world, selector, text, shift, walk.recorded)
    return found, faults, name, leaf_form(text) if world.recordings else 0, shift


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
        length = _length(window)
        origin = of.origin.through(f"[{window}]") if length is None and of.origin else of.origin
        found = make(Type, ("range", *of[1:7], True, *of[8:12], None, origin, length, *of[15:]))
        walk.kept[key] = found
    return found


def _subquery(walk: Walk, node: Any) -> Type:
    of = walk.type_of(node.expr)
    window, step = node.range, node.step
    walk.odd = True
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
        arguments: tuple[Type, ...] = tuple([walk.type_of(argument) for argument in nodes])
        walk.indifferent = before
    elif len(nodes) == 1:
        argument = nodes[0]
        arguments = (_VISITORS[type(argument)](walk, argument),)
    else:
        arguments = tuple([_VISITORS[type(argument)](walk, argument) for argument in nodes])
    key = (name, arguments)
    entry = walk.kept.get(key)
    if entry is None:
        function = FUNCTIONS.get(name, UNKNOWN)
        found = function.result(arguments)
        entry = walk.kept[key] = (found, faults_of_call(walk.world, name, function, arguments))
    if entry[1] and not (name == "resets" and "uptime" in nodes[0].prettify()):  # that falls at a restart alone
        walk.report(node, entry[1])
    if name in SEEING and walk.context.place is not None and arguments and arguments[0].value == "range":
        walk.report(node, tuple(faults_of_place(walk.context, name, arguments[0])))
    if name in _ABSENCE:
        labels = labels_of_absence(nodes[0])
        return entry[0] if labels is None else entry[0].labelled(labels)
    return entry[0]


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
    grouping = _UNGROUPED
    if modifier is not None:
        text = str(modifier)
        grouping = walk.modifiers.get(text) or walk.modifiers.setdefault(text, Grouping.written(modifier))
        walk.marks.append(grouping.form)
    key = (operator, grouping, given, of)
    entry = walk.kept.get(key)
    if entry is None:
        labels, faults = grouped(walk.world, operator, grouping, of.labels)
        found = aggregated(operator, grouping, labels, given, of)
        if found.origin is None:  # often alike, whatever was aggregated: what is made of these is known then
            signs = copysign(1, found.low), copysign(1, found.high)  # 0 is equal to -0
            found = walk.kept.setdefault((*signs, *found), found)
        entry = walk.kept[key] = (found, faults + faults_of_aggregation(walk.world, operator, given, of))
    if entry[1]:
        walk.report(node, entry[1])
    return entry[0]


def _binary(walk: Walk, node: Any) -> Type:
    operator = str(node.op)
    left_node, right_node, modifier = node.lhs, node.rhs, node.modifier
    if operator in _INVOLVED or (walk.indifferent and operator in COMPARISONS):
        left, right = _sides(walk, operator, modifier, left_node, right_node)
    else:
        left = _VISITORS[type(left_node)](walk, left_node)
        right = _VISITORS[type(right_node)](walk, right_node)
    return _operated(walk, node, operator, modifier, left, right)


def _operated(walk: Walk, node: Any, operator: str, modifier: Any, left: Type, right: Type) -> Type:
    found, faults = operated(walk.world, operator, modifier, left, right)
    if faults:
        if operator == "/":
            faults = unguarded(faults, node.rhs, walk.guards) if walk.guards else faults
            if modifier is None and is_term(node.lhs, node.rhs):
                faults = term_faults(left, right, faults)
        walk.report(node, faults)
    if operator == "or" and type(node.rhs) in _SINGLE:
        told = tuple(or_faults(node.lhs, node.rhs))
        if told:  # of the longer chain alone
            part = quote(node.lhs)
            walk.faults = [fault for fault in walk.faults if fault.id != "regex" or fault.expr != part]
            walk.report(node, told)
    if operator in COMPARISONS and found.comparison is not None:
        walk.comparisons.append(found.comparison)
    return found


def _sides(walk: Walk, operator: str, modifier: Any, left_node: Any, right_node: Any) -> tuple[Type, Type]:
    """The sides of an operator for which the value of a side does not matter, or matters again."""
    before, guards = walk.indifferent, walk.guards
    if operator == "*":
        walk.indifferent = before or _is_zero(right_node)
        left = walk.type_of(left_node)
        walk.indifferent = before or _is_zero(left_node)
    else:
        walk.indifferent = before and operator not in COMPARISONS
        if operator not in COMPARISONS:
            walk.guards = (*guards, make(Guard, (operator, modifier, right_node)))
        left = walk.type_of(left_node)
        walk.guards = (*guards, make(Guard, (operator, modifier, left_node))) if operator == "and" else guards
        walk.indifferent = operator not in COMPARISONS
    right = walk.type_of(right_node)
    walk.indifferent, walk.guards = before, guards
    return left, right


def _is_zero(node: Any) -> bool:
    return type(node) is parser.NumberLiteral and node.val == 0


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
