"""`yett who-can`: who can call a method."""

import sys
from collections.abc import Mapping
from typing import Any

import click
import msgspec

from yett.cli.asking import ask


@click.command()
@click.argument("method")
@click.argument("path")
@click.option("--api", help="The API's id or name.  [default: the only one with this route]")
@click.option("--stage", help="The stage.  [default: the only one]")
@click.option("--source-ip", help="The address that calls would come from.  [default: this machine's]")
@click.option("--source-vpc", metavar="VPC-ID", help="The VPC that calls would come from, through a VPC endpoint.")
@click.option("--source-vpce", metavar="VPCE-ID", help="The VPC endpoint that calls would come through.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
def who_can(
    *,
    method: str,
    path: str,
    api: str | None,
    stage: str | None,
    source_ip: str | None,
    source_vpc: str | None,
    source_vpce: str | None,
    as_json: bool,
) -> None:
    """List who can call METHOD PATH: principals, accounts, tokens, and the conditions that bear on them."""
    query = {
        "method": method.upper(),
        "path": path,
        "api": api,
        "stage": stage,
        "sourceIp": source_ip,
        "sourceVpc": source_vpc,
        "sourceVpce": source_vpce,
    }
    answer = ask("who-can", query)
    if as_json:
        sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
        return
    for line in lines_of(answer):
        click.echo(line)


def lines_of(answer: Mapping[str, Any]) -> list[str]:
    """The answer for a person."""
    place = ", ".join(filter(None, (answer["sourceIp"], answer["sourceVpc"], answer["sourceVpce"])))
    lines = [f"{answer['method']} {answer['path']}  authorization {answer['authorization']}, from {place}"]
    if answer["token"]:
        lines.append(f"  {answer['token']}")
    for caller in answer["callers"]:
        who = "anyone" if caller["principal"] == "anonymous" else caller["principal"]
        if answer["token"]:
            who = "with it, anyone"
        by = f" by {caller['by']}" if caller["by"] else ""
        lines.append(f"  {'yes' if caller['outcome'] == 'allow' else 'no '}  {who}{by}")
        for each in caller["conditions"]:
            held = "holds" if each["holds"] else "does not hold"
            name = each["sid"] or each["statement"]
            lines.append(f"         {each['effect']} {each['policy']} {name} if {each['text']}: {held}")
    if not answer["callers"]:
        lines.append("  nobody of this account")
    lines += [f"  account {account}, as far as its own policies allow it" for account in answer["accounts"]]
    return lines
