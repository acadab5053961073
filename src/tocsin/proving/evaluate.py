"""PromQL, evaluated: a tree over a source of values. The source decides what selectors and ranges give.

What it has no model of raises UnderivableError, so that a value is never wrong in silence. `tests/promql/test_model.py`
compares it with a real Prometheus.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Protocol

from tocsin.promql.tree import Aggregate, Binary, Call, Negate, Node, Number, Range, Select, Subquery, Text
from tocsin.proving.dates import DATES, date_of
from tocsin.proving.errors import UnderivableError
from tocsin.proving.quantiles import histogram_quantile
from tocsin.proving.vectors import NO_LABELS, Labels, Value, Vector, divided, grouped, joined, pattern_of


class Source(Protocol):
    """Where values come from, at one moment."""

    @property
    def now(self) -> float: ...

    def instant(self, select: Select) -> Vector: ...

    def over(self, function: str, ranged: Range | Subquery, parameters: tuple[float, ...]) -> Vector: ...


def evaluate(node: Node, source: Source) -> Value:
    """The value of an expression. Raises UnderivableError."""
    match node:
        case Number(value):
            return float(value)
        case Select():
            return source.instant(node)
        case Negate(of):
            found = evaluate(of, source)
            return {labels: -value for labels, value in found.items()} if isinstance(found, dict) else -found
        case Binary():
            return joined(node, evaluate(node.left, source), evaluate(node.right, source))
        case Aggregate():
            return grouped(node, vector_of(node.of, source))
        case Call():
            return _called(node, source)
        case _:
            raise UnderivableError(f"`{node.text()}`")


def vector_of(node: Node, source: Source) -> Vector:
    """The value of an expression that must be a vector."""
    found = evaluate(node, source)
    if not isinstance(found, dict):
        raise UnderivableError(f"`{node.text()}`, which is no vector")
    return found


def scalar_of(node: Node, source: Source) -> float:
    """The value of an expression that must be a scalar."""
    found = evaluate(node, source)
    if isinstance(found, dict):
        raise UnderivableError(f"`{node.text()}`, which is no scalar")
    return found


def _called(call: Call, source: Source) -> Value:
    ranged = next((one for one in call.arguments if isinstance(one, Range | Subquery)), None)
    if ranged is not None:
        if call.function == "absent_over_time":
            present = source.over("present_over_time", ranged, ())
            return {} if present else {_absent_labels(ranged.of): 1.0}
        others = tuple(scalar_of(one, source) for one in call.arguments if one is not ranged)
        return source.over(call.function, ranged, others)
    if call.function in DATES and not call.arguments:
        return {NO_LABELS: float(DATES[call.function](date_of(source.now)))}
    function = _FUNCTIONS.get(call.function)
    if function is None:
        raise UnderivableError(f"the function {call.function}()")
    return function(call.arguments, source)


_Function = Callable[[tuple[Node, ...], Source], Value]


def _quantile(arguments: tuple[Node, ...], source: Source) -> Value:
    quantile, buckets = arguments
    return histogram_quantile(scalar_of(quantile, source), vector_of(buckets, source))


def _absent(arguments: tuple[Node, ...], source: Source) -> Value:
    (of,) = arguments
    return {} if vector_of(of, source) else {_absent_labels(of): 1.0}


def _absent_labels(of: Node) -> Labels:
    """The labels that are told of what is absent: those that the selector states by equality, and says no more of."""
    labels: dict[str, str] = {}
    stated: set[str] = set()
    for matcher in of.matchers if isinstance(of, Select) else ():
        if matcher.operator == "=" and matcher.label not in stated:
            labels[matcher.label] = matcher.value
            stated.add(matcher.label)
        else:
            labels.pop(matcher.label, None)
    return frozenset(labels.items())


def _scalar(arguments: tuple[Node, ...], source: Source) -> Value:
    found = vector_of(arguments[0], source)
    return next(iter(found.values())) if len(found) == 1 else math.nan


def _vector(arguments: tuple[Node, ...], source: Source) -> Value:
    return {NO_LABELS: scalar_of(arguments[0], source)}


def _time(arguments: tuple[Node, ...], source: Source) -> Value:  # noqa: ARG001
    return source.now


def _numeric(change: Callable[..., float]) -> _Function:
    def function(arguments: tuple[Node, ...], source: Source) -> Value:
        parameters = [scalar_of(one, source) for one in arguments[1:]]
        return {labels: change(value, *parameters) for labels, value in vector_of(arguments[0], source).items()}

    return function


def _pi(arguments: tuple[Node, ...], source: Source) -> Value:  # noqa: ARG001
    return math.pi


def _expanded(template: str, found: re.Match[str]) -> str:
    """A template as Go expands it: `$1` and `${name}`, and nothing for a group that is not there."""
    groups = {**{str(place): text for place, text in enumerate(found.groups(), 1)}, **found.groupdict(), "0": found[0]}
    return re.sub(r"\$(?:\{(\w+)\}|(\w+))", lambda one: groups.get(one[1] or one[2]) or "", template)


def _label_replace(arguments: tuple[Node, ...], source: Source) -> Value:
    of, *rest = arguments
    texts = [one.value for one in rest if isinstance(one, Text)]
    if len(texts) != 4:
        raise UnderivableError("label_replace() with labels that are no text")
    target, replacement, origin, pattern = texts
    known = pattern_of(pattern)
    result: Vector = {}
    for labels, value in vector_of(of, source).items():
        found = known.fullmatch(dict(labels).get(origin, ""))
        if found:
            written = _expanded(replacement, found)
            labels = frozenset((name, own) for name, own in labels if name != target)
            labels |= {(target, written)} if written else frozenset()
        if labels in result:
            raise UnderivableError("label_replace() that makes two series one")
        result[labels] = value
    return result


def _unchanged(arguments: tuple[Node, ...], source: Source) -> Value:
    return evaluate(arguments[0], source)


def _round(value: float, nearest: float = 1.0) -> float:
    inverse = divided(1.0, nearest)
    return divided(_whole(math.floor)(value * inverse + 0.5), inverse)


def _whole(way: Callable[[float], int]) -> Callable[[float], float]:
    return lambda value: float(way(value)) if math.isfinite(value) else value


def _clamped(arguments: tuple[Node, ...], source: Source) -> Value:
    of, low, high = arguments
    least, most = scalar_of(low, source), scalar_of(high, source)
    if least > most:
        return {}
    return {labels: _least(most, _most(least, value)) for labels, value in vector_of(of, source).items()}


def _least(one: float, other: float) -> float:
    return math.nan if math.isnan(one) or math.isnan(other) else min(one, other)


def _most(one: float, other: float) -> float:
    return math.nan if math.isnan(one) or math.isnan(other) else max(one, other)


_FUNCTIONS: dict[str, _Function] = {
    "histogram_quantile": _quantile,
    "absent": _absent,
    "scalar": _scalar,
    "vector": _vector,
    "time": _time,
    "pi": _pi,
    "label_replace": _label_replace,
    "sort": _unchanged,
    "sort_desc": _unchanged,
    "abs": _numeric(abs),
    "ceil": _numeric(_whole(math.ceil)),
    "floor": _numeric(_whole(math.floor)),
    "round": _numeric(_round),
    "clamp": _clamped,
    "clamp_min": _numeric(_most),
    "clamp_max": _numeric(_least),
}
