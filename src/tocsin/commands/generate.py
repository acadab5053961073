"""`tocsin generate`."""

from __future__ import annotations

from pathlib import Path

import click

from tocsin.commands.command import FINE, FOUND, format_option, opened, print_findings, refused, stops_cleanly


@click.command()
@click.option("--check", "dry", is_flag=True, help="Write nothing; exit 1 where the output is not what it would be.")
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), help="Another folder than the project's.")
@format_option()
@stops_cleanly
def command(dry: bool, output: Path | None, form: str) -> int:
    """Compile the definitions into dashboards, alerts and rules."""
    from tocsin.checking import drift
    from tocsin.checks import check as find
    from tocsin.documents import rendered
    from tocsin.output import compare_tree, write_tree
    from tocsin.report import summary
    from tocsin.targets import drafts

    settings, plan = opened()
    findings = find(plan)
    if refused(findings, form, settings):
        return FOUND
    folder = output or settings.output
    apply = compare_tree if dry else write_tree
    changes = apply(folder, rendered(drafts(plan)))
    for line in changes.lines(dry=dry):
        click.echo(line, err=form != "text")
    if form != "text":
        print_findings([*findings, *drift(changes)] if dry else findings, form, str(settings.root))
    elif findings:
        click.echo(f"{summary(findings)}: see `tocsin check`", err=True)
    return FOUND if dry and changes.drift else FINE
