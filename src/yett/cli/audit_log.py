"""`yett audit-log`: who did what, when, from where, with which outcome."""

import asyncio
import os
import sys
from datetime import UTC, datetime
from typing import Final

import click
import msgspec

from yett.ports.audit_trail import AuditEntry, AuditFilter
from yett.server.settings import read_settings
from yett.server.upkeep import read_audit_trail
from yett.values.identifiers import is_account_id

DEFAULT_LIMIT: Final = 50
MOMENT: Final = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])


@click.command()
@click.option(
    "--limit", default=DEFAULT_LIMIT, show_default=True, type=click.IntRange(min=1), help="How many acts at most."
)
@click.option("--account", help="The account whose resources were acted on.  [default: this server's]")
@click.option("--principal", default="*", help="Whose: an ARN or a source identity, with * for any text.")
@click.option("--source-ip", default="*", help="From which address.")
@click.option("--action", default="*", help='Which action, as policies spell it: "iam:*", "sts:AssumeRole".')
@click.option("--resource", default="*", help="On which resource: an ARN.")
@click.option("--outcome", default="*", help='"allowed", or an error code.')
@click.option("--refused", is_flag=True, help="Only what was refused or failed.")
@click.option("--since", type=MOMENT, help="Not before this moment (UTC).")
@click.option("--until", type=MOMENT, help="Before this moment (UTC).")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
def audit_log(
    *,
    limit: int,
    account: str | None,
    refused: bool,
    since: datetime | None,
    until: datetime | None,
    as_json: bool,
    **patterns: str,
) -> None:
    """Show the administrative acts on an account, the newest last. The server may run.

    With several options, those acts that fit all of them.
    """
    settings = read_settings(os.environ)
    if account is not None and not is_account_id(account):
        raise click.BadParameter("an account id has twelve digits", param_hint="--account")
    wanted = AuditFilter(**patterns, is_refused=refused, since=in_utc(since), until=in_utc(until))
    entries = asyncio.run(read_audit_trail(settings, account=account or settings.account, limit=limit, wanted=wanted))
    for entry in reversed(entries):
        sys.stdout.write((msgspec.json.encode(entry).decode() if as_json else render_text(entry)) + "\n")


def in_utc(moment: datetime | None) -> datetime | None:
    """A moment of the command line."""
    return None if moment is None else moment.replace(tzinfo=UTC)


def render_text(entry: AuditEntry) -> str:
    """The entry for a person. What a terminal would act on is shown as its code."""
    head = f"{entry.at:%Y-%m-%d %H:%M:%S}  {entry.outcome:<16} {entry.action}  {entry.resource}"
    who = entry.principal if entry.source_identity is None else f"{entry.principal} ({entry.source_identity})"
    text = f"{head}  by {who} from {entry.source_ip}  ({entry.request_id})"
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
