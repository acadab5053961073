"""Durations of rules, as Prometheus and Grafana read them. Of definitions they are checked where they are stated."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.findings import Finding, Severity
from tocsin.promql.durations import milliseconds_of
from tocsin.source import Source
from tocsin.subject import Subject


def findings_in(subject: Subject) -> Iterator[Finding]:
    if subject.is_ours:
        return
    for group in subject.contents.groups:
        yield from _read("interval", group.interval, group.source, group.name, "Prometheus")
        for rule in group.rules:
            yield from _read("for", rule.hold, rule.source, rule.name, "Prometheus")
            yield from _read("keep_firing_for", rule.keep_firing, rule.source, rule.name, "Prometheus")
    for alert in subject.contents.grafana_rules:
        yield from _read("for", alert.hold, alert.source, alert.name, "Grafana")


def _read(field: str, duration: str, source: Source, name: str, engine: str) -> Iterator[Finding]:
    if not duration:
        return
    try:
        milliseconds_of(duration)
    except ValueError as error:
        message = f"{field}: {error}; {engine} refuses the whole file"
        yield Finding("duration", Severity.ERROR, message, "write it as Prometheus does", source, name)
