"""What the analysis finds in each expression: of recording rules, alerts and panels."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.findings import Finding, Severity
from tocsin.promql.context import Context
from tocsin.promql.faults import Fault
from tocsin.promql.infer import analyse
from tocsin.reading.values import Dashboard
from tocsin.source import Source
from tocsin.subject import PROMETHEUS, RULE_BUDGET, Subject, length_of, may_be_promql, queries

_EXTENDED = "if it is MetricsQL, VictoriaMetrics takes it: nothing of it is checked here"


def findings_in(subject: Subject) -> Iterator[Finding]:
    if subject.is_ours:
        yield from _ours(subject)
        return
    for placed in subject.rules:
        for fault in _extended(subject.analysis(placed).faults, placed.group.language):
            yield _finding(fault, placed.rule.at, placed.rule.name)
    for rule in subject.contents.grafana_rules:
        context = Context("rule", length_of(rule.interval), RULE_BUDGET)
        for step in rule.steps:
            if step.expr and (step.engine in PROMETHEUS or not step.engine):
                faults = analyse(step.expr, subject.world, context).faults
                for fault in _certain(faults, step.engine):
                    yield _finding(fault, step.source, rule.name)


def findings_on(subject: Subject, dashboard: Dashboard) -> Iterator[Finding]:
    if subject.is_ours:
        return
    for panel, target in queries(dashboard):
        for fault in _certain(subject.shown(target).faults, target.engine):
            yield _finding(fault, target.source, f"{dashboard.title} / {panel.title}")
    for mark in filter(may_be_promql, dashboard.marks):
        for fault in _certain(subject.marked(mark).faults, mark.engine):
            yield _finding(fault, mark.source, f"{dashboard.title} / annotation {mark.ref}")


def _extended(faults: tuple[Fault, ...], language: str) -> tuple[Fault, ...]:
    """The faults; of what VictoriaMetrics may understand, only that nothing is known of it."""
    broken = next((fault for fault in faults if fault.id == "syntax"), None)
    if not language or broken is None or broken.message.startswith("unclosed"):
        return faults
    return (broken._replace(severity=Severity.INFO, help=_EXTENDED),)


def _certain(faults: tuple[Fault, ...], engine: str) -> tuple[Fault, ...]:
    """Nothing of what does not parse, where nobody says that it is PromQL: it is another language, it seems."""
    unsure = faults and engine not in PROMETHEUS and any(fault.id == "syntax" for fault in faults)
    return () if unsure else faults


def _ours(subject: Subject) -> Iterator[Finding]:
    told: dict[tuple[str, str], set[Source]] = {}
    for expression in subject.ours():
        for fault in analyse(expression.text, subject.world, expression.context).faults:
            # What is wrong with an indicator is told there, and not again for each panel and alert that reads it.
            sources = told.setdefault((fault.id, fault.message), set())
            if not any(origin in sources for origin in expression.origins):
                sources.add(expression.source)
                yield _finding(fault, expression.source, expression.object)


def _finding(fault: Fault, source: Source, name: str) -> Finding:
    return Finding(fault.id, fault.severity, fault.message, fault.help, source, name, fault.expr)
