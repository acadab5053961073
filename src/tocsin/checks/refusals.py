"""Rule files that Prometheus does not load, whatever their expressions say."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.findings import Finding, Severity
from tocsin.subject import Subject


def findings_in(subject: Subject) -> Iterator[Finding]:
    for refused in subject.contents.refused:
        if refused.before is None or subject.world.prometheus < refused.before:
            severity = Severity.ERROR if refused.certain else Severity.WARNING
            yield Finding("rule-refused", severity, refused.message, refused.help, refused.source)
