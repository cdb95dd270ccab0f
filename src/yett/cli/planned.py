"""Showing what a deployment would do."""

import json
from collections.abc import Callable
from typing import Any, Final

import click
import msgspec

from yett.templates.planning import Change, Difference, Plan

Say = Callable[[str], None]
MARKS: Final = {"create": "+", "update": "~", "replace": "±", "remake": "±", "delete": "-", "retain": "="}
COLOURS: Final = {"+": "green", "~": "yellow", "±": "magenta", "-": "red", "=": "blue"}
SAID: Final = {
    "replace": "made anew; the old one goes when all else is done",
    "remake": "made anew under its own name: the old one goes first, with what is in it",
    "retain": "leaves the stack and stays",
}
VALUE_CHARACTERS: Final = 100  # of a value on a line


def show_plan(plan: Plan, say: Say) -> None:
    """The plan for a person."""
    if plan.unfinished:
        say("an earlier deployment was cut off: what it was at is put back first")
    kept = [one for one in plan.changes if one.action == "keep"]
    for change in plan.changes:
        if change.action != "keep":
            show_change(change, say)
    counts = ", ".join(
        f"{sum(one.action == action for one in plan.changes)} to {action}"
        for action in MARKS
        if any(one.action == action for one in plan.changes)
    )
    say(f"stack {plan.stack}: {counts or 'nothing to change'}; {len(kept)} stay as they are")


def show_change(change: Change, say: Say) -> None:
    """One resource and its differences."""
    mark = MARKS[change.action]
    where = f", line {change.line}" if change.line else ""
    note = f": {SAID[change.action]}" if change.action in SAID else ""
    say(click.style(f"{mark} {change.action:<7} {change.logical_id} ({change.type}{where}){note}", fg=COLOURS[mark]))
    if change.action != "create":
        for difference in change.differences:
            say(f"    {difference.path}: {text_of(difference.before)} -> {text_of(difference.after)}")


def text_of(value: Any) -> str:
    """A value on a line."""
    if value is None:
        return "(none)"
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= VALUE_CHARACTERS else f"{text[:VALUE_CHARACTERS]}…"


def plan_as_json(plan: Plan) -> bytes:
    """The plan for a program."""
    return msgspec.json.encode(
        {
            "stackName": plan.stack,
            "changed": plan.changed,
            "unfinished": plan.unfinished,
            "changes": [
                {
                    "logicalId": one.logical_id,
                    "type": one.type,
                    "action": one.action,
                    "line": one.line,
                    "physicalId": one.physical_id,
                    "properties": [property_of(each) for each in one.differences],
                }
                for one in plan.changes
            ],
        }
    )


def property_of(difference: Difference) -> dict[str, Any]:
    """A difference for a program."""
    return {"path": difference.path, "before": difference.before, "after": difference.after}
