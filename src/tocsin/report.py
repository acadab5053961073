"""Findings in words for people, as JSON, and as annotations on a pull request."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tocsin.findings import Finding, TocsinError
from tocsin.source import Source

Format = Callable[[Iterable[Finding], str], str]
_COLORS = {"error": "31;1", "warning": "33;1", "info": "36"}


def colored(text: str, code: str, color: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if color else text


def as_text(findings: Iterable[Finding], root: str, *, color: bool = False) -> str:
    """One paragraph a finding: where, what, the fragment, the way out."""
    return "\n".join(_paragraph(finding, root, color) for finding in findings)


def _paragraph(finding: Finding, root: str, color: bool) -> str:
    where = f"{finding.source.relative(root)}: " if finding.source else ""
    severity = str(finding.severity)
    subject = f"{finding.object}: " if finding.object else ""
    head = colored(f"{severity}[{finding.id}]", _COLORS[severity], color)
    lines = [f"{where}{head} {subject}{finding.message}"]
    if finding.expr:
        lines.append(f"    {finding.expr}")
    lines.append(f"  = help: {finding.help}")
    return "\n".join(lines)


def as_json(findings: Iterable[Finding], root: str) -> str:
    """An array of objects: id, severity, file, line, object, expr, message, help."""
    return json.dumps([_object(finding, root) for finding in findings], indent=2)


def _object(finding: Finding, root: str) -> dict[str, Any]:
    source = finding.source.relative(root) if finding.source else Source("")
    return {
        "id": finding.id,
        "severity": str(finding.severity),
        "file": source.file,
        "line": source.line,
        "object": finding.object,
        "expr": finding.expr,
        "message": finding.message,
        "help": finding.help,
    }


def as_github(findings: Iterable[Finding], root: str) -> str:
    """Workflow commands that GitHub shows at the line."""
    return "\n".join(_command(finding, root) for finding in findings)


def _command(finding: Finding, root: str) -> str:
    level = {"error": "error", "warning": "warning", "info": "notice"}[str(finding.severity)]
    source = finding.source.relative(root) if finding.source else None
    place = f"file={_escaped(source.file, True)}" if source else ""
    if source and source.line:
        place += f",line={source.line}"
    subject = f"{finding.object}: " if finding.object else ""
    title = f"{',' if place else ''}title={_escaped(finding.id, True)}"
    return f"::{level} {place}{title}::{_escaped(f'{subject}{finding.message}. {finding.help}', False)}"


def _escaped(text: str, is_property: bool) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if is_property else text


def as_sarif(findings: Iterable[Finding], root: str) -> str:
    """SARIF 2.1.0, which code scanning and editors read."""
    from tocsin.sarif import sarif

    return json.dumps(sarif(findings, root), indent=2)


FORMATS: Mapping[str, Format] = {"text": as_text, "json": as_json, "github": as_github, "sarif": as_sarif}


def error_text(error: TocsinError, root: str, *, color: bool = False) -> str:
    """An error that stopped the command, in the shape of a finding."""
    where = f"{error.source.relative(root)}: " if error.source else ""
    text = f"{where}{colored('error:', '31;1', color)} {error.message}"
    return f"{text}\n  = help: {error.help}" if error.help else text


def summary(findings: list[Finding]) -> str:
    """How many findings there are of each severity."""
    counts = []
    for severity in ("error", "warning", "info"):
        number = sum(1 for finding in findings if str(finding.severity) == severity)
        if number:
            counts.append(f"{number} {severity}{'s' if number > 1 and severity != 'info' else ''}")
    return ", ".join(counts) or "no findings"
