"""Instant vectors, and what PromQL's operators and aggregations make of them, in floats as Prometheus computes."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from tocsin.metrics import Matcher
from tocsin.promql.comparisons import HOLDS
from tocsin.promql.matched import compiled
from tocsin.promql.tree import Aggregate, Binary, Matching
from tocsin.proving.errors import UnderivableError

Labels = frozenset[tuple[str, str]]
Vector = dict[Labels, float]
Value = Vector | float

NO_LABELS: Labels = frozenset()


def divided(left: float, right: float) -> float:
    """A quotient as IEEE has it: 0/0 is NaN, 1/0 is infinite."""
    if right == 0:
        return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left) * math.copysign(1, right)
    return left / right


def _remainder(left: float, right: float) -> float:
    return math.nan if right == 0 or math.isinf(left) else math.fmod(left, right)


def _power(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf
    except ValueError:
        return math.inf if base == 0 else math.nan


ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": divided,
    "%": _remainder,
    "^": _power,
    "atan2": math.atan2,
}


def pattern_of(text: str) -> re.Pattern[str]:
    """A pattern of Go's as Python's. Raises UnderivableError where the two may read it in different ways."""
    found = compiled(text)
    if found is None:
        raise UnderivableError(f"the pattern `{text}`")
    return found


def matches(labels: Labels, matchers: Iterable[Matcher]) -> bool:
    """Whether a series meets all matchers; a label that it has not is empty.

    Raises UnderivableError for a pattern that Go may read in another way.
    """
    known = dict(labels)
    for matcher in matchers:
        value = known.get(matcher.label, "")
        if matcher.operator in ("=", "!="):
            found = value == matcher.value
        else:
            found = pattern_of(matcher.value).fullmatch(value) is not None
        if found != (matcher.operator in ("=", "=~")):
            return False
    return True


def joined(node: Binary, left: Value, right: Value) -> Value:
    """What an operator makes of its two sides."""
    if isinstance(left, dict) and isinstance(right, dict):
        if node.operator in ("and", "or", "unless"):
            return _set_operation(node.operator, node.matching, left, right)
        return _vectors_joined(node, left, right)
    if isinstance(left, dict):
        assert not isinstance(right, dict)
        return _each(node, ((labels, value, right, value) for labels, value in left.items()))
    if isinstance(right, dict):
        return _each(node, ((labels, left, value, value) for labels, value in right.items()))
    if node.operator in HOLDS:
        return float(HOLDS[node.operator](left, right))
    return ARITHMETIC[node.operator](left, right)


def _each(node: Binary, pairs: Iterable[tuple[Labels, float, float, float]]) -> Vector:
    """`kept` is what a filter lets pass."""
    result: Vector = {}
    for labels, left, right, kept in pairs:
        if node.operator in HOLDS:
            holds = HOLDS[node.operator](left, right)
            if node.boolean:
                result[labels] = float(holds)
            elif holds:
                result[labels] = kept
        else:
            result[labels] = ARITHMETIC[node.operator](left, right)
    return result


@lru_cache(4096)
def _chosen(labels: Labels, names: tuple[str, ...], without: bool) -> Labels:
    """Some of the labels, or all others."""
    return frozenset(pair for pair in labels if (pair[0] in names) != without)


def _key(labels: Labels, matching: Matching) -> Labels:
    return labels if matching.labels is None else _chosen(labels, matching.labels, matching.ignoring)


def _vectors_joined(node: Binary, left: Vector, right: Vector) -> Vector:
    matching = node.matching
    turned = matching.group == "right"
    many, one = (right, left) if turned else (left, right)
    ones: dict[Labels, tuple[Labels, float]] = {}
    for labels, value in one.items():
        key = _key(labels, matching)
        if key in ones:
            raise UnderivableError("its sides match many to many")
        ones[key] = (labels, value)
    result: Vector = {}
    for labels, value in many.items():
        found = ones.get(_key(labels, matching))
        if found is None:
            continue
        pair = (found[1], value) if turned else (value, found[1])
        # With group_right the many are on the right; a filter still keeps the left side's value.
        kept = _each(node, [(_joined_labels(labels, found[0], matching), *pair, pair[0])])
        if not matching.group and kept.keys() & result.keys():
            raise UnderivableError("its sides match many to one")
        result.update(kept)
    return result


def _joined_labels(many: Labels, one: Labels, matching: Matching) -> Labels:
    if matching.group:
        taken = frozenset(pair for pair in one if pair[0] in matching.include)
        return frozenset(pair for pair in many if pair[0] not in matching.include) | taken
    return _key(many, matching)


def _set_operation(kind: str, matching: Matching, left: Vector, right: Vector) -> Vector:
    theirs = {_key(labels, matching) for labels in right}
    if kind == "or":
        ours = {_key(labels, matching) for labels in left}
        return {**left, **{labels: value for labels, value in right.items() if _key(labels, matching) not in ours}}
    return {labels: value for labels, value in left.items() if (_key(labels, matching) in theirs) == (kind == "and")}


def _numbers(values: list[float]) -> list[float]:
    """Without NaN, unless there is nothing else."""
    return [value for value in values if not math.isnan(value)] or [math.nan]


def least(values: list[float]) -> float:
    return min(_numbers(values))


def most(values: list[float]) -> float:
    return max(_numbers(values))


AGGREGATES: dict[str, Callable[[list[float]], float]] = {
    "sum": sum,
    "min": least,
    "max": most,
    "avg": lambda values: sum(values) / len(values),
    "count": lambda values: float(len(values)),
    "group": lambda values: 1.0,  # noqa: ARG005
}


def grouped(node: Aggregate, vector: Vector) -> Vector:
    """What an aggregation makes of a vector."""
    aggregate = AGGREGATES.get(node.operator)
    if aggregate is None:
        raise UnderivableError(f"the aggregation {node.operator}")
    names, without = node.grouping or (), node.without
    groups: dict[Labels, list[float]] = {}
    for labels, value in vector.items():
        groups.setdefault(_chosen(labels, names, without), []).append(value)
    return {key: aggregate(values) for key, values in groups.items()}
