"""Rule files that Prometheus does not load, whatever their expressions say."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.findings import Finding, Severity
from tocsin.subject import Subject


def findings_in(subject: Subject) -> Iterator[Finding]:
    for refused in subject.contents.refused:
        yield Finding(
            "rule-refused",
            Severity.ERROR,
            f"{refused.message}; Prometheus refuses the whole file",
            "mend the rule, or take it out",
            refused.source,
        )
