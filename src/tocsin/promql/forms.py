"""Forms: what an expression says, whatever the order of its labels and the spaces and brackets around it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import promql_parser as parser

from tocsin.promql.aggregations import Grouping

Note = Callable[[Any, int], None]
LEAVES = frozenset({parser.VectorSelector, parser.MatrixSelector})
# A name that stands among the matchers, with the comma that belongs to it. Within a value its quotes are escaped.
_NAME = re.compile(r'(?<=\{)__name__="([\w:]+)"(?:,|(?=\}))|,__name__="([\w:]+)"')


def form_of(node: Any, note: Note) -> int:
    """A number that is equal for expressions of the same form; `note` is told that of each operation inside.

    It is told that of each selector too, with the range that it stands in.
    """
    return _FORMS[type(node)](node, note)


class Recorded:
    """Expressions that rules record as they are, each with its name."""

    __slots__ = ("_by_leaf", "names")

    def __init__(self) -> None:
        self.names: dict[int, str] = {}
        # By one of its selectors: the forms of all that it selects and groups by, without which nothing holds it.
        self._by_leaf: dict[int, list[tuple[str, frozenset[int]]]] = {}

    def add(self, node: Any, name: str) -> None:
        leaves: list[int] = []
        groupings: list[int] = []

        def note(part: Any, form: int) -> None:
            if type(part) in LEAVES:
                leaves.append(form)
            elif type(part) is parser.AggregateExpr and part.modifier is not None:
                groupings.append(Grouping.written(part.modifier).form)

        if self.names.setdefault(form_of(node, note), name) == name and leaves:
            self._by_leaf.setdefault(leaves[0], []).append((name, frozenset((*leaves, *groupings))))

    def may_be_in(self, marks: Iterable[int], record: str | None) -> bool:
        """Whether an expression that selects and groups by all this may hold one, but for that of the rule `record`."""
        held = frozenset(marks)
        return any(needed <= held and name != record for mark in held for name, needed in self._by_leaf.get(mark, ()))


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


def leaf_form(text: str) -> int:
    """The form of a selector, or of one with a range, by its text as the parser prints it: matchers in one order."""
    if "__name__" in text and (found := _NAME.search(text)):
        text = f"{found[1] or found[2]}{text[: found.start()]}{text[found.end() :]}".replace("{}", "", 1)
    return hash(text)


def _selector(node: Any, note: Note) -> int:
    return _noted(node, note, leaf_form(node.prettify()))


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
