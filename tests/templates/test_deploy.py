"""Templates go up through AWS's own operations, on the real stores."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.templates.ground import ACCOUNT, REGION, Ground, limited

from yett.rules.execute_api.deployment import AuthorizationType
from yett.templates.deploy import STACK_NAME, stack_name_of
from yett.templates.events import Event

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Network: {Type: String, Default: 127.0.0.1/32}
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth:
        Authorizers:
          Customers: {UserPoolArn: !GetAtt Pool.Arn}
        ResourcePolicy:
          CustomStatements:
            - {Effect: Allow, Principal: "*", Action: execute-api:Invoke, Resource: execute-api:/*}
            - Effect: Deny
              Principal: "*"
              Action: execute-api:Invoke
              Resource: execute-api:/*
              Condition: {NotIpAddress: {aws:SourceIp: !Ref Network}}
  Pool:
    Type: AWS::Cognito::UserPool
    Properties: {UserPoolName: customers}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Handler: index.handler
      InlineCode: "def handler(event, context): return {'statusCode': 200}"
      Environment: {Variables: {ISSUER: !GetAtt Pool.ProviderURL}}
      Policies:
        - Statement: [{Effect: Allow, Action: dynamodb:GetItem, Resource: "*"}]
      Events:
        Open: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /open, Method: get}}
        Mine:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: /mine, Method: get, Auth: {Authorizer: Customers}}
  Clerk:
    Type: AWS::IAM::User
    Properties: {UserName: clerk}
  Key:
    Type: AWS::IAM::AccessKey
    Properties: {UserName: !Ref Clerk}
Outputs:
  Url: {Value: !Sub "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/prod"}
  Key: {Value: !Ref Key}
"""


@given(st.text(max_size=200))
def test_every_directory_has_a_stack_name(text: str) -> None:
    assert STACK_NAME.fullmatch(stack_name_of(text))
    assert stack_name_of("my_app.v2") == "my-app-v2"
    assert stack_name_of("2048") == "stack-2048"


async def test_a_template_goes_up_and_its_api_is_served(ground: Ground) -> None:
    stack = await ground.up(TEMPLATE)
    (address,) = stack.apis
    outputs = {one.name: one for one in stack.outputs}
    assert outputs["Url"].value == f"https://{address.api_id}.execute-api.us-east-1.amazonaws.com/prod"
    assert outputs["Url"].local == address.url == f"http://{address.api_id}.execute-api.localhost:4566/prod"
    plan = await ground.wired.ports.plans.resolve(address.api_id, "prod")
    assert plan is not None
    assert {one.name: one.authorization_type for one in plan.methods} == {
        "GET /open": AuthorizationType.NONE,
        "GET /mine": AuthorizationType.COGNITO_USER_POOLS,
    }
    assert plan.resource_policy is not None
    done = [event for event in ground.events if event.state == "done"]
    assert {event.action for event in done} == {"create"}
    assert [one.logical_id for one in stack.resources] == [event.logical_id for event in done]


async def test_going_up_again_changes_nothing(ground: Ground) -> None:
    first = await ground.up(TEMPLATE)
    second = await ground.up(TEMPLATE)
    assert not second.changed
    assert second.outputs == first.outputs
    assert {event.action for event in ground.events} == {"keep"}


async def test_a_change_is_made_in_place_and_deployed(ground: Ground) -> None:
    first = await ground.up(TEMPLATE)
    ports, api_id = ground.wired.ports, first.apis[0].api_id
    before = await ports.plans.resolve(api_id, "prod")
    second = await ground.up(TEMPLATE, Network="10.0.0.0/8")
    after = await ports.plans.resolve(api_id, "prod")
    assert second.apis == first.apis
    assert before is not None
    assert after is not None
    assert after.deployment_id != before.deployment_id
    api = await ports.api_store.find_api(ACCOUNT, REGION, api_id)
    assert api is not None
    assert "10.0.0.0/8" in (api.policy or "")
    assert len(await ports.api_store.deployments(ACCOUNT, REGION, api_id)) == 1


async def test_what_is_no_longer_there_is_removed(ground: Ground) -> None:
    await ground.up(TEMPLATE)
    shorter = TEMPLATE.replace("  Key: {Value: !Ref Key}\n", "")
    shorter = shorter[: shorter.index("  Clerk:")] + shorter[shorter.index("Outputs:") :]
    stack = await ground.up(shorter)
    assert (await ground.left())[0] == 0
    assert {"Clerk", "Key"}.isdisjoint(one.logical_id for one in stack.resources)


