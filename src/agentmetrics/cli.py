"""The command line of the agents' side: `agentmetrics`. A command is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module

import click

_COMMANDS = {"langfuse-exporter": "agentmetrics.langfuse.command"}


class _Commands(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(_COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in _COMMANDS:
            return None
        found = import_module(_COMMANDS[name]).command
        assert isinstance(found, click.Command)
        found.name = name
        return found


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """What an AI agent exports, and what is exported about it."""


if __name__ == "__main__":
    main()
