"""`yett explain`: why a call was answered as it was."""

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final, TextIO
from urllib.parse import quote

import click
import msgspec
from rich.console import Console
from rich.tree import Tree

from yett.cli.asking import ask, tell
from yett.server.explanation import draw, draw_comparison
from yett.sigv4.parts import PASTED_CHARACTERS

PIPED_COLUMNS: Final = 10_000
UUID: Final = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
NAMED_ID: Final = re.compile(r"(?:x-amzn-requestid|apigw-requestid)\W{1,8}" + UUID, re.IGNORECASE)
ANY_ID: Final = re.compile(UUID, re.IGNORECASE)


@click.command()
@click.argument("request_id", required=False)
@click.option("--last", "is_last", is_flag=True, help="The newest call that was not allowed.")
@click.option(
    "--canonical-request",
    "canonical_request",
    type=click.File(encoding="utf-8"),
    metavar="FILE",
    help="Hold the canonical request that the client has signed, or a log with it, against the call (- for stdin).",
)
@click.option("--json", "as_json", is_flag=True, help="The trace, or the comparison, as a JSON object.")
def explain(*, request_id: str | None, is_last: bool, canonical_request: TextIO | None, as_json: bool) -> None:
    """Say why the call with REQUEST_ID was answered as it was.

    REQUEST_ID is the x-amzn-RequestId (or apigw-requestid) of any recent answer; with - it is looked for in what comes
    in on standard input: curl -si URL | yett explain -

    Where a signature does not match, and the trace does not name the cause, have the client log its canonical request
    (boto3: `boto3.set_stream_logger("botocore.auth")`) and give the log with --canonical-request.
    """
    if (request_id is None) is not is_last:
        raise click.UsageError("give a REQUEST_ID, or - to have it looked for on standard input, or --last")
    if request_id is None:
        request_id = newest_refused(ask("decisions", {"limit": "100"})["decisions"])
    elif request_id == "-":
        request_id = find_request_id(sys.stdin.buffer.read(PASTED_CHARACTERS).decode(errors="replace"))
    path = f"decisions/{quote(request_id.strip(), safe='')}"
    if canonical_request is None:
        answer = ask(path)
    else:
        answer = tell(f"{path}/canonical-request", {"canonicalRequest": _read_text(canonical_request)})
    if as_json:
        sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
    elif canonical_request is None:
        show(answer)
    else:
        show_comparison(answer)


def newest_refused(decisions: Sequence[Mapping[str, Any]]) -> str:
    """The request id of the newest call, of those given oldest first, that was not allowed.

    Raises:
        click.ClickException: All were.
    """
    refused = [str(each["requestId"]) for each in decisions if each["outcome"] != "allow"]
    if not refused:
        raise click.ClickException("none of the newest calls was refused; `yett tail --last 20` shows them")
    return refused[-1]


def find_request_id(text: str) -> str:
    """The request id in an answer, a log or an error message: that of its header, else the first there is.

    Raises:
        click.ClickException: There is none.
    """
    found = NAMED_ID.search(text) or ANY_ID.search(text)
    if found is None:
        raise click.ClickException("no request id stands there: it is the answer's header x-amzn-RequestId (curl -i)")
    return found[1]


def show(trace: Mapping[str, Any]) -> None:
    """Print the trace: a terminal gets long lines wrapped within the tree, a pipe gets each line whole."""
    _print(draw(trace))


def show_comparison(compared: Mapping[str, Any]) -> None:
    """Print where a client's canonical request differs from what came in."""
    _print(draw_comparison(compared))


def _print(tree: Tree) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PIPED_COLUMNS)
    console.print(tree)


def _read_text(file: TextIO) -> str:
    try:
        return file.read(PASTED_CHARACTERS + 1)
    except UnicodeDecodeError as error:
        raise click.ClickException(f"`{file.name}` is no UTF-8 text: {error.reason}") from error
