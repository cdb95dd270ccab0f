"""`yett`: the command line. Commands are imported when they are called, so that each starts fast."""

from importlib import import_module
from typing import Final

import click

from yett.values.errors import Refusal, Unavailable

# command -> (module, attribute, what it does)
COMMANDS: Final = {
    "curl": ("yett.cli.curl", "curl", "Send a request, signed with Signature Version 4."),
    "env": ("yett.cli.env", "env", "Print what a shell needs to reach this server as root."),
    "explain": ("yett.cli.explain", "explain", "Say why a call was answered as it was."),
    "logs": ("yett.cli.logs", "logs", "Show what functions have logged."),
    "outbox": ("yett.cli.outbox", "outbox", "Show the messages that user pools would have sent."),
    "policy": ("yett.cli.policy", "policy", "Evaluate and check IAM policies."),
    "serve": ("yett.cli.serve", "serve", "Run the server."),
    "sigv4": ("yett.cli.sigv4", "sigv4", "Sign and verify requests."),
    "token": ("yett.cli.token", "token", "Get and verify user-pool tokens."),
    "up": ("yett.cli.up", "up", "Run the server and put a template up on it."),
    "version": ("yett.cli.version", "version", "Print the version."),
}


class Commands(click.Group):
    """The table above as a click group."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command = getattr(import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}.{attribute} is no command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_text) for name, (_, _, help_text) in sorted(COMMANDS.items())])


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def yett() -> None:
    """Amazon API Gateway's front door, to run anywhere, with an explanation for every decision."""


def main() -> None:
    """Run the command line. A refusal or an unreachable world ends with its reason on stderr and exit code 1."""
    try:
        yett(standalone_mode=True)
    except (Refusal, Unavailable) as error:
        click.echo(f"yett: {error.reason}", err=True)
        raise SystemExit(1) from None
