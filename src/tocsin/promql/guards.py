"""What keeps a divisor from 0: a guard beside the result lets none such through; or keeps it from all but 0 / 0."""

from __future__ import annotations

from typing import Any, NamedTuple

import promql_parser as parser

from tocsin.promql.comparisons import HOLDS
from tocsin.promql.quotes import Faults


class Guard(NamedTuple):
    """The other side of an `and` or `unless`, as the parser gives it."""

    operator: str
    modifier: Any
    node: Any

    def keeps_from_zero(self, divisor: str) -> bool:
        """Whether nothing is let through where this is 0. With `on ()` another series may let it through."""
        node = _bare(self.node)
        if type(node) is not parser.BinaryExpr or type(node.rhs) is not parser.NumberLiteral:
            return False
        holds = HOLDS.get(str(node.op))
        if holds is None or node.modifier is not None or holds(0.0, node.rhs.val) == (self.operator == "and"):
            return False
        matching = self.modifier.matching if self.modifier is not None else None
        return (matching is None or bool(matching.labels)) and _text(node.lhs) == divisor


def unguarded(faults: Faults, divisor: Any, guards: tuple[Guard, ...]) -> Faults:
    """The faults of a division, without that of a divisor which a guard keeps from 0."""
    if all(fault.id != "division-by-zero" for fault in faults):
        return faults
    text = _text(divisor)
    if not any(guard.keeps_from_zero(text) for guard in guards):
        return faults
    return tuple([fault for fault in faults if fault.id != "division-by-zero"])


def is_term(dividend: Any, divisor: Any) -> bool:
    """Whether the divisor is a sum, series by series, and the dividend one of its terms."""
    terms = [_bare(divisor)]
    for term in terms:
        if type(term) is parser.BinaryExpr and str(term.op) == "+" and term.modifier is None:
            terms += (_bare(term.lhs), _bare(term.rhs))
    return len(terms) > 1 and _text(dividend) in map(_text, terms[1:])


def _bare(node: Any) -> Any:
    while type(node) is parser.ParenExpr:
        node = node.expr
    return node


def _text(node: Any) -> str:
    text: str = _bare(node).prettify()
    return text
