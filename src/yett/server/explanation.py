"""A decision trace as a tree that people read, in a terminal or in a failing test."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.markup import escape
from rich.tree import Tree

COLOURS: Final = {
    "allow": "green",
    "explicit_deny": "red",
    "implicit_deny": "red",
    "unauthenticated": "yellow",
    "error": "magenta",
}


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
