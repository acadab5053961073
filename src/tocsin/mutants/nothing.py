"""Expressions that can give nothing, whatever the values: what they read is not there."""

from __future__ import annotations

from collections.abc import Callable

from tocsin.promql.tree import Aggregate, Binary, Call, Negate, Node, Range, Select, Subquery

# They have a value for nothing.
_ANYWAY = frozenset({"absent", "absent_over_time", "scalar", "vector"})


def missing(node: Node, is_there: Callable[[Select], bool]) -> Select | None:
    """The selector because of which an expression gives nothing, where one does: its series are not there."""
    match node:
        case Select():
            return None if is_there(node) else node
        case Range(of) | Subquery(of) | Negate(of) | Aggregate(_, of):
            return missing(of, is_there)
        case Call(function, arguments) if function not in _ANYWAY:
            return next((found for found in (missing(one, is_there) for one in arguments) if found), None)
        case Binary("or", left, right):
            return missing(left, is_there) and missing(right, is_there)
        case Binary("unless", left, _):
            return missing(left, is_there)
        case Binary(_, left, right):
            return missing(left, is_there) or missing(right, is_there)
    return None
