"""`tocsin show`."""

from __future__ import annotations

from pathlib import Path

import click

from tocsin.commands.command import FINE, opened, stops_cleanly


@click.command()
@click.argument("name", metavar="[NAME]", required=False)
@click.option("--settings", is_flag=True, help="How environments and tenants differ.")
@stops_cleanly
def command(name: str | None, settings: bool) -> int:
    """Show a definition as PromQL, and where it is used.

    NAME is an alert, an indicator, a recorded series or a panel's title.
    """
    from tocsin.project import find_project, load
    from tocsin.show import shown, shown_settings

    if (name is None) != settings:
        raise click.UsageError("name a definition, or ask for --settings")
    lines = shown_settings(load(find_project(Path.cwd()))) if name is None else shown(opened()[1], name)
    for line in lines:
        click.echo(line)
    return FINE
