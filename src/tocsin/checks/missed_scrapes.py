"""Alerts that one failed scrape ends: they read a gauge as it is now."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.findings import Finding, Severity
from tocsin.promql.durations import duration_text
from tocsin.promql.parse import PromQLError, tree_of
from tocsin.promql.types import Kind
from tocsin.promql.vanishing import Vanishing, vanishing
from tocsin.promql.world import World
from tocsin.subject import Placed, Subject, length_of

_SCRAPES = 4
_USUAL = "2m"


def findings_in(subject: Subject) -> Iterator[Finding]:
    for placed in subject.alerts:
        rule = placed.rule
        if not length_of(rule.hold) or length_of(rule.keep_firing) or not _may_vanish(subject, placed):
            continue
        try:
            found = vanishing(tree_of(rule.expr), subject.world)
        except (PromQLError, ValueError):  # that is told already
            continue
        if found is not None:
            # Of others' rules nearly all read gauges so.
            severity = Severity.WARNING if subject.is_ours else Severity.INFO
            message, way_out = _words(found, rule.hold, subject.world)
            yield Finding("missed-scrape", severity, message, way_out, rule.source, rule.name, rule.expr)


def _may_vanish(subject: Subject, placed: Placed) -> bool:
    """Whether it reads a gauge or what is recorded, before anything is taken apart."""
    world = subject.world
    return any(
        name in world.recordings or (name in world.series and world.exported_type(name).kind is Kind.GAUGE)
        for name in subject.analysis(placed).series
    )


def _words(found: Vanishing, hold: str, world: World) -> tuple[str, str]:
    scrape = world.exported_type(found.gauge).scrape
    window = duration_text(_SCRAPES * scrape) if scrape else _USUAL
    where = "" if found.alone else "where one target alone exports it, "
    return (
        f"it reads {found.gauge} as it is now, and a failed scrape marks that as stale: {where}one ends the alert, and "
        f"its `for` of {hold} begins anew",
        f"look back on it: last_over_time({found.gauge}[{window}]), which definitions write "
        f'maximum(..., over="{window}"); or keep it firing for a while (keep_firing_for)',
    )
