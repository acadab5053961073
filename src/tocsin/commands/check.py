"""`tocsin check`."""

from __future__ import annotations

import click

from tocsin.commands.command import FINE, FOUND, format_option, opened, print_findings, stops_cleanly


@click.command()
@format_option()
@stops_cleanly
def command(form: str) -> int:
    """Report findings, drift and what promtool says."""
    from tocsin.checking import check_project
    from tocsin.findings import errors_in
    from tocsin.report import summary

    settings, plan = opened()
    findings = check_project(settings, plan)
    print_findings(findings, form, str(settings.root))
    if form == "text":
        click.echo(
            f"{summary(findings)} in {len(plan.definitions.alerts)} alerts, "
            f"{len(plan.definitions.dashboards)} dashboards, {len(plan.records)} recorded series"
        )
    return FOUND if errors_in(findings) else FINE
