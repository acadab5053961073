"""`tocsin show`."""

from __future__ import annotations

from pathlib import Path

import click

from tocsin.commands.command import FINE, opened, stops_cleanly


@click.command()
@click.argument("name", metavar="[NAME]", required=False)
@click.option("--settings", is_flag=True, help="How environments and tenants differ.")
@click.option("--preview", is_flag=True, help="An alert's scenarios as OpenMetrics that ends now, for a backfill.")
@stops_cleanly
def command(name: str | None, settings: bool, preview: bool) -> int:
    """Show a definition as PromQL, and where it is used.

    NAME is an alert, an indicator, a recorded series or a panel's title.
    """
    from decimal import Decimal
    from time import time

    from tocsin.project import find_project, load
    from tocsin.show import previewed, shown, shown_settings

    if (name is None) != settings or (settings and preview):
        raise click.UsageError("name a definition, or ask for --settings")
    if preview and name is not None:
        click.echo(previewed(opened()[1], name, Decimal(int(time()))), nl=False)
        return FINE
    lines = shown_settings(load(find_project(Path.cwd()))) if name is None else shown(opened()[1], name)
    for line in lines:
        click.echo(line)
    return FINE
