"""Credentials: in the source of definitions, and in files of others. What is made is searched when it is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tocsin.findings import Finding, Severity
from tocsin.plan import Plan
from tocsin.secrets import WAY_OUT, Secret, may_hold_secrets, secrets_in_python
from tocsin.source import Source
from tocsin.subject import Subject


def findings(plan: Plan) -> Iterator[Finding]:
    """One finding for each credential in a file that something is defined in, at its line."""
    for file in sorted(_files(plan)):
        for secret in dict.fromkeys(_in_file(file)):
            yield Finding("secret", Severity.ERROR, secret.message, WAY_OUT, Source(file, secret.line))


def findings_in(subject: Subject) -> Iterator[Finding]:
    """The same of files that were read."""
    for exposed in subject.contents.exposed:
        yield Finding("secret", Severity.ERROR, exposed.message, WAY_OUT, exposed.source)


def _in_file(file: str) -> Iterator[Secret]:
    try:
        text = Path(file).read_text(encoding="utf-8")
        if may_hold_secrets(text):
            yield from secrets_in_python(text)
    except (OSError, SyntaxError, UnicodeDecodeError):  # no file of Python: what it makes is searched all the same
        return


def _files(plan: Plan) -> set[str]:
    defined = plan.definitions
    panels = (panel for dashboard in defined.dashboards for panel in dashboard.panels)
    parts = (defined.indicators.values(), defined.alerts, defined.groups, defined.dashboards, panels)
    return {defined.site.source.file, *(one.source.file for part in parts for one in part)}
