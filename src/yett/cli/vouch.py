"""`yett vouch`: rules for callers whose secret cannot be known here."""

import re
import sys
from collections.abc import Mapping
from typing import Any, Final

import click
import msgspec

from yett.cli.asking import ask, remove, tell
from yett.cli.commands import CommandAt, Commands

DURATION: Final = re.compile(r"(?P<count>[0-9]{1,5})(?P<unit>[smh])")
SECONDS: Final = {"s": 1, "m": 60, "h": 3600}
PATH: Final = "vouching"

COMMANDS: Final = {
    "add": CommandAt("yett.cli.vouch", "add", "Let a caller in whose signature cannot be verified."),
    "list": CommandAt("yett.cli.vouch", "list_command", "List the rules that there are."),
    "remove": CommandAt("yett.cli.vouch", "remove_command", "Let such a caller in no more."),
}


class Duration(click.ParamType[int]):
    """``90s``, ``30m`` or ``2h``, as seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Seconds."""
        matched = DURATION.fullmatch(str(value))
        if matched is None:
            self.fail(f"`{value}` is no duration: write 90s, 30m or 2h", param, ctx)
        return int(matched["count"]) * SECONDS[matched["unit"]]


@click.command(cls=Commands, table=COMMANDS)
def vouch() -> None:
    """Let in callers of the real cloud, whose secrets nobody here can know.

    Their signatures cannot be verified, so anyone on this machine could pretend to be them. A rule therefore names one
    access key and whom to take it for, holds for hours at most, and is gone when the server ends. It lets nobody
    administrate, and counts only where the server is one process that listens on loopback. Every call that it lets in
    says so: in the log, in `yett explain` and `yett tail`, in metrics, and to the backend.
    """


@click.command()
@click.argument("access_key_id")
@click.option("--as", "principal", required=True, help="The ARN of a user, or of a role session, of this server.")
@click.option("--for", "seconds", type=Duration(), default="1h", show_default=True, help="90s, 30m, 2h: 12h at most.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
def add(*, access_key_id: str, principal: str, seconds: int, as_json: bool) -> None:
    """Take whoever presents ACCESS_KEY_ID for a principal, unverified.

    \b
    yett vouch add ASIAEXAMPLEEXAMPLE00 --as arn:aws:sts::123456789012:assumed-role/Dev/alice --for 30m
    """
    _print(tell(PATH, {"access_key_id": access_key_id, "principal": principal, "seconds": seconds}), as_json=as_json)


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
def list_command(*, as_json: bool) -> None:
    """List the rules that there are."""
    _print(ask(PATH), as_json=as_json)


@click.command("remove")
@click.argument("rule_id")
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
def remove_command(*, rule_id: str, as_json: bool) -> None:
    """Remove the rule RULE_ID, as `yett vouch list` names it."""
    _print(remove(PATH, {"id": rule_id}), as_json=as_json)


def _print(answer: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
        return
    for each in answer["vouchers"]:
        until = each["expires_at"]
        click.echo(f"{each['id']}  {each['access_key_id']} is taken for {each['principal']} until {until}, unverified")
    if not answer["vouchers"]:
        click.echo("nobody is vouched for")
