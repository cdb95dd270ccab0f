"""Files that a template includes."""

import pytest
from tests.templates.ground import Ground

from yett.templates.watching import sources_of

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      DefinitionBody:
        Fn::Transform:
          Name: AWS::Include
          Parameters: {Location: api.yaml}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Handler: index.handler
      InlineCode: "def handler(event, context): return {'statusCode': 200}"
"""
API = """\
openapi: 3.0.1
info: {title: pets, version: "1"}
paths:
  /pets:
    get:
      responses: {"200": {description: ok}}
      x-amazon-apigateway-integration:
        type: aws_proxy
        httpMethod: POST
        uri: {Fn::Sub: "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}/invocations"}
"""


async def test_an_api_is_included_with_the_functions_of_its_text(ground: Ground) -> None:
    (ground.home / "api.yaml").write_text(API)
    stack = await ground.up(TEMPLATE)
    plan = await ground.wired.ports.plans.resolve(stack.apis[0].api_id, "prod")
    assert plan is not None
    assert [one.name for one in plan.methods] == ["GET /pets"]
    (ground.home / "api.yaml").write_text(API.replace("/pets:", "/cats:"))
    assert (await ground.up(TEMPLATE)).changed
    assert ground.home / "api.yaml" in sources_of(ground.home / "template.yaml")


async def test_what_is_included_stands_beside_what_is_there(ground: Ground) -> None:
    (ground.home / "more.yaml").write_text("GroupName: clerks\n")
    (ground.home / "whole.yaml").write_text("Resources:\n  B: {Type: AWS::IAM::Group}\nOutputs: {O: {Value: x}}\n")
    whole = "Transform: {Name: AWS::Include, Parameters: {Location: whole.yaml}}\n"
    inner = "{Path: /a/, Fn::Transform: {Name: AWS::Include, Parameters: {Location: more.yaml}}}"
    stack = await ground.up(f"{whole}Resources:\n  A: {{Type: AWS::IAM::Group, Properties: {inner}}}\n")
    assert {one.logical_id: dict(one.properties) for one in stack.resources} == {
        "A": {"Path": "/a/", "GroupName": "clerks"},
        "B": {},
    }
    assert [one.value for one in stack.outputs] == ["x"]


@pytest.mark.parametrize(
    ("include", "expect"),
    [
        ("{Name: AWS::Include, Parameters: {Location: 's3://bucket/x'}}", "template.yaml:2: `AWS::Include` takes a"),
        ("{Name: AWS::Include, Parameters: {Location: !Sub x}}", "template.yaml:2: `AWS::Include` takes a file"),
        ("{Name: AWS::Include, Parameters: {Location: none.yaml}}", "none.yaml: the template cannot be read"),
        ("{Name: AWS::Include, Parameters: {Location: list.yaml}}", "template.yaml:2: what is included beside"),
        ("{Name: AWS::Include, Parameters: {Location: twice.yaml}}", "template.yaml:2: `GroupName` is in the template"),
        ("{Name: AWS::Include, Parameters: {Location: nested.yaml}}", "`Fn::Transform` is not offered"),
        ("{Name: MyMacro}", "the property `Fn::Transform` of `AWS::IAM::Group` is not offered"),
    ],
)
async def test_what_cannot_be_included_is_refused(ground: Ground, include: str, expect: str) -> None:
    (ground.home / "list.yaml").write_text("[1]")
    (ground.home / "twice.yaml").write_text("GroupName: b")
    (ground.home / "nested.yaml").write_text("Path: {Fn::Transform: {Name: AWS::Include}}")
    text = f"{{GroupName: a, Fn::Transform: {include}}}"
    assert expect in await ground.refusal(f"Resources:\n  A: {{Type: AWS::IAM::Group, Properties: {text}}}\n")
