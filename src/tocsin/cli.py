"""The command line. A command is imported when it is asked for, and imports what it needs when it runs."""

from __future__ import annotations

from importlib import import_module

import click

_SHARED = frozenset({"command"})


class _Commands(click.Group):
    """The modules of `tocsin.commands`, by their names."""

    def list_commands(self, context: click.Context) -> list[str]:  # noqa: ARG002
        from pkgutil import iter_modules

        from tocsin import commands

        return sorted(module.name for module in iter_modules(commands.__path__) if module.name not in _SHARED)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(context):
            return None
        found = import_module(f"tocsin.commands.{name}").command
        assert isinstance(found, click.Command)
        found.name = name
        return found


def _print_version(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"tocsin {version('tocsin')}")
        context.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, callback=_print_version, expose_value=False, is_eager=True, help="Print it.")
@click.option("--environment", metavar="NAME", help="One of the settings' environments, other than the default.")
def main(environment: str | None) -> None:
    """Dashboards and alerts as code for AI agents, proven before they ship."""


if __name__ == "__main__":
    main()
