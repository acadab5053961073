"""The law of ratios that are compared with a limit above 0: what is 0 or no number never exceeds it."""

from __future__ import annotations

from decimal import Decimal

from tocsin.mutants.constants import factor_of, number_in
from tocsin.mutants.sides import BY_SERIES, GROUPS, is_unique
from tocsin.promql.tree import Aggregate, Binary, Call, Matching, Node, Number, Range, Select

_ABOVE = frozenset({">", ">="})
_GROWTH = frozenset({"rate", "increase"})
# Of growths, which are never negative, they are 0 only where all of them are.
_NONE_OF_ALL = frozenset({"sum", "avg", "max"})


def unseen_below(node: Node) -> Node | None:
    """A ratio above a positive limit, without its zero-fill, and without a guard that keeps only 0 / 0 away.

    A guard keeps more away where the part may be there without the whole: then the ratio is infinite, and fires.
    """
    match node:
        case Binary(comparison, left, right, boolean=False) if comparison in _ABOVE:
            limit, (factor, ratio) = number_in(right), factor_of(left)
            if limit is not None and limit > 0 and factor > 0:
                seen = _seen(ratio)
                return node.with_children((_instead(left, ratio, seen), right)) if seen else None
    return None


def _instead(whole: Node, old: Node, new: Node) -> Node:
    return whole.rewrite(lambda part: new if part is old else None)


def _seen(ratio: Node) -> Node | None:
    """What of a ratio may exceed a positive limit, where that is less than it says."""
    match ratio:
        case Binary("/", Binary("or" | "and" as word, part, fill) as filled, divisor) if (
            ratio.matching == filled.matching == Matching()
            and is_unique(part, Matching())
            and is_unique(divisor, Matching())
            and _is_nothing(fill)
        ):
            if word == "or" or _counted(fill) == (_guarded(divisor) or divisor):
                return Binary("/", part, divisor)
        case Binary("/", part, divisor) if ratio.matching == Matching():
            whole = _guarded(divisor)
            if whole is not None and is_unique(whole, Matching()) and _is_part(part, whole):
                return Binary("/", part, whole)
    return None


def _counted(fill: Node) -> Node | None:
    """What a zero-fill multiplies by 0."""
    match fill:
        case Binary("*", left, right):
            return left if number_in(right) == Decimal(0) else right if number_in(left) == Decimal(0) else None
    return None


def _is_nothing(fill: Node) -> bool:
    """Whether it gives zeros only, or what is no number, and never an error."""
    of = _counted(fill)
    return of is not None and is_unique(of, Matching()) and all(map(_is_plain, of.walk()))


def _is_plain(node: Node) -> bool:
    match node:
        case Select() | Range() | Number():
            return True
        case Call(function):
            return function in BY_SERIES
        case Aggregate(operator):
            return operator in GROUPS
    return False


def _guarded(divisor: Node) -> Node | None:
    """What a guard lets through only above 0, or above less."""
    match divisor:
        case Binary(comparison, whole, right, boolean=False) if comparison in _ABOVE:
            least = number_in(right)
            return whole if least is not None and least <= 0 else None
    return None


def _is_part(part: Node, whole: Node) -> bool:
    """Whether both are growths of one counter, over the same time, and the first counts some of what the second does.

    No growth is negative, so where the whole is 0 its part is 0 too.
    """
    match part, whole:
        case Aggregate(one, some, parameter=None), Aggregate(other, every, parameter=None):
            alike = (part.grouping, part.without) == (whole.grouping, whole.without)
            return one == other and one in _NONE_OF_ALL and alike and _is_part(some, every)
        case Call(one, (Range(some, window),)), Call(other, (Range(every, over),)):
            return {one, other} <= _GROWTH and window == over and _selects_part(some, every)
    return False


def _selects_part(some: Select, every: Select) -> bool:
    moved = (some.offset, some.at) == (every.offset, every.at)
    return bool(some.name) and some.name == every.name and moved and set(some.matchers) >= set(every.matchers)