async def test_secrets_of_a_stack_are_not_on_the_disk(ground: Ground) -> None:
    stack = await ground.up(TEMPLATE)
    secret = next(one for one in stack.resources if one.logical_id == "Key").attributes["SecretAccessKey"]
    for file in ground.home.glob("yett.db*"):
        assert secret.encode() not in file.read_bytes()


async def test_a_failure_names_its_line_and_undoes_what_was_made(ground: Ground) -> None:
    wrong = TEMPLATE.replace("Properties: {UserName: !Ref Clerk}", "Properties: {UserName: nobody}")
    reason = await ground.refusal(wrong)
    line = wrong.split("\n").index("    Properties: {UserName: nobody}") + 1
    assert reason.startswith(f"template.yaml:{line}: `Key` (AWS::IAM::AccessKey): ")
    assert await ground.left() == (0, 0, 0, None)
    assert any(event.action == "undo" for event in ground.events)


async def test_what_would_not_be_enforced_stops_before_anything_is_made(ground: Ground) -> None:
    line = TEMPLATE.split("\n").index("    Type: AWS::IAM::User") + 1
    limits = TEMPLATE.replace("    Type: AWS::IAM::User\n", "    Type: AWS::ApiGateway::UsagePlan\n")
    assert f"{line - 1}: `Clerk`: resources of type `AWS::ApiGateway::UsagePlan`" in await ground.refusal(limits)
    assert ground.events == []


async def test_an_api_key_is_refused_with_the_operation_that_asks_for_it(ground: Ground) -> None:
    keys = TEMPLATE.replace(
        "      Auth:\n        Authorizers:", "      Auth:\n        ApiKeyRequired: true\n        Authorizers:"
    )
    reason = await ground.refusal(keys)
    assert reason.startswith("template.yaml:")
    assert "API keys" in reason
    assert await ground.left() == (0, 0, 0, None)


async def test_a_fault_in_a_definition_is_told_where_it_stands(ground: Ground) -> None:
    body = {
        "swagger": "2.0",
        "info": {"title": "x"},
        "paths": {
            "/a": {"get": {"x-amazon-apigateway-integration": {"type": "aws", "uri": "x", "httpMethod": "POST"}}}
        },
    }
    head = "Resources:\n  Api:\n    Type: AWS::ApiGateway::RestApi\n    Properties:\n      Body:\n"
    text = head + "\n".join("        " + line for line in json.dumps(body, indent=1).split("\n"))
    line = next(number for number, content in enumerate(text.split("\n"), start=1) if '"type": "aws"' in content)
    assert (await ground.refusal(text)).startswith(f"template.yaml:{line}: `Api` (AWS::ApiGateway::RestApi): ")


async def test_the_deployer_needs_permission_for_every_resource(ground: Ground) -> None:
    reason = await ground.refusal(
        TEMPLATE, by=limited("iam:ListPolicies", "cognito-idp:*", "iam:*User", "iam:*AccessKey")
    )
    assert "is not authorized to perform: iam:CreateRole" in reason
    assert await ground.left() == (0, 0, 0, None)


async def test_a_table_that_its_backend_lost_is_made_again_under_its_name(ground: Ground) -> None:
    table = "Resources:\n  Pets:\n    Type: AWS::DynamoDB::Table\n    Properties:\n      BillingMode: PAY_PER_REQUEST\n"
    table += "      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]\n"
    table += "      KeySchema: [{AttributeName: id, KeyType: HASH}]\n"
    await ground.up(table)
    names = set(ground.tables)
    ground.tables.clear()
    assert (await ground.up(table)).changed
    assert ground.tables == names
    assert not (await ground.up(table)).changed


async def test_a_cancelled_deployment_loses_sight_of_nothing(ground: Ground) -> None:
    seen = asyncio.Event()
    ground.events = Watched(seen)
    going_up = asyncio.create_task(ground.up(TEMPLATE))
    await seen.wait()
    going_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going_up
    _, _, _, stack = await ground.left()
    assert stack is not None
    assert [one.logical_id for one in stack.resources] == [
        event.logical_id for event in ground.events if event.state == "done"
    ]
    assert (await ground.up(TEMPLATE)).apis


class Watched(list[Event]):
    """Tells when a user begins to be made."""

    def __init__(self, seen: asyncio.Event) -> None:
        super().__init__()
        self._seen = seen

    def append(self, event: Event) -> None:
        super().append(event)
        if (event.logical_id, event.state) == ("Clerk", "started"):
            self._seen.set()
