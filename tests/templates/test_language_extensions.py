"""Loops, and functions where CloudFormation by itself takes none."""

import pytest
from tests.templates.ground import Ground

HEAD = """\
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Parameters:
  Names: {Type: CommaDelimitedList, Default: "red,blue"}
  Keep: {Type: String, Default: Retain}
Mappings:
  Colours: {red: {Path: /warm/}, blue: {Path: /cold/}}
"""
LOOP = (
    HEAD
    + """\
Conditions:
  Fn::ForEach::Is:
    - Name
    - !Ref Names
    - Is${Name}: !Not [!Equals ["${Name}", green]]
Resources:
  Fn::ForEach::Groups:
    - Name
    - !Ref Names
    - Group${Name}:
        Type: AWS::IAM::Group
        Condition: Is${Name}
        DeletionPolicy: !Ref Keep
        Properties:
          GroupName: !Sub "${AWS::StackName}-${Name}"
          Path: !FindInMap [Colours, !Ref Name, Path]
  Fn::ForEach::Users:
    - Place
    - [10.0.0.1, 10.0.0.2]
    - User&{Place}:
        Type: AWS::IAM::User
        Properties:
          UserName: u-${Place}
          Groups:
            - !Ref Groupred
Outputs:
  Fn::ForEach::Outer:
    - Name
    - [red, blue]
    - Fn::ForEach::Inner:
        - What
        - [Arn]
        - ${Name}${What}: {Value: !GetAtt [!Sub "Group${Name}", !Ref What]}
"""
)


async def test_loops_are_written_out(ground: Ground) -> None:
    stack = await ground.up(LOOP)
    properties = {one.logical_id: one.properties for one in stack.resources}
    assert properties["Groupred"] == {"GroupName": "pets-red", "Path": "/warm/"}
    assert properties["Groupblue"] == {"GroupName": "pets-blue", "Path": "/cold/"}
    assert properties["User10001"] == {"UserName": "u-10.0.0.1", "Groups": ["pets-red"]}
    assert {one.name: one.value.rpartition("/")[2] for one in stack.outputs} == {
        "redArn": "pets-red",
        "blueArn": "pets-blue",
    }
    assert all(one.is_retained for one in stack.resources if one.logical_id.startswith("Group"))


async def test_what_is_written_out_is_told_where_it_was_written(ground: Ground) -> None:
    reason = await ground.refusal(LOOP.replace("Path: !Find", "Quota: 1\n          Path: !Find"))
    assert reason.startswith("template.yaml:22: `Groupred`: the property `Quota`"), reason


@pytest.mark.parametrize(
    ("loop", "line", "expect"),
    [
        ('[Name, !Ref Names, {Group: {Type: AWS::IAM::Group}}]', 8, "`Group` is made twice by a loop"),
        ('[Name, !Ref Names]', 8, "needs an identifier, a collection and what to repeat"),
        ('[Name, !Ref Keep, {"G${Name}": {Type: AWS::IAM::Group}}]', 8, "a loop goes through a list"),
        ('[Name, !Ref Nobody, {"G${Name}": {Type: AWS::IAM::Group}}]', 8, "`Ref: Nobody` names nothing"),
        ('[Names, [a], {"G${Names}": {Type: AWS::IAM::Group}}]', 8, "`Names` has a meaning already"),
    ],
)  # fmt: skip
async def test_a_loop_that_is_none_is_refused_with_its_line(ground: Ground, loop: str, line: int, expect: str) -> None:
    reason = await ground.refusal(f"{HEAD}Resources:\n  Fn::ForEach::L: {loop}\n")
    assert reason.startswith(f"template.yaml:{line}: ")
    assert expect in reason


async def test_without_the_transform_there_are_no_loops(ground: Ground) -> None:
    reason = await ground.refusal(LOOP.replace("AWS::LanguageExtensions, ", ""))
    assert reason == "template.yaml:8: `Fn::ForEach::Is` needs the transform `AWS::LanguageExtensions`"


async def test_loops_within_loops_are_bounded(ground: Ground) -> None:
    wide = ", ".join(f"x{number}" for number in range(80))
    inner = '{"G${A}${B}${C}": {Type: AWS::IAM::Group}}'
    for name in ("C", "B", "A"):
        inner = f"{{Fn::ForEach::{name}: [{name}, [{wide}], {inner}]}}"
    assert "values once its loops are written out" in await ground.refusal(f"{HEAD}Resources: {inner}\n")
