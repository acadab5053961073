"""The command line. Nothing is imported before the command that needs it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from tocsin.findings import Finding
    from tocsin.plan import Plan
    from tocsin.project import Settings

FINE, FOUND, BROKEN = 0, 1, 2
FORMATS = ("text", "json", "github")


def _stops_cleanly(command: Callable[..., int]) -> Callable[..., None]:
    """Turns the command's answer into the exit code, and a TocsinError into words."""

    @wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> None:
        from tocsin.findings import TocsinError
        from tocsin.report import error_text

        try:
            code = command(*arguments, **options)
        except TocsinError as error:
            click.echo(error_text(error, str(Path.cwd()), color=_color(err=True)), err=True)
            code = BROKEN
        sys.exit(code)

    return wrapped


def _color(*, err: bool = False) -> bool:
    return (sys.stderr if err else sys.stdout).isatty()


def _format_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        default="text",
        show_default=True,
        help="How findings are printed.",
    )(command)


def _print_version(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"tocsin {version('tocsin')}")
        context.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, callback=_print_version, expose_value=False, is_eager=True, help="Print it.")
def main() -> None:
    """Dashboards and alerts as code for AI agents, proven before they ship."""


def _opened() -> tuple[Settings, Plan]:
    from tocsin.plan import Plan
    from tocsin.project import find_project, load

    settings = find_project(Path.cwd())
    return settings, Plan(load(settings))


def _reported(findings: list[Finding], form: str, root: str, *, err: bool = False) -> None:
    from tocsin import report

    plain = form != "text"
    text = report.FORMATS[form](findings, root) if plain else report.as_text(findings, root, color=_color(err=err))
    if text:
        click.echo(text, err=err)


def _refused(findings: list[Finding], form: str, settings: Settings) -> bool:
    """Prints what stops a generation, and says so; nothing is written then."""
    from tocsin.findings import errors_in
    from tocsin.report import summary

    errors = errors_in(findings)
    if errors:
        _reported(errors, form, str(settings.root))
        if form == "text":
            click.echo(f"\n{summary(errors)}: nothing was written", err=True)
    return bool(errors)


@main.command()
@click.option("--check", "dry", is_flag=True, help="Write nothing; exit 1 where the output is not what it would be.")
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), help="Another folder than the project's.")
@_format_option
@_stops_cleanly
def generate(dry: bool, output: Path | None, form: str) -> int:
    """Compile the definitions into dashboards, alerts and rules."""
    from tocsin.checks import check as find
    from tocsin.documents import rendered
    from tocsin.output import compare_tree, write_tree
    from tocsin.report import summary
    from tocsin.targets import drafts

    settings, plan = _opened()
    findings = find(plan)
    if _refused(findings, form, settings):
        return FOUND
    folder = output or settings.output
    apply = compare_tree if dry else write_tree
    changes = apply(folder, rendered(drafts(plan)))
    for line in changes.lines(dry=dry):
        click.echo(line)
    if findings and form == "text":
        click.echo(f"{summary(findings)}: see `tocsin check`", err=True)
    return FOUND if dry and changes.drift else FINE


@main.command()
@_format_option
@_stops_cleanly
def check(form: str) -> int:
    """Report findings, drift of the output, and what promtool says of it. This is what CI and hooks run."""
    from tocsin.checking import check_project
    from tocsin.findings import errors_in
    from tocsin.report import summary

    settings, plan = _opened()
    findings = check_project(settings, plan)
    _reported(findings, form, str(settings.root))
    if form == "text":
        click.echo(
            f"{summary(findings)} in {len(plan.definitions.alerts)} alerts, "
            f"{len(plan.definitions.dashboards)} dashboards, {len(plan.records)} recorded series"
        )
    return FOUND if errors_in(findings) else FINE


@main.command()
@_stops_cleanly
def test() -> int:
    """Prove the alerts and recording rules with promtool's unit tests."""
    from tocsin.checking import test_project
    from tocsin.checks import check as find

    settings, plan = _opened()
    if _refused(find(plan), "text", settings):
        return FOUND
    results = test_project(plan)
    for result in results:
        mark = "ok    " if result.passed else "FAILED"
        click.echo(f"{mark} {result.name}")
        if not result.passed:
            click.echo(result.output)
    failed = sum(1 for result in results if not result.passed)
    click.echo(f"{len(results) - failed} passed, {failed} failed")
    return FOUND if failed else FINE


@main.command()
@click.argument("name", metavar="NAME")
@_stops_cleanly
def show(name: str) -> int:
    """Show an alert, panel or indicator as PromQL, and where it is used."""
    from tocsin.show import shown

    _, plan = _opened()
    for line in shown(plan, name):
        click.echo(line)
    return FINE


if __name__ == "__main__":
    main()
