"""`yett audit-log`: who did what, when, from where, with which outcome."""

import asyncio
import os
import sys
from typing import Final

import click
import msgspec

from yett.ports.audit_trail import AuditEntry
from yett.server.settings import read_settings
from yett.server.upkeep import read_audit_trail
from yett.values.identifiers import is_account_id

DEFAULT_LIMIT: Final = 50


@click.command()
@click.option(
    "--limit", default=DEFAULT_LIMIT, show_default=True, type=click.IntRange(min=1), help="How many acts back."
)
@click.option("--account", help="The account whose resources were acted on.  [default: this server's]")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
def audit_log(*, limit: int, account: str | None, as_json: bool) -> None:
    """Show the administrative acts on an account, the newest last. The server may run."""
    settings = read_settings(os.environ)
    if account is not None and not is_account_id(account):
        raise click.BadParameter("an account id has twelve digits", param_hint="--account")
    entries = asyncio.run(read_audit_trail(settings, account=account or settings.account, limit=limit))
    for entry in reversed(entries):
        sys.stdout.write((msgspec.json.encode(entry).decode() if as_json else render_text(entry)) + "\n")


def render_text(entry: AuditEntry) -> str:
    """The entry for a person. What a terminal would act on is shown as its code."""
    head = f"{entry.at:%Y-%m-%d %H:%M:%S}  {entry.outcome:<16} {entry.action}  {entry.resource}"
    text = f"{head}  by {entry.principal} from {entry.source_ip}  ({entry.request_id})"
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
