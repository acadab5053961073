"""Alerts that one failed scrape ends, or makes fire: they read a gauge as it is now."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.findings import Finding, Severity
from tocsin.promql.durations import duration_text
from tocsin.promql.parse import PromQLError, tree_of
from tocsin.promql.tree import Binary, Node
from tocsin.promql.types import Kind
from tocsin.promql.vanishing import Vanishing, vanishing
from tocsin.promql.world import World
from tocsin.proving.defaults import fires_of_default
from tocsin.reading.values import Rule
from tocsin.subject import Placed, Subject, length_of

_SCRAPES = 4
_USUAL = "2m"


def findings_in(subject: Subject) -> Iterator[Finding]:
    for placed in subject.alerts:
        rule = placed.rule
        if not _may_vanish(subject, placed):
            continue
        try:
            told = _told(tree_of(rule.expr), rule, subject)
        except (PromQLError, ValueError):  # that is told already
            continue
        if told is not None:
            # Of others' rules nearly all read gauges so.
            severity = Severity.WARNING if subject.is_ours else Severity.INFO
            yield Finding("missed-scrape", severity, *told, rule.source, rule.name, rule.expr.strip())


def _told(expr: Node, rule: Rule, subject: Subject) -> tuple[str, str] | None:
    """What a failed scrape does to an alert, and the way out; None where it does nothing."""
    world = subject.world
    hold = length_of(rule.hold) or 0
    found = vanishing(expr, world) if hold and not length_of(rule.keep_firing) else None
    if found is not None:
        return _words(found, rule.hold, subject)
    for filled in fires_of_default(expr):
        found = vanishing(filled.left, world)
        if found is not None and hold < (world.exported_type(found.gauge).scrape or 1):
            return _words_of_default(found, filled, world)
    return None


def _may_vanish(subject: Subject, placed: Placed) -> bool:
    """Whether it reads a gauge or what is recorded, before anything is taken apart."""
    world = subject.world
    return any(
        name in world.recordings or (name in world.series and world.exported_type(name).kind is Kind.GAUGE)
        for name in subject.analysis(placed).series
    )


def _words(found: Vanishing, hold: str, subject: Subject) -> tuple[str, str]:
    window, where = _window(found, subject.world), _where(found)
    defined = f', which definitions write maximum(..., over="{window}")' if subject.is_ours else ""
    return (
        f"it reads {found.gauge} as it is now, and a failed scrape marks that as stale: {where}one ends the alert, and "
        f"its `for` of {hold} begins anew",
        f"look back on it: last_over_time({found.gauge}[{window}]){defined}; or keep it firing for a while "
        "(keep_firing_for)",
    )


def _words_of_default(found: Vanishing, filled: Binary, world: World) -> tuple[str, str]:
    return (
        f"it fires where `or {filled.right.text()}` stands in for {found.gauge}, which is read as it is now, and a "
        f"failed scrape marks that as stale: {_where(found)}one is enough",
        f"look back on it: last_over_time({found.gauge}[{_window(found, world)}]); or let it wait for longer than a "
        "scrape takes to come again (for)",
    )


def _window(found: Vanishing, world: World) -> str:
    scrape = world.exported_type(found.gauge).scrape
    return duration_text(_SCRAPES * scrape) if scrape else _USUAL


def _where(found: Vanishing) -> str:
    return "" if found.alone else "where one target alone exports it, "
