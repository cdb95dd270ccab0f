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
    "unknown": "cyan",
}

MISMATCH: Final = "InvalidSignatureException"

MARKS: Final = {
    "passed": "[green]✓[/green]",
    "refused": "[red]✗[/red]",
    "failed": "[magenta]![/magenta]",
    "unknown": "[cyan]?[/cyan]",
}


def draw(trace: Mapping[str, Any]) -> Tree:
    """The trace as a tree: the outcome, each step, and every statement that was weighed."""
    colour = COLOURS.get(trace["outcome"], "white")
    call = f"[bold]{escape(trace['method'])} {escape(trace['path'])}[/bold]"
    title = f"{call}  [{colour}]{trace['outcome']}[/{colour}]  {'' if trace['status'] is None else trace['status']}"
    tree = Tree(f"{title} {escape(trace['errorType'] or '')}".rstrip())
    where = f"API {escape(trace['api'] or '-')}, stage {escape(trace['stage'] or '-')}"
    tree.add(f"{where}, from {escape(trace['sourceIp'])}, at {trace['at']}")
    for step in trace["steps"]:
        if step["result"] not in MARKS:  # the gateway's own answer, by its type
            tree.add(f"→ {step['step']:<12} {escape(step['result'])}: {escape(step['detail'])}")
            continue
        mark = MARKS[step["result"]]
        branch = tree.add(f"{mark} {step['step']:<12} {escape(step['detail'])}  [dim]{step['ms']:.2f} ms[/dim]")
        if step["step"] == "authenticate" and trace.get("evidence"):
            _draw_evidence(branch, trace["evidence"])
    if trace["outcome"] == "unauthenticated" and trace.get("wants"):
        tree.add(f"the method wants {escape(trace['wants'])}")
    if trace.get("cause"):
        tree.add(f"[yellow]cause[/yellow]: {escape(trace['cause'])}")
    elif trace["errorType"] == MISMATCH:
        tree.add(
            "[yellow]cause[/yellow]: none of the usual slips. Have the client log its canonical request, then: "
            f"yett explain {trace['requestId']} --canonical-request FILE"
        )
    for hint in trace.get("hints", ()):
        tree.add(f"[yellow]hint[/yellow]: {escape(hint)}")
    for warning in trace.get("warnings", ()):
        tree.add(f"[yellow]beware[/yellow]: {escape(warning['where'])}: {escape(warning['message'])}")
    _draw_decision(tree, trace)
    if trace["policies"]:
        _draw_policies(tree.add("policies weighed"), trace["policies"])
    if trace.get("wouldAllow"):
        _draw_proposals(tree.add("what would allow it, each by itself"), trace["wouldAllow"])
    return tree


def _draw_evidence(branch: Tree, evidence: Mapping[str, Any]) -> None:
    """Where it was looked for, and what is no secret of it."""
    if evidence["kind"] == "signature":
        if evidence["scope"] is not None:
            signed = ";".join(evidence["signedHeaders"])
            branch.add(f"[dim]scope {escape(evidence['scope'])}, signed headers {escape(signed)}[/dim]")
        return
    parts = [f"{evidence['kind']}, looked for in {', '.join(evidence['from']) or 'nothing'}"]
    parts += [f"issuer {evidence['issuer']}"] if "issuer" in evidence else []
    parts += [f"token_use {evidence['tokenUse']}"] if "tokenUse" in evidence else []
    branch.add(f"[dim]{escape(', '.join(parts))}[/dim]")


def _draw_decision(tree: Tree, trace: Mapping[str, Any]) -> None:
    """The statement that decided, and the row of the outcome table by which it did."""
    decided, row = trace["decidedBy"], trace.get("outcomeRow")
    if decided is not None and decided["policy"] is not None:
        sid = f" ({decided['sid']})" if decided["sid"] else ""
        branch = tree.add(f"decided by [bold]{escape(decided['policy'])}{escape(decided['statement'] + sid)}[/bold]")
        if row:
            branch.add(escape(row["text"]))
    elif row:
        tree.add(f"decided by {escape(row['text'])}")


def draw_comparison(compared: Mapping[str, Any]) -> Tree:
    """A client's canonical request beside the one that came in."""
    if compared["same"]:
        tree = Tree("[green]the same[/green] canonical request was signed as came in")
        tree.add(
            f"so the string to sign or the key is another. The former had {compared['timestamp']} and "
            f"{escape(compared['scope'])}"
        )
        tree.add("if the client's has the same two, its secret access key is not the one of this access key id")
        return tree
    tree = Tree("[red]another[/red] canonical request was signed than came in")
    for difference in compared["differences"]:
        branch = tree.add(f"[yellow]{difference['part']}[/yellow]: {escape(difference['message'])}")
        for name in ("signed", "received"):
            if difference[name] is not None:
                branch.add(f"{name:<8} {escape(difference[name]) or '(empty)'}")
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


def _draw_proposals(branch: Tree, proposals: Sequence[Mapping[str, Any]]) -> None:
    for number, proposal in enumerate(proposals, 1):
        drawn = branch.add(f"{number}. {escape(proposal['text'])}")
        for name, colour in (("alsoAllows", "allow"), ("alsoDenies", "deny")):
            if proposal[name]:
                drawn.add(f"[yellow]would also {colour}[/yellow] {escape(', '.join(proposal[name]))}")
