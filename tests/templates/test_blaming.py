"""The line of each mistake, in the user's own file."""

import contextlib
import json

import pytest
from tests.templates.ground import Ground

from yett.templates.errors import TemplateRefused
from yett.templates.resources.table import TYPES

GROUP = """\
Parameters: {Name: {Type: String, Default: x}}
Conditions:
  Good: !Equals [!Ref Name, x]
  Bad: !Not
    - !Condition Unknown
Resources:
  Group:
    Type: AWS::IAM::Group
    Properties:
      GroupName: !Ref Name
      Path: /a/
      Policies:
        - PolicyName: p
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: s3:Get*
                Resource:
                  - !Sub "arn:aws:s3:::a/*"
                  - !Join
                    - "/"
                    - - !Sub "arn:aws:s3:::${Name}"
                      - !Sub "b-${Name}"
Outputs:
  One:
    Description: the group
    Value:
      !GetAtt Group.Arn
"""
FINE = GROUP.replace("  Bad: !Not\n    - !Condition Unknown\n", "\n\n")


@pytest.mark.parametrize(
    ("old", "new", "line", "expect"),
    [
        ("s3:::a/*", "s3:::${Nobody}/*", 20, "`Ref: Nobody` names nothing"),
        ('!Sub "b-${Name}"', "!Ref Nobody", 24, "`Ref: Nobody`"),
        ("b-${Name}", "${Group.Nothing}", 24, "`Fn::GetAtt: Group.Nothing` names no resource"),
        ("Effect: Allow", "Effect: Alow", 17, "Syntax errors in policy."),
        ("Action: s3:Get*", "Action: s3:Get*\n                Conditio: {}", 19, "Syntax errors in policy."),
        ("PolicyName: p", "PolicyNam: p", 13, "the property `PolicyNam` is not offered"),
        ("Path: /a/", "Path: a", 11, "'path' failed to satisfy constraint"),
        ("Path: /a/", "Path: !If [Good, !FindInMap [M, a, b], /b/]", 11, "the mapping `M` has no entry"),
        ("Group.Arn", "Group.Nothing", 28, "output `One`: `Fn::GetAtt: Group.Nothing`"),
        ("Good: !Equals [!Ref Name, x]", "Good: !Ref Name", 3, "neither true nor false"),
        ("    Type: AWS::IAM::Group", "    Type: AWS::IAM::Group\n    Condition: Unknown", 9, "no condition `Unknown`"),
    ],
)  # fmt: skip
async def test_a_fault_names_the_line_where_it_stands(
    ground: Ground, old: str, new: str, line: int, expect: str
) -> None:
    assert old in FINE
    reason = await ground.refusal(FINE.replace(old, new))
    assert reason.startswith(f"template.yaml:{line}: "), reason
    assert expect in reason


async def test_a_condition_that_names_none_is_refused_though_nothing_asks_for_it(ground: Ground) -> None:
    reason = await ground.refusal(GROUP)
    assert reason == "template.yaml:5: condition `Bad`: the template has no condition `Unknown`"
    assert ground.events == []


async def test_a_fault_in_a_trust_policy_is_told_in_our_words_too(ground: Ground) -> None:
    text = """\
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: sts:AssumeRole
            Principle: {Service: lambda.amazonaws.com}
"""
    reason = await ground.refusal(text)
    assert reason.startswith("template.yaml:8: ") or reason.startswith("template.yaml:10: "), reason
    assert "Principle" in reason or "Principal" in reason


@pytest.mark.parametrize(
    ("properties", "expect"),
    [
        ("{UserName: u, Policies: [{PolicyName: p}]}", "the property `PolicyDocument` is missing"),
        ("{UserName: u, Policies: x}", "`Policies` is a list"),
        ("{UserName: u, Policies: [x]}", "an entry of `Policies` has PolicyName and PolicyDocument"),
        ("{UserName: u, Policies: [{PolicyName: p, PolicyDocument: {}}, {PolicyName: p, PolicyDocument: {}}]}",
         "two policies are called `p`"),
    ],
)  # fmt: skip
async def test_what_a_policy_lacks_is_told(ground: Ground, properties: str, expect: str) -> None:
    reason = await ground.refusal(f"Resources:\n  U:\n    Type: AWS::IAM::User\n    Properties: {properties}\n")
    assert reason.startswith("template.yaml:4: `U` (AWS::IAM::User): ")
    assert expect in reason


@pytest.mark.parametrize("name", sorted(set(TYPES) - {"AWS::Logs::LogGroup"}))
async def test_a_resource_without_properties_is_made_or_refused_by_name(ground: Ground, name: str) -> None:
    text = f"Resources:\n  R:\n    Type: {name}\n"
    refused: list[TemplateRefused] = []
    try:
        await ground.up(text)
    except TemplateRefused as error:
        refused.append(error)
    assert all(one.message.startswith(f"`R` ({name}): ") and one.line == 2 for one in refused)


@pytest.mark.parametrize("written", ["{a: b}", "[a]", "[{Key: a}]", "[{Key: a, Value: b, More: c}]"])
async def test_tags_of_another_form_are_refused(ground: Ground, written: str) -> None:
    text = "Resources:\n  R:\n    Type: AWS::ApiGateway::RestApi\n    Properties:\n      Name: x\n"
    reason = await ground.refusal(f"{text}      Tags: {written}\n")
    assert reason.startswith("template.yaml:6: "), reason


@pytest.mark.parametrize(
    ("name", "properties"),
    [
        ("AWS::IAM::InstanceProfile", "{Path: [/a/], Roles: []}"),
        ("AWS::ApiGateway::Method", "{RestApiId: a, ResourceId: b, HttpMethod: GET, Integration: x}"),
        ("AWS::ApiGateway::RestApi", "{Name: a, EndpointConfiguration: 5}"),
    ],
)
async def test_what_has_another_form_is_refused_and_leaves_nothing(ground: Ground, name: str, properties: str) -> None:
    group = "  G: {Type: AWS::IAM::Group, Properties: {GroupName: first}}\n"
    text = f"Resources:\n{group}  R:\n    Type: {name}\n    DependsOn: G\n    Properties: {properties}\n"
    reason = await ground.refusal(text)
    assert f"`R` ({name}): " in reason
    stack = (await ground.left())[3]
    assert stack is None or stack.resources == ()
    await ground.up(f"Resources:\n{group}")


@pytest.mark.parametrize("form", ["x", [], {}, ["x"], {"a": "b"}, 5, [{"a": 1}], None], ids=repr)
async def test_whatever_form_a_property_has_it_is_taken_or_refused(ground: Ground, form: object) -> None:
    """A property of every type, then all of them at once; and what was stored meanwhile can be read."""
    for name, row in TYPES.items():
        reads = sorted(row.reads)
        for chosen in ({reads[0]}, {reads[-1]}, set(reads)):
            properties = {one: form if one in chosen else "y" for one in reads}
            with contextlib.suppress(TemplateRefused):
                await ground.up(json.dumps({"Resources": {"R": {"Type": name, "Properties": properties}}}))
    await ground.up("Resources:\n  G: {Type: AWS::IAM::Group}\n")


BODY = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      DefinitionBody:
        openapi: 3.0.1
        info: {title: pets, version: "1"}
        paths:
          /pets:
            get:
              responses: {"200": {description: ok}}
              x-amazon-apigateway-integration:
                type: http_proxy
                httpMethod: GET
                uri: !Sub "https://${Nobody}/pets"
"""


async def test_a_fault_within_a_definition_has_its_own_line(ground: Ground) -> None:
    assert (await ground.refusal(BODY)).startswith("template.yaml:17: `Api`")
