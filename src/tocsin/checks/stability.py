"""Alerts that fire on noise, flap, or fall silent when they should not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from tocsin.findings import Finding, Severity
from tocsin.promql.aggregations import CHOOSING
from tocsin.promql.durations import duration_text
from tocsin.promql.parse import PromQLError, tree_of
from tocsin.promql.tree import Aggregate, Binary, Call, Matching, Node, Number, Range
from tocsin.promql.types import Comparison, Kind
from tocsin.promql.written import bare
from tocsin.subject import Placed, Subject, length_of

_TWO_SAMPLES = re.compile(r"\b(irate|idelta)\s*\(", re.IGNORECASE)
_CHOICE = re.compile(r"\b(?:topk|bottomk|limitk|limit_ratio)\b", re.IGNORECASE)
_SHORT = re.compile(r"\b(?:rate|increase|delta)\s*\([^()\[\]]*\[\s*(\w+)\s*\]")
_BRACES = re.compile(r"\{[^}]*\}")
# A failed scrape or probe, alone or counted with others; matchers are taken out before.
_DOWN = re.compile(r"\b(?:up|probe_success)\b\s*(?:==\s*0|!=\s*1|<\s*(?:1|0?\.))|\babsent\s*\(", re.IGNORECASE)
_ALL_DOWN = re.compile(r"\b(?:sum|avg|min)\b[^<>=!]*\b(?:up|probe_success)\b[^<>=!]*(?:<|==\s*0)", re.IGNORECASE)
_POINT_IN_TIME = re.compile(r"time_seconds|timestamp|_expiry\b")
_EVENTS = frozenset({"increase", "rate", "changes", "resets"})
_TURNED = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "!=": "!=", "==": "=="}
_LOW = frozenset({"<", "<="})
_NOISY = 120_000


def findings_in(subject: Subject) -> Iterator[Finding]:
    for placed, conditions, is_blind in _watching(subject):
        text = bare(placed.rule.expr)
        hold = length_of(placed.rule.hold) or 0
        if not hold and length_of(placed.rule.hold or "0") == 0:
            yield from _missing(subject, placed, text, conditions)
        elif hold:
            yield from _interval(placed, hold)
            if any(_is_about_one(of) for of in conditions):
                yield from _outlives(placed, hold)
        yield from _flapping(placed, text)
        if is_blind:
            yield from _blind(subject, placed, conditions)


def _watching(subject: Subject) -> Iterator[tuple[Placed, list[Comparison], bool]]:
    """The alerts with what they compare, and whether they say nothing where there is no data."""
    for placed in subject.alerts:
        yield placed, [comparison for comparison, _ in subject.conditions(placed)], True
    if not subject.is_ours:  # of definitions it is the same alert again
        for alert in subject.grafana_alerts:
            yield alert.placed, [alert.comparison], alert.no_data == "OK"


def _found(
    placed: Placed,
    check: str,
    message: str,
    way_out: str,
    expr: str | None = None,
    severity: Severity = Severity.WARNING,
) -> Finding:
    rule = placed.rule
    return Finding(check, severity, message, way_out, rule.source, rule.name, expr)


def _missing(subject: Subject, placed: Placed, text: str, conditions: list[Comparison]) -> Iterator[Finding]:
    """for-missing: what one bad sample can fire."""
    noise = ""
    asked = "" if "[" in text else _BRACES.sub("", text).partition("unless")[0]
    if _DOWN.search(asked):
        noise = "one failed scrape"
    elif _ALL_DOWN.search(asked):
        noise = "one round of failed scrapes"
    elif found := _SHORT.search(text):
        window = length_of(found[1])
        if window is not None and window <= _NOISY:
            noise = f"a burst of {duration_text(window)}"
    elif "irate" in text:
        noise = "the difference of two samples"
    elif "[" not in text and any(_is_reading(subject, placed, comparison) for comparison in conditions):
        noise = "one sample"
    if noise:
        yield _found(
            placed,
            "for-missing",
            f"{noise} is enough to fire it, and the next evaluation resolves it: people are woken for nothing",
            "look back further, as in [10m]: a single event cannot last for longer"
            if any(_windows_of_events(placed.rule.expr))
            else "state how long it must last: for: 5m",
        )


def _is_reading(subject: Subject, placed: Placed, of: Comparison) -> bool:
    """Whether a gauge that moves by itself is compared as it is read, sample by sample."""
    left = of.left
    moves = left.kind is Kind.GAUGE and left.high > 1
    names = subject.analysis(placed).series
    return moves and of.right.literal and all(_is_read(subject, name) for name in names)


def _is_read(subject: Subject, name: str) -> bool:
    """Whether a series is exported, and holds no point in time: what is computed of these moves by the clock alone."""
    return name in subject.world.series and _POINT_IN_TIME.search(name) is None


def _interval(placed: Placed, hold: int) -> Iterator[Finding]:
    """for-interval: a `for` between two evaluations lasts until the next."""
    interval = placed.interval
    if interval and hold % interval:
        longer = duration_text((hold // interval + 1) * interval)
        yield _found(
            placed,
            "for-interval",
            f"the group runs every {placed.group.interval}, so `for: {placed.rule.hold}` lasts {longer}",
            f"write {longer}, or let the group run as often as that divides by",
        )


def _is_about_one(of: Comparison) -> bool:
    """Whether one event may decide, or none."""
    return any(side.constant is not None and side.constant <= 1 for side in (of.left, of.right))


def _outlives(placed: Placed, hold: int) -> Iterator[Finding]:
    """for-interval: events that are forgotten before the alert may fire."""
    windows = [length_of(window) for window in _windows_of_events(placed.rule.expr)]
    longest = max((window for window in windows if window is not None), default=None)
    if longest is not None and hold >= longest:
        seen = duration_text(longest)
        yield _found(
            placed,
            "for-interval",
            f"an event is in sight for {seen} and must last {placed.rule.hold}: a single one never fires it, only "
            f"events that come at least every {seen}",
            f"look back further than {placed.rule.hold} or take a shorter `for`, unless that is meant",
            severity=Severity.INFO,
        )


def _windows_of_events(expr: str) -> Iterator[str]:
    """How far back conditions look that any event at all meets: `increase(x[5m]) > 0`."""
    if not any(function in expr for function in _EVENTS):
        return
    try:
        waiting = [tree_of(expr)]
    except (PromQLError, ValueError):
        return
    while waiting:
        match waiting.pop():
            case Binary(operator="and", left=left, right=right):
                waiting += [left, right]
            case Binary(operator="unless", left=left):
                waiting.append(left)
            case Binary(operator=operator, left=left, right=Number(value=value)):
                yield from _window_of(left, operator, value)
            case Binary(operator=operator, left=Number(value=value), right=right) if operator in _TURNED:
                yield from _window_of(right, _TURNED[operator], value)


def _window_of(node: Node, operator: str, value: Decimal) -> Iterator[str]:
    match node:
        case Aggregate(operator="sum" | "max" | "min" | "avg", of=of):
            yield from _window_of(of, operator, value)
        case Binary(operator="*", left=of, right=Number()) | Binary(operator="*", left=Number(), right=of):
            yield from _window_of(of, operator, value if not value else Decimal("Inf"))
        case Call(function=function, arguments=(Range(window=window),)) if function in _EVENTS:
            one = value == 0 if function == "rate" else value < 1
            at_least = operator == ">=" and function != "rate" and 0 < value <= 1
            if window.duration and ((operator == ">" and one) or (operator == "!=" and value == 0) or at_least):
                yield window.duration


def _flapping(placed: Placed, text: str) -> Iterator[Finding]:
    if found := _TWO_SAMPLES.search(text):
        yield _found(
            placed,
            "flapping",
            f"{found[1]} looks at the last two samples only: the alert goes on and off with each scrape",
            "use rate over several scrapes",
            " ".join(placed.rule.expr.split()),
        )
    if chosen := _chosen(placed.rule.expr) if _CHOICE.search(text) else None:
        yield _found(
            placed,
            "flapping",
            f"which series {chosen} gives changes from one evaluation to the next: each change begins `for` anew",
            "compare all series with a threshold",
            " ".join(placed.rule.expr.split()),
        )


def _chosen(expr: str) -> str | None:
    """What chooses the series that an alert fires for; below a sum or within a join it merely picks a value."""
    try:
        waiting = [tree_of(expr)]
    except (PromQLError, ValueError):
        return None
    while waiting:
        match waiting.pop():
            case Aggregate(operator=operator) if operator in CHOOSING:
                return operator
            case Binary(operator="or" | "and" | "unless", left=left, right=right, matching=Matching(labels=None)):
                waiting += [left, right]
            case Binary(left=left, right=right, matching=matching) if not matching.group:
                waiting += [right] if isinstance(left, Number) else [left]
    return None


def _blind(subject: Subject, placed: Placed, conditions: list[Comparison]) -> Iterator[Finding]:
    """no-data-blind: a low value is told, and no value is not."""
    names = subject.analysis(placed).series
    exported = subject.world.series
    known = names and all(name in exported for name in names)
    watched = subject.links.watches_targets or not subject.links.watched.isdisjoint(names)
    for of in conditions:
        low = of.operator in _LOW or (of.operator == "==" and of.right.constant == 0)
        vanishes = of.left.maybe_absent and of.left.value == "vector"
        if low and vanishes and known and not watched and of.right.value == "scalar":
            name = names[0]
            yield _found(
                placed,
                "no-data-blind",
                f"it fires when the value is low, and falls silent when {name} is no longer there: the worst case "
                "looks like health",
                f"add an alert on absent({name}), or on `up == 0` of what exports it",
                placed.rule.expr,
            )
            return
