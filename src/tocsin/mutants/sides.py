"""The law of a matcher on one side of an operation: the other side asks the same of the label already.

Series meet where the labels that are matched are the same. So what one side asks of such a label, the other side's
series must meet too, or they have no partner.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tocsin.metrics import Matcher
from tocsin.promql.tree import Aggregate, Binary, Call, Matching, Negate, Node, Number, Range, Select, Subquery

# They give a series for a series, with its labels (its name aside), and look at one argument's labels only.
BY_SERIES = frozenset(
    {
        *("rate", "increase", "irate", "delta", "idelta", "deriv", "changes", "resets", "predict_linear"),
        *("avg_over_time", "min_over_time", "max_over_time", "sum_over_time", "count_over_time", "last_over_time"),
        *("stddev_over_time", "stdvar_over_time", "present_over_time", "quantile_over_time"),
        *("abs", "ceil", "floor", "round", "clamp", "clamp_min", "clamp_max", "sgn", "sqrt", "exp", "ln", "log2"),
        *("log10", "timestamp"),
    }
)
_SECOND = frozenset({"quantile_over_time"})
GROUPS = frozenset({"sum", "avg", "min", "max", "count", "group", "stddev", "stdvar", "quantile"})
_RANKS = frozenset({"topk", "bottomk", "limitk"})
_SCALARS = frozenset({"scalar", "time", "pi"})
_SETS = frozenset({"and", "or", "unless"})


def asked_twice(node: Node) -> Node | None:
    """An operation of which each side asks of a matched label what the other side asks too.

    Where one series of a side may meet many, two of them are an error as soon as there is anything to meet: also those
    that the matcher would leave out, and also of what only has something to meet without it.

    What one side of `and` lets through decides of both, and what the left side of `unless` does of the right. `or`
    takes what has no partner.
    """
    match node:
        case Binary(operator, left, right) if operator != "or" and not (is_scalar(left) or is_scalar(right)):
            if operator not in _SETS and not is_unique(
                left if node.matching.group == "right" else right, node.matching
            ):
                return None
            one = left if operator == "unless" else _asking(left, asked_of(right), node)
            other = _asking(right, asked_of(left), node)
            return node.with_children((one, other)) if (one, other) != (left, right) else None
    return None


def _asking(side: Node, matchers: frozenset[Matcher], node: Binary) -> Node:
    """A side with what the other asks of the labels that are matched."""
    for matcher in sorted(matchers, key=str):
        if matches(node.matching, matcher.label):
            side = _narrowed(side, matcher) or side
    return side


def is_scalar(node: Node) -> bool:
    """Whether it has a value and no labels."""
    match node:
        case Number():
            return True
        case Call(function):
            return function in _SCALARS
        case Negate(of):
            return is_scalar(of)
        case Binary(left=left, right=right):
            return is_scalar(left) and is_scalar(right)
    return False


def matches(matching: Matching, label: str) -> bool:
    """Whether two series meet only where the label is the same."""
    return matching.labels is None or (label in matching.labels) != matching.ignoring


def asked_of(node: Node) -> frozenset[Matcher]:
    """What all series that it can give meet, of labels that are as the series read have them."""
    match node:
        case Select(_, matchers):
            return frozenset(matcher for matcher in matchers if matcher.label != "__name__")
        case Range(of) | Subquery(of) | Negate(of):
            return asked_of(of)
        case Call(function) if function in BY_SERIES:
            return asked_of(_series_of(node))
        case Aggregate(operator, of):
            kept = asked_of(of) if operator in GROUPS | _RANKS else frozenset[Matcher]()
            return frozenset(one for one in kept if operator in _RANKS or _groups_by(node, one.label))
        case Binary():
            return _asked_of_both(node)
    return frozenset()


def _asked_of_both(node: Binary) -> frozenset[Matcher]:
    left, right = asked_of(node.left), asked_of(node.right)
    if is_scalar(node.left) or is_scalar(node.right):
        return left | right
    if node.operator == "or":
        return left & right
    if node.operator == "unless":
        return left
    many, one = (right, left) if node.matching.group == "right" else (left, right)
    met = frozenset(matcher for matcher in one if matches(node.matching, matcher.label))
    if node.operator == "and":
        return many | met
    if node.matching.group:
        return frozenset(matcher for matcher in many if matcher.label not in node.matching.include) | met
    # Of one to one the labels are left that are matched.
    return frozenset(matcher for matcher in many if matches(node.matching, matcher.label)) | met


def _groups_by(node: Aggregate, label: str) -> bool:
    return node.grouping is not None and (label in node.grouping) != node.without


def _series_of(call: Call) -> Node:
    return call.arguments[1 if call.function in _SECOND else 0]


def _narrowed(node: Node, matcher: Matcher) -> Node | None:
    """An expression that gives what this one gives of the series that the matcher lets through, or None."""
    match node:
        case Select(name, matchers) if name:
            return replace(node, matchers=tuple(sorted({*matchers, matcher}, key=str)))
        case Range(of) | Subquery(of) | Negate(of):
            inner = _narrowed(of, matcher)
            return node.with_children((inner,)) if inner else None
        case Call(function, arguments) if function in BY_SERIES:
            inner = _narrowed(_series_of(node), matcher)
            new = tuple(inner if one is _series_of(node) and inner else one for one in arguments)
            return node.with_children(new) if inner else None
        case Aggregate(operator, of) if operator in GROUPS | _RANKS and _groups_by(node, matcher.label):
            inner = _narrowed(of, matcher)
            return node.with_children((inner, *node.children()[1:])) if inner else None
        case Binary():
            return _narrowed_sides(node, matcher)
    return None


def _narrowed_sides(node: Binary, matcher: Matcher) -> Node | None:
    left, right = node.children()
    if is_scalar(right):
        inner = _narrowed(left, matcher)
        return node.with_children((inner, right)) if inner else None
    if is_scalar(left):
        inner = _narrowed(right, matcher)
        return node.with_children((left, inner)) if inner else None
    if not matches(node.matching, matcher.label) and node.operator == "or":
        return None
    one = _narrowed(left, matcher)
    if node.operator in ("and", "unless"):
        return node.with_children((one, right)) if one else None
    if node.operator != "or" and not (node.matching == Matching() and _all_unique(node)):
        return None
    other = _narrowed(right, matcher)
    return node.with_children((one, other)) if one and other else None


def _all_unique(node: Binary) -> bool:
    return all(is_unique(side, node.matching) for side in node.children())


def is_unique(node: Node, matching: Matching) -> bool:
    """Whether no two of its series can meet the same one, which would be an error."""
    match node:
        case Select(name):
            return bool(name) and matching.labels is None
        case Range(of) | Subquery(of) | Negate(of):
            return is_unique(of, matching)
        case Call(function) if function in BY_SERIES:
            return is_unique(_series_of(node), matching)
        case Aggregate(operator, of):
            by = not node.without and all(matches(matching, label) for label in node.grouping or ())
            if operator in _RANKS:
                return (by and node.parameter == Number(Decimal(1))) or is_unique(of, matching)
            return operator in GROUPS and (by or matching.labels is None)
        case Binary(left=left, right=right):
            sides = [side for side in (left, right) if not is_scalar(side)]
            if node.operator in ("and", "unless"):
                return is_unique(left, matching)
            # Two sides of `or` may have the same series by the labels that are matched elsewhere.
            return (len(sides) == 1 or matching.labels is None) and all(is_unique(side, matching) for side in sides)
    return False
