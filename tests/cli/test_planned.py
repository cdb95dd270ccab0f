import json

import pytest

from yett.cli.planned import VALUE_CHARACTERS, plan_as_json, show_plan, text_of
from yett.templates.planning import Change, Difference, Plan

PLAN = Plan(
    stack="pets",
    changes=(
        Change(logical_id="A", type="AWS::IAM::Role", action="keep"),
        Change(
            logical_id="B",
            type="AWS::IAM::Role",
            action="update",
            line=3,
            differences=(Difference(path="Path", before="/", after=None),),
        ),
        Change(logical_id="C", type="AWS::IAM::User", action="remake"),
    ),
    ignored=(),
    unfinished=True,
)


def test_a_person_sees_what_differs_and_what_is_lost() -> None:
    lines: list[str] = []
    show_plan(PLAN, lines.append)
    text = "\n".join(lines)
    assert "an earlier deployment was cut off" in text
    assert "~ update  B (AWS::IAM::Role, line 3)" in text
    assert "    Path: / -> (none)" in text
    assert "the old one goes first, with what is in it" in text
    assert lines[-1] == "stack pets: 1 to update, 1 to remake; 1 stay as they are"


def test_a_program_sees_all_of_it() -> None:
    told = json.loads(plan_as_json(PLAN))
    assert told["changed"]
    assert [one["action"] for one in told["changes"]] == ["keep", "update", "remake"]
    assert told["changes"][1]["properties"] == [{"path": "Path", "before": "/", "after": None}]


@pytest.mark.parametrize(("value", "text"), [(None, "(none)"), ("a", "a"), ([1], "[1]"), ({"a": True}, '{"a": true}')])
def test_values_are_shown_on_a_line(value: object, text: str) -> None:
    assert text_of(value) == text
    assert len(text_of("x" * 1000)) == VALUE_CHARACTERS + 1
