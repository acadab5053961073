"""What the commands share: exit codes, errors in words, how findings are printed."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    from tocsin.findings import Finding, TocsinError
    from tocsin.plan import Plan
    from tocsin.project import Settings

FINE, FOUND, BROKEN = 0, 1, 2
FORMATS = ("text", "json", "github")


def stops_cleanly(command: Callable[..., int]) -> Callable[..., None]:
    """Turns the command's answer into the exit code, and a TocsinError into words."""

    @wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> None:
        from tocsin.findings import TocsinError

        try:
            code = command(*arguments, **options)
        except TocsinError as error:
            _tell(error, options.get("form", "text"))
            code = BROKEN
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            click.echo(f"error: cannot print: {error.strerror}", err=True)
            code = BROKEN
        sys.exit(code)

    return wrapped


def _tell(error: TocsinError, form: str) -> None:
    from tocsin.findings import Finding, Severity
    from tocsin.report import error_text

    here = str(Path.cwd())
    click.echo(error_text(error, here, color=is_terminal(err=True)), err=True)
    if form != "text":
        print_findings([Finding("broken", Severity.ERROR, error.message, error.help, error.source)], form, here)


def is_terminal(*, err: bool = False) -> bool:
    stream: TextIO | None = sys.stderr if err else sys.stdout
    return stream is not None and stream.isatty()


def format_option(formats: Sequence[str] = FORMATS) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        "--format",
        "form",
        type=click.Choice(formats),
        default="text",
        show_default=True,
        help="How findings are printed.",
    )


def opened() -> tuple[Settings, Plan]:
    """The project that the current folder belongs to. Raises TocsinError."""
    from tocsin.environments import in_environment
    from tocsin.plan import Plan
    from tocsin.project import find_project, load

    settings = find_project(Path.cwd())
    chosen = click.get_current_context().find_root().params.get("environment")
    return settings, Plan(in_environment(load(settings), chosen))


def print_findings(findings: list[Finding], form: str, root: str, *, err: bool = False) -> None:
    from tocsin import report

    plain = form != "text"
    text = report.FORMATS[form](findings, root) if plain else report.as_text(findings, root, color=is_terminal(err=err))
    if text:
        click.echo(text, err=err)


def refused(findings: list[Finding], form: str, settings: Settings) -> bool:
    """Prints what stops a generation, and says so; nothing is written then."""
    from tocsin.findings import errors_in
    from tocsin.report import summary

    errors = errors_in(findings)
    if errors:
        print_findings(errors, form, str(settings.root))
        if form == "text":
            click.echo(f"\n{summary(errors)}: nothing was written", err=True)
    return bool(errors)
