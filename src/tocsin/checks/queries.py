"""What the analysis finds in each expression: of recording rules, alerts and panels."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.findings import Finding
from tocsin.promql.infer import analyse
from tocsin.source import Source
from tocsin.subject import Subject


def findings_in(subject: Subject) -> Iterator[Finding]:
    told: dict[tuple[str, str], set[Source]] = {}
    for expression in subject.expressions():
        faults = analyse(expression.text, subject.world, expression.context).faults
        if faults and not expression.certain and any(fault.id == "syntax" for fault in faults):
            continue  # another language, it seems
        for fault in faults:
            # What is wrong with an indicator is told there, and not again for each panel and alert that reads it.
            sources = told.setdefault((fault.id, fault.message), set())
            if not any(origin in sources for origin in expression.origins):
                sources.add(expression.source)
                yield Finding(
                    fault.id,
                    fault.severity,
                    fault.message,
                    fault.help,
                    expression.source,
                    expression.object,
                    fault.expr,
                )
