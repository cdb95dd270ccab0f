"""`yett explain`: why a call was answered as it was."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click
import msgspec
from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from yett.cli.client import find_access, send_signed

PIPED_COLUMNS: Final = 10_000
COLOURS: Final = {
    "allow": "green",
    "explicit_deny": "red",
    "implicit_deny": "red",
    "unauthenticated": "yellow",
    "error": "magenta",
}


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


def draw(trace: Mapping[str, Any]) -> Tree:
    """The trace as a tree: the outcome, each step, and every statement that was weighed."""
    colour = COLOURS.get(trace["outcome"], "white")
    call = f"[bold]{escape(trace['method'])} {escape(trace['path'])}[/bold]"
    title = f"{call}  [{colour}]{trace['outcome']}[/{colour}]  {trace['status']}"
    tree = Tree(f"{title} {escape(trace['errorType'] or '')}".rstrip())
    where = f"API {escape(trace['api'] or '-')}, stage {escape(trace['stage'] or '-')}"
    tree.add(f"{where}, from {escape(trace['sourceIp'])}, at {trace['at']}")
    for step in trace["steps"]:
        mark = {"passed": "[green]✓[/green]", "refused": "[red]✗[/red]", "failed": "[magenta]![/magenta]"}.get(
            step["result"], "→"
        )
        tree.add(f"{mark} {step['step']:<12} {escape(step['detail'])}  [dim]{step['ms']:.2f} ms[/dim]")
    decided = trace["decidedBy"]
    if decided is not None and decided["policy"] is not None:
        sid = f" ({decided['sid']})" if decided["sid"] else ""
        tree.add(f"decided by [bold]{escape(decided['policy'])}{escape(decided['statement'] + sid)}[/bold]")
    if trace["policies"]:
        _draw_policies(tree.add("policies weighed"), trace["policies"])
    return tree


def _draw_policies(branch: Tree, policies: Sequence[Mapping[str, Any]]) -> None:
    for statement in policies:
        sid = f" ({statement['sid']})" if statement["sid"] else ""
        name = escape(f"{statement['effect']} {statement['policy']}{statement['path']}{sid}")
        if statement["matched"]:
            branch.add(f"[green]matches[/green] {name}")
            continue
        failed = statement["failed"]
        what = failed.get("key") or failed["element"]
        operator = f" {failed['operator']}" if failed.get("operator") else ""
        wants = escape(", ".join(failed["expected"]))
        has = "nothing" if failed["actual"] is None else escape(", ".join(failed["actual"]))
        branch.add(f"[dim]no match[/dim] {name}: {escape(what)}{operator} wants {wants}; the call has {has}")


def _read_message(body: bytes, status: int) -> str:
    try:
        return str(msgspec.json.decode(body)["message"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return f"the server answered {status}"
