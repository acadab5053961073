"""Credentials in the definitions: in their source, and in what they say.

Where an alert or a provisioning file would show one, it is refused when it is written; a dashboard says nothing but
what is searched here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tocsin.findings import Finding, Severity
from tocsin.plan import Plan
from tocsin.secrets import WAY_OUT, Secret, may_hold_secrets, secrets_in_python, secrets_in_text
from tocsin.source import Source

_Said = tuple[str, str, Source]


def findings(plan: Plan) -> Iterator[Finding]:
    """One finding for each credential, at its line; or at the definition that says it, where it is computed."""
    said = list(_said(plan))
    found: dict[tuple[Source, str], str | None] = {}
    for file in sorted({source.file for _, _, source in said}):
        for secret in _in_file(file):
            found[Source(file, secret.line), secret.message] = None
    if may_hold_secrets("\n".join(text for text, _, _ in said).encode()):
        literal = {(source.file, message) for source, message in found}
        for text, name, source in said:
            for secret in secrets_in_text(text):
                if (source.file, secret.message) not in literal:
                    found[source, secret.message] = name
    for (source, message), subject in found.items():
        yield Finding("secret", Severity.ERROR, message, WAY_OUT, source, subject)


def _in_file(file: str) -> Iterator[Secret]:
    try:
        text = Path(file).read_bytes()
        if may_hold_secrets(text):
            yield from secrets_in_python(text.decode())
    except (OSError, SyntaxError, UnicodeDecodeError):  # no file of Python: what it says is searched all the same
        return


def _said(plan: Plan) -> Iterator[_Said]:
    """Every text that a dashboard or an alert shows, with the name and the place of its definition."""
    defined = plan.definitions
    yield defined.site.runbooks_url, "site", defined.site.source
    for name, indicator in defined.indicators.items():
        yield f"{indicator.title}\n{indicator.description}", name, indicator.source
    for alert in defined.alerts:
        yield f"{alert.summary}\n{alert.description}", alert.name, alert.source
    for group in defined.groups:
        yield group.name, group.name, group.source
    for dashboard in defined.dashboards:
        yield f"{dashboard.title}\n{dashboard.description}", dashboard.title, dashboard.source
        for panel in dashboard.panels:
            yield f"{panel.title}\n{panel.description}", f"{dashboard.title} / {panel.title}", panel.source
