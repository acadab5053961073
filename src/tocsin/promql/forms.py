"""Forms: what an expression says, whatever the order of its labels and the spaces and brackets around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import promql_parser as parser

Note = Callable[[Any, int], None]
LEAVES = frozenset({parser.VectorSelector, parser.MatrixSelector})


def form_of(node: Any, note: Note) -> int:
    """A number that is equal for expressions of the same form; `note` is told that of each operation inside.

    It is told that of each selector too, with the range that it stands in.
    """
    return _FORMS[type(node)](node, note)


def recorded_parts(node: Any, recorded: Mapping[int, str], record: str | None) -> list[tuple[Any, str]]:
    """The operations that some rule records as they are, with its name; `record` is the rule that they stand in."""
    found: list[tuple[Any, str]] = []

    def note(part: Any, form: int) -> None:
        name = recorded.get(form)
        if name is not None and name != record and type(part) not in LEAVES:
            found.append((part, name))

    form_of(node, note)
    return found


def _leaf(node: Any, _note: Note) -> int:
    return hash(node.val)


def leaf_form(node: Any) -> int:
    """The form of a selector, or of one with a range."""
    if type(node) is parser.MatrixSelector:
        return hash((leaf_form(node.vector_selector), node.range))
    name = node.name
    matchers = []
    for matcher in node.matchers.matchers:
        if matcher.name == "__name__":
            name = matcher.value
        else:
            matchers.append((matcher.name, str(matcher.op), matcher.value))
    return hash((name, *sorted(matchers), node.offset, str(node.at)))


def _selector(node: Any, note: Note) -> int:
    return _noted(node, note, leaf_form(node))


def _subquery(node: Any, note: Note) -> int:
    return hash((form_of(node.expr, note), node.range, node.step, node.offset, str(node.at)))


def _paren(node: Any, note: Note) -> int:
    return form_of(node.expr, note)


def _negation(node: Any, note: Note) -> int:
    return hash(("-", form_of(node.expr, note)))


def _call(node: Any, note: Note) -> int:
    return _noted(node, note, hash((node.func.name, *[form_of(argument, note) for argument in node.args])))


def _aggregate(node: Any, note: Note) -> int:
    modifier, parameter = node.modifier, node.param
    grouping: tuple[Any, ...] = ()
    if modifier is not None:
        grouping = (str(modifier.type), *sorted(modifier.labels))
    given = form_of(parameter, note) if parameter is not None else None
    return _noted(node, note, hash((str(node.op), grouping, given, form_of(node.expr, note))))


def _binary(node: Any, note: Note) -> int:
    sides = form_of(node.lhs, note), form_of(node.rhs, note)
    return _noted(node, note, hash((str(node.op), str(node.modifier), *sides)))


def _noted(node: Any, note: Note, form: int) -> int:
    note(node, form)
    return form


_FORMS: Mapping[type, Callable[[Any, Note], int]] = {
    parser.NumberLiteral: _leaf,
    parser.StringLiteral: _leaf,
    parser.VectorSelector: _selector,
    parser.MatrixSelector: _selector,
    parser.SubqueryExpr: _subquery,
    parser.ParenExpr: _paren,
    parser.UnaryExpr: _negation,
    parser.Call: _call,
    parser.AggregateExpr: _aggregate,
    parser.BinaryExpr: _binary,
}
