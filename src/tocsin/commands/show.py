"""`tocsin show`."""

from __future__ import annotations

import click

from tocsin.commands.command import FINE, opened, stops_cleanly


@click.command()
@click.argument("name", metavar="NAME")
@stops_cleanly
def command(name: str) -> int:
    """Show a definition as PromQL, and where it is used.

    NAME is an alert, an indicator, a recorded series or a panel's title.
    """
    from tocsin.show import shown

    _, plan = opened()
    for line in shown(plan, name):
        click.echo(line)
    return FINE
