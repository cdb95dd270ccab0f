"""`yett tail`: decisions as they are made."""

import time
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import click
import msgspec

from yett.cli.asking import ask
from yett.cli.client import find_access

EVERY_SECONDS: Final = 0.5
NOT_VERIFIED: Final = "SIGNATURE_NOT_VERIFIED"
KNOWN: Final = 1000  # request ids that are not printed again
COLOURS: Final = {"allow": "green", "unauthenticated": "yellow", "error": "magenta"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Each decision as a JSON object on a line.")
@click.option("--last", default=0, type=click.IntRange(0, 100), help="Begin with so many that were made before.")
@click.option("--no-follow", is_flag=True, help="End after those; do not wait for more.")
def tail(*, as_json: bool, last: int, no_follow: bool) -> None:
    """Follow the decisions on calls of this account's APIs, until Ctrl-C."""
    access = find_access()
    known: deque[str] = deque(maxlen=KNOWN)
    after: str | None = None
    if last:
        answer = ask("decisions", {"limit": str(last)}, access=access)
        after = str(answer["after"])
        _print_new(answer["decisions"], known, as_json=as_json)
    after = after or datetime.now(UTC).isoformat()
    try:
        while not no_follow:
            answer = ask("decisions", {"after": after, "limit": "100"}, access=access)
            after = str(answer["after"])
            _print_new(answer["decisions"], known, as_json=as_json)
            time.sleep(EVERY_SECONDS)
    except KeyboardInterrupt:
        return


def _print_new(decisions: list[Mapping[str, Any]], known: deque[str], *, as_json: bool) -> None:
    for trace in decisions:
        if trace["requestId"] in known:
            continue
        known.append(trace["requestId"])
        click.echo(msgspec.json.encode(trace).decode() if as_json else line_of(trace))  # a pipe gets no colours


def line_of(trace: Mapping[str, Any]) -> str:
    """A decision on a line: when, what, by whom, how it ended, and the id that explains it."""
    outcome = click.style(f"{trace['outcome']:<15}", fg=COLOURS.get(trace["outcome"], "red"))
    moment = str(trace["at"])[11:23]
    caller = trace["caller"] or trace["sourceIp"]
    if any(each["code"] == NOT_VERIFIED for each in trace["warnings"]):
        caller += click.style(" (signature not verified)", fg="red")
    for each in trace["warnings"]:
        if each["code"] != NOT_VERIFIED:
            caller += click.style(f" (beware: {each['code']})", fg="yellow")
    return (
        f"{moment} {trace['status']:>3} {outcome} {trace['method']:<6} {trace['path']}  {caller}  {trace['requestId']}"
    )
