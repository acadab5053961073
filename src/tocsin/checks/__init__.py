"""The checks. Each module here is a family, found by itself.

`findings_in(subject)` and `findings_on(subject, dashboard)` judge what will be written, whoever wrote it, part by part;
`findings_across(subject)` what only all parts together show; `findings(plan)` what only definitions have, and
`findings_of_proofs(plan)` whether they are proven, which takes longest: it is asked where nothing else is wrong.
Adding a file adds a family.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING

from tocsin.source import Source

if TYPE_CHECKING:
    from tocsin.findings import Finding
    from tocsin.plan import Plan
    from tocsin.whole import Whole


_NOWHERE = Source("")
# What is wrong with the proof of a definition keeps nobody from writing the definition.
_ABOUT_PROOFS = frozenset({"alert-unproven", "alert-half-proven", "claim-edge", "rule-unproven", "test-hollow"})


def check(plan: Plan) -> list[Finding]:
    """All findings of a project but the silenced ones, by file and line."""
    from tocsin.compiled import compiled
    from tocsin.findings import errors_in
    from tocsin.silences import without_silenced

    found: set[Finding] = set()
    for family in _families():
        if hasattr(family, "findings"):
            found.update(family.findings(plan))
    wrong = [finding for finding in errors_in(found) if finding.id not in _ABOUT_PROOFS]
    unsound = {finding.source for finding in wrong if finding.source is not None}
    # Of what is left out for its errors nobody can say what it reads.
    found.update(one for one in judge(compiled(plan, unsound)) if not (unsound and one.id == "rule-unused"))
    told = list(without_silenced(found, plan.definitions, unasked=_ABOUT_PROOFS))
    if not errors_in(told):
        for family in _families():
            if hasattr(family, "findings_of_proofs"):
                found.update(family.findings_of_proofs(plan))
        told = list(without_silenced(found, plan.definitions))
    return in_order(told)


def judge(whole: Whole) -> Iterator[Finding]:
    """All findings in what will be written."""
    families = list(_families())
    in_parts, on_dashboards, across = (
        [getattr(family, name) for family in families if hasattr(family, name)]
        for name in ("findings_in", "findings_on", "findings_across")
    )
    for subject in whole.subjects():
        for findings_in in in_parts:
            yield from findings_in(subject)
        for dashboard in subject.contents.dashboards:
            for findings_on in on_dashboards:
                yield from findings_on(subject, dashboard)
    for findings_across in across:
        yield from findings_across(whole.rest())


def _families() -> Iterator[ModuleType]:
    for name in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        yield importlib.import_module(f"{__name__}.{name}")


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """By file and line, the worst first; those of one place always in the same order."""
    return sorted(findings, key=_order)


def _order(one: Finding) -> tuple[str, int, int, str, str, str, str]:
    place = one.source or _NOWHERE
    return place.file, place.line or 0, -one.severity, one.id, one.message, one.object or "", one.expr or ""
