"""Groups of commands that are imported when they are called, so that each starts fast."""

from collections.abc import Mapping
from importlib import import_module

import click
from msgspec import Struct


class CommandAt(Struct, frozen=True):
    """Where a command is written, and what it does."""

    module: str
    attribute: str
    summary: str


class Commands(click.Group):
    """A table of commands as a click group."""

    def __init__(self, *arguments: object, table: Mapping[str, CommandAt], **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Their names."""
        return sorted(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of this name, imported now."""
        found = self._table.get(cmd_name)
        if found is None:
            return None
        command = getattr(import_module(found.module), found.attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{found.module}.{found.attribute} is no command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The help's list of commands, without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._table[name].summary) for name in sorted(self._table)])
