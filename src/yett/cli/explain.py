"""`yett explain`: why a call was answered as it was."""

import sys
from collections.abc import Mapping
from typing import Any, Final

import click
import msgspec
from rich.console import Console

from yett.cli.client import find_access, send_signed
from yett.server.explanation import draw

PIPED_COLUMNS: Final = 10_000


@click.command()
@click.argument("request_id")
@click.option("--json", "as_json", is_flag=True, help="The trace as a JSON object.")
def explain(*, request_id: str, as_json: bool) -> None:
    """Say why the call with REQUEST_ID was answered as it was.

    REQUEST_ID is the x-amzn-RequestId (or apigw-requestid) of any recent answer.
    """
    access = find_access()
    answer = send_signed(access, "GET", f"{access.url}/_yett/api/decisions/{request_id.strip()}", service="apigateway")
    if answer.status != 200:
        raise click.ClickException(_read_message(answer.body, answer.status))
    if as_json:
        sys.stdout.write(answer.body.decode() + "\n")
        return
    show(msgspec.json.decode(answer.body))


def show(trace: Mapping[str, Any]) -> None:
    """Print the trace: a terminal gets long lines wrapped within the tree, a pipe gets each line whole."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PIPED_COLUMNS)
    console.print(draw(trace))


def _read_message(body: bytes, status: int) -> str:
    try:
        return str(msgspec.json.decode(body)["message"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return f"the server answered {status}"
