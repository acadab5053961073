"""never-fires of an alert that asks of the same series what cannot hold at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from math import inf
from typing import Any, NamedTuple

import promql_parser as parser

from tocsin.findings import Finding, Severity
from tocsin.promql.forms import form_of
from tocsin.promql.parse import PromQLError, parse
from tocsin.subject import Placed, Subject

_JOINED = re.compile(r"\b(?:and|unless)\b", re.IGNORECASE)
_TURNED = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "=="}
_OPPOSITE = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}


class _Asked(NamedTuple):
    """What is asked of the value of something: `of` is its form. With `unless` the comparison must be false."""

    of: int
    operator: str
    value: float
    unless: bool

    @property
    def holds(self) -> str:
        return _OPPOSITE[self.operator] if self.unless else self.operator

    def __str__(self) -> str:
        return f"`{'unless ' if self.unless else ''}{self.operator} {self.value:g}`"


def findings_in(subject: Subject) -> Iterator[Finding]:
    for placed in subject.alerts:
        yield from _of(placed)
    if not subject.is_ours:  # of definitions it is the same condition again
        for alert in subject.grafana_alerts:
            yield from _of(alert.placed)


def _of(placed: Placed) -> Iterator[Finding]:
    rule = placed.rule
    both = _contradiction(rule.expr)
    if both is not None:
        first, second = both
        yield Finding(
            "never-fires",
            Severity.ERROR,
            f"it can never fire: no value passes both {first} and {second}",
            "turn one of the two round, or join them by `or` where either is enough",
            rule.at,
            rule.name,
            " ".join(rule.expr.split()),
        )


@lru_cache(maxsize=4096)
def _contradiction(expr: str) -> tuple[_Asked, _Asked] | None:
    if not _JOINED.search(expr):
        return None
    try:
        asked = list(_asked(parse.__wrapped__(expr), unless=False))
    except PromQLError:
        return None
    for number, second in enumerate(asked):
        for first in asked[:number]:
            if first.of == second.of and not _can_hold(first, second):
                return first, second
    return None


def _asked(node: Any, *, unless: bool) -> Iterator[_Asked]:
    """What must hold of the same series. Where labels are chosen or ignored, the sides may be of different ones."""
    while type(node) is parser.ParenExpr:
        node = node.expr
    if type(node) is not parser.BinaryExpr or (node.modifier is not None and str(node.modifier)):
        return
    operator = str(node.op)
    if operator in ("and", "unless") and not unless:
        yield from _asked(node.lhs, unless=False)
        yield from _asked(node.rhs, unless=operator == "unless")
    elif operator in _TURNED and not (unless and operator == "=="):
        left, right = node.lhs, node.rhs
        if type(left) is parser.NumberLiteral:
            left, right, operator = right, left, _TURNED[operator]
        if type(right) is parser.NumberLiteral:
            parts: list[Any] = []
            form = form_of(left, lambda part, _form: parts.append(part))
            # Two metrics may have the same labels, which is all that the sides are matched by.
            if all(part.name for part in parts if type(part) is parser.VectorSelector):
                yield _Asked(form, operator, right.val, unless)


def _can_hold(first: _Asked, second: _Asked) -> bool:
    low = max((one.value for one in (first, second) if one.holds not in ("<", "<=")), default=-inf)
    high = min((one.value for one in (first, second) if one.holds not in (">", ">=")), default=inf)
    is_strict = any(one.holds in ("<", ">") and one.value == low for one in (first, second))
    return low < high or (low == high and not is_strict)
