"""Alerts beside others, of one engine each: the same twice, and severities the wrong way round."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import promql_parser as parser

from tocsin.findings import Finding, Severity
from tocsin.promql.forms import form_of
from tocsin.promql.parse import PromQLError, parse
from tocsin.subject import Placed, Subject, is_watchdog

# The words that people have for who is woken.
_RANKS = {
    **dict.fromkeys(("info", "none", "low", "notice"), 0),
    **dict.fromkeys(("warning", "warn", "ticket", "medium", "minor"), 1),
    **dict.fromkeys(("critical", "crit", "page", "high", "error", "major", "emergency"), 2),
}
_RISING = frozenset({">", ">="})
_FALLING = frozenset({"<", "<="})
_TURNED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}


@dataclass(frozen=True, slots=True)
class _Threshold:
    placed: Placed
    rank: int
    value: float


def findings_across(subject: Subject) -> Iterator[Finding]:
    for alerts in subject.links.alike.values():
        yield from _duplicates(alerts)
        yield from _orders(subject, alerts)


def _severity(placed: Placed) -> str:
    return placed.rule.labels.get("severity", "").strip().lower()


@lru_cache(maxsize=4096)
def _condition(expr: str) -> tuple[Hashable, ...]:
    """What a condition says, equal for those that say the same; () where it does not parse.

    Of a comparison the operator, the matching and both sides, the larger one first; then what must hold besides.
    """
    try:
        node = parse.__wrapped__(expr)
    except PromQLError:
        return ()
    node = _bare(node)
    besides: list[Hashable] = []
    while type(node) is parser.BinaryExpr and str(node.op) in ("and", "unless"):
        besides.append((str(node.op), str(node.modifier), form_of(node.rhs, _ignore)))
        node = _bare(node.lhs)
    if type(node) is not parser.BinaryExpr or str(node.op) not in _TURNED:
        return (form_of(node, _ignore), *besides)
    operator, matching = str(node.op), str(node.modifier)
    sides = (form_of(node.lhs, _ignore), form_of(node.rhs, _ignore))
    if operator in _FALLING:
        operator, sides = _TURNED[operator], (sides[1], sides[0])
    return (operator, matching, *sides, *besides)


def _bare(node: Any) -> Any:
    while type(node) is parser.ParenExpr:
        node = node.expr
    return node


def _ignore(_part: object, _form: int) -> None:
    """Forms of the parts are not asked for."""


def _duplicates(alerts: Iterable[Placed]) -> Iterator[Finding]:
    """duplicate-alert: the same condition, duration and severity."""
    first: dict[tuple[Hashable, ...], Placed] = {}
    for placed in alerts:
        rule = placed.rule
        condition = _condition(rule.expr)
        if not condition or is_watchdog(rule.expr):
            continue
        # A label that routes elsewhere makes it another alert.
        key = (condition, rule.hold, *sorted(rule.labels.items()))
        other = first.setdefault(key, placed)
        if other is placed or _is_copy(other, placed):
            continue
        yield Finding(
            "duplicate-alert",
            Severity.WARNING,
            f"it says what {other.rule.name} at {other.rule.source} says: people are told twice",
            "keep one of the two",
            rule.source,
            rule.name,
            " ".join(rule.expr.split()),
        )


def _is_copy(one: Placed, other: Placed) -> bool:
    """Whether a whole file was copied: the same alert of the same group, in two files."""
    same = one.rule.name == other.rule.name and one.group.name == other.group.name
    return same and one.rule.source.file != other.rule.source.file


def _orders(subject: Subject, alerts: Iterable[Placed]) -> Iterator[Finding]:
    """severity-order: of alerts on one left side the more severe must be the stricter one."""
    found: dict[tuple[Hashable, ...], list[_Threshold]] = {}
    for placed in alerts:
        rank = _RANKS.get(_severity(placed))
        conditions = subject.conditions(placed)
        if rank is None or not conditions:
            continue
        of = conditions[0][0]
        value, condition = of.right.constant, _condition(placed.rule.expr)
        if value is not None and condition and condition[0] in _RISING and of.operator in _TURNED:
            rising = of.operator in _RISING
            measured = (rising, condition[1], condition[2] if rising else condition[3], *condition[4:])
            found.setdefault(measured, []).append(_Threshold(placed, rank, value))
    for left, thresholds in found.items():
        for severe in thresholds:
            yield from _looser(severe, thresholds, rising=left[0] is True)


def _looser(severe: _Threshold, others: list[_Threshold], *, rising: bool) -> Iterator[Finding]:
    for mild in others:
        looser = severe.value < mild.value if rising else severe.value > mild.value
        if mild.rank < severe.rank and looser:
            rule = severe.placed.rule
            yield Finding(
                "severity-order",
                Severity.WARNING,
                f"it is {_severity(severe.placed)} from {severe.value:g} on, and {mild.placed.rule.name} is only "
                f"{_severity(mild.placed)} from {mild.value:g} on: the milder one never comes first",
                "exchange the thresholds, or the severities",
                rule.source,
                rule.name,
                " ".join(rule.expr.split()),
            )
            return
