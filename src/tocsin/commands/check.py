"""`tocsin check`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from tocsin.commands.command import FINE, FOUND, format_option, opened, print_findings, stops_cleanly


@click.command()
@click.option(
    "--against",
    metavar="REV|SOURCE",
    help="Also compare the catalogs with those of a git revision, or with an older one: package.module:NAME, an "
    "exposition's file or address, prometheus+http://host:9090.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder that `generate --output` wrote, where it is not the project's.",
)
@format_option()
@stops_cleanly
def command(against: str | None, output: Path | None, form: str) -> int:
    """Report findings, drift and what promtool says."""
    from tocsin.checking import check_project
    from tocsin.findings import errors_in
    from tocsin.report import summary

    settings, plan = opened()
    if output:
        settings = replace(settings, output=output.absolute())
    findings = check_project(settings, plan)
    if against:
        from tocsin.contract.against import breaks_against

        findings += breaks_against(settings, plan, against)
    print_findings(findings, form, str(settings.root))
    if form == "text":
        click.echo(
            f"{summary(findings)} in {len(plan.definitions.alerts)} alerts, "
            f"{len(plan.definitions.dashboards)} dashboards, {len(plan.records)} recorded series"
        )
    return FOUND if errors_in(findings) else FINE
