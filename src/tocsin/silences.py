"""Which findings are silenced by the definitions that they are about, and which silences do nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from typing import Protocol

from tocsin.findings import Finding, Severity
from tocsin.metrics import nearest
from tocsin.model.definitions import Definitions
from tocsin.model.silence import Silence
from tocsin.registry import CHECKS
from tocsin.source import Source


class Silencing(Protocol):
    """A definition that may silence checks."""

    @property
    def allow(self) -> tuple[Silence, ...]: ...

    @property
    def source(self) -> Source: ...


def without_silenced(
    findings: Iterable[Finding], definitions: Definitions, unasked: Set[str] = frozenset()
) -> Iterator[Finding]:
    """The findings that nobody silenced, and one for each silence that has no reason or no effect.

    Whether a silence of a check that is `unasked` has any is not known.
    """
    silences = {
        (definition.source, silence.check): silence
        for definition in _silencing(definitions)
        for silence in definition.allow
    }
    used: set[tuple[Source, str]] = set()
    for finding in findings:
        key = (finding.source, finding.id)
        if finding.source is not None and key in silences:
            used.add((finding.source, finding.id))
        else:
            yield finding
    for (source, check), silence in silences.items():
        if check not in CHECKS:
            near = nearest(check, CHECKS)
            help_ = f"did you mean {near}?" if near else "docs/checks/README.md lists them all"
            yield _found(source, f"there is no check {check} to silence", help_)
            continue
        if not silence.because.strip():
            yield _found(source, f"{check} is silenced without a reason", "state it: allow(..., because=...)")
        if (source, check) not in used and check not in unasked:
            yield _found(source, f"{check} is silenced, and does not find anything here", "take the silence away")


def _found(source: Source, message: str, help_: str) -> Finding:
    return Finding("silence", Severity.ERROR, message, help_, source)


def _silencing(definitions: Definitions) -> Iterator[Silencing]:
    yield from definitions.indicators.values()
    yield from definitions.alerts
    yield from (record for group in definitions.groups for record in group.records)
    yield from definitions.mappings
    for dashboard in definitions.dashboards:
        yield dashboard
        yield from dashboard.panels
