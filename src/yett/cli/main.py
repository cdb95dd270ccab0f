"""`yett`: the command line."""

import os
import sys
from typing import Final

import click

from yett.cli.commands import CommandAt, Commands
from yett.values.errors import Refusal, Unavailable

COMMANDS: Final = {
    "access-log": CommandAt("yett.cli.access_log", "access_log", "Show the access logs of stages."),
    "access-matrix": CommandAt("yett.cli.access_matrix", "access_matrix", "Print who may call what."),
    "audit": CommandAt("yett.cli.audit", "audit", "List what anyone can call, and what can never match."),
    "audit-log": CommandAt("yett.cli.audit_log", "audit_log", "Show who did what, and with which outcome."),
    "backup": CommandAt("yett.cli.backup", "backup", "Write everything into a file."),
    "check": CommandAt("yett.cli.check", "check", "Hold a live API to an access matrix."),
    "curl": CommandAt("yett.cli.curl", "curl", "Send a request, signed with Signature Version 4."),
    "deploy": CommandAt("yett.cli.deploy", "deploy", "Put a template up on a running server."),
    "destroy": CommandAt("yett.cli.destroy", "destroy", "Remove a stack and all that it made."),
    "env": CommandAt("yett.cli.env", "env", "Print what a shell needs to reach this server as root."),
    "explain": CommandAt("yett.cli.explain", "explain", "Say why a call was answered as it was."),
    "logs": CommandAt("yett.cli.logs", "logs", "Show what functions have logged."),
    "outbox": CommandAt("yett.cli.outbox", "outbox", "Show the messages that user pools would have sent."),
    "policy": CommandAt("yett.cli.policy", "policy", "Evaluate and check IAM policies."),
    "restore": CommandAt("yett.cli.restore", "restore", "Read everything from a backup."),
    "rotate-key": CommandAt("yett.cli.rotate_key", "rotate_key", "Seal every secret under a new master key."),
    "serve": CommandAt("yett.cli.serve", "serve", "Run the server."),
    "sigv4": CommandAt("yett.cli.sigv4", "sigv4", "Sign and verify requests."),
    "simulate": CommandAt("yett.cli.simulate", "simulate", "Say what would be decided of a call."),
    "stacks": CommandAt("yett.cli.destroy", "stacks", "List the stacks of a running server."),
    "tail": CommandAt("yett.cli.tail", "tail", "Follow decisions as they are made."),
    "token": CommandAt("yett.cli.token", "token", "Get and verify user-pool tokens."),
    "up": CommandAt("yett.cli.up", "up", "Run the server and put a template up on it."),
    "version": CommandAt("yett.cli.version", "version", "Print the version."),
    "vouch": CommandAt("yett.cli.vouch", "vouch", "Let in callers whose secret cannot be known here."),
    "who-can": CommandAt("yett.cli.who_can", "who_can", "List who can call a method."),
}


@click.command(cls=Commands, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
def yett() -> None:
    """Amazon API Gateway's front door, to run anywhere, with an explanation for every decision."""


def main() -> None:
    """Run the command line. What is refused, unreachable or unreadable is said on stderr; the exit code is then 1."""
    try:
        # https://no-color.org: when it is set and not empty
        yett(standalone_mode=True, color=False if os.environ.get("NO_COLOR") else None)
    except (Refusal, Unavailable) as error:
        click.echo(f"yett: {error.reason}", err=True)
        sys.exit(1)
    except UnicodeDecodeError as error:
        click.echo(f"yett: a file that should be text is no UTF-8: {error.reason} at byte {error.start}", err=True)
        sys.exit(1)
    except OSError as error:  # a file or folder of the user's, most often a home that is not theirs
        click.echo(f"yett: {error.strerror or error}: `{error.filename or '-'}`", err=True)
        sys.exit(1)
