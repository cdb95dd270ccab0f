"""AWS::ApiGateway::* without SAM."""

from typing import Any

import pytest
from tests.templates.ground import ACCOUNT, REGION, Ground

from yett.rules.execute_api.deployment import AuthorizationType

TEMPLATE = """\
Parameters:
  Text: {Type: String, Default: one}
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties: {Name: plain, EndpointConfiguration: {Types: [REGIONAL]}, BinaryMediaTypes: [image/png]}
  Pets:
    Type: AWS::ApiGateway::Resource
    Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: pets}
  Pool:
    Type: AWS::Cognito::UserPool
  Customers:
    Type: AWS::ApiGateway::Authorizer
    Properties:
      RestApiId: !Ref Api
      Name: customers
      Type: COGNITO_USER_POOLS
      IdentitySource: method.request.header.Authorization
      ProviderARNs: [!GetAtt Pool.Arn]
  GetPets:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Pets
      HttpMethod: GET
      AuthorizationType: COGNITO_USER_POOLS
      AuthorizerId: !Ref Customers
      AuthorizationScopes: [pets/read]
      MethodResponses: [{StatusCode: 200, ResponseParameters: {method.response.header.X: true}}]
      Integration:
        Type: MOCK
        RequestTemplates: {application/json: '{"statusCode": 200}'}
        IntegrationResponses:
          - StatusCode: "200"
            ResponseParameters: {method.response.header.X: "'y'"}
            ResponseTemplates: {application/json: !Ref Text}
  Denied:
    Type: AWS::ApiGateway::GatewayResponse
    Properties: {RestApiId: !Ref Api, ResponseType: ACCESS_DENIED, StatusCode: 404}
  Schema:
    Type: AWS::ApiGateway::Model
    Properties: {RestApiId: !Ref Api, Name: Pet, ContentType: application/json, Schema: {type: object}}
  Deployment:
    Type: AWS::ApiGateway::Deployment
    DependsOn: GetPets
    Properties: {RestApiId: !Ref Api}
  Stage:
    Type: AWS::ApiGateway::Stage
    Properties:
      RestApiId: !Ref Api
      DeploymentId: !Ref Deployment
      StageName: dev
      Variables: {text: !Ref Text}
      MethodSettings: [{HttpMethod: "*", ResourcePath: "/*", LoggingLevel: INFO}]
"""


async def test_the_parts_of_an_api_become_its_plan(ground: Ground) -> None:
    stack = await ground.up(TEMPLATE)
    api_id = stack.apis[0].api_id
    plan = await ground.wired.ports.plans.resolve(api_id, "dev")
    assert plan is not None
    (method,) = plan.methods
    assert (method.name, method.authorization_type) == ("GET /pets", AuthorizationType.COGNITO_USER_POOLS)
    assert method.scopes == ("pets/read",)
    assert plan.gateway_responses["ACCESS_DENIED"].status_code == "404"
    assert plan.variables == {"text": "one"}
    assert plan.binary_media_types == {"image/png"}


async def test_a_stage_is_changed_in_place_and_a_method_made_anew(ground: Ground) -> None:
    first = await ground.up(TEMPLATE)
    second = await ground.up(TEMPLATE, Text="two")
    done = {event.logical_id: event.action for event in ground.events if event.state == "done"}
    assert (done["Api"], done["GetPets"], done["Stage"]) == ("keep", "remake", "update")
    # As on AWS, an unchanged Deployment freezes nothing anew.
    assert done["Deployment"] == "keep"
    plan = await ground.wired.ports.plans.resolve(second.apis[0].api_id, "dev")
    assert first.apis == second.apis
    assert plan is not None
    assert plan.variables == {"text": "two"}


async def test_a_renamed_api_keeps_its_id(ground: Ground) -> None:
    first = await ground.up(TEMPLATE)
    second = await ground.up(TEMPLATE.replace("Name: plain", "Name: simple").replace("[image/png]", "[image/gif]"))
    api = await ground.wired.ports.api_store.find_api(ACCOUNT, REGION, second.apis[0].api_id)
    assert first.apis == second.apis
    assert api is not None
    assert (api.name, api.binary_media_types) == ("simple", ("image/gif",))


@pytest.mark.parametrize(
    ("old", "new", "feature"),
    [
        ("LoggingLevel: INFO", "ThrottlingRateLimit: 5", "ThrottlingRateLimit"),
        ("Variables: {text: !Ref Text}", "CacheClusterEnabled: true", "stage caches"),
        ("AuthorizationScopes: [pets/read]", "ApiKeyRequired: true", "API keys"),
        ("AuthorizationScopes: [pets/read]", "RequestValidatorId: x", "request validators"),
        ("Type: COGNITO_USER_POOLS\n", "Type: JWT\n", "JWT authorizers"),
        ("Name: plain,", "Name: plain, SecurityPolicy: TLS_1_2,", "SecurityPolicy"),
        ("Name: plain,", "Name: plain, Mode: merge, Body: {},", "merge"),
        ("Types: [REGIONAL]", "Types: [PRIVATE], VpcEndpointIds: [vpce-1]", "VPC endpoints"),
        ("Type: MOCK", "Type: AWS", "type AWS"),
    ],
)
async def test_what_would_not_be_enforced_stops_the_deployment(
    ground: Ground, old: str, new: str, feature: str
) -> None:
    reason = await ground.refusal(TEMPLATE.replace(old, new, 1))
    assert feature in reason
    assert reason.startswith("template.yaml:")
    assert await ground.left() == (0, 0, 0, None)


GUARDED = """\
Parameters: {Ttl: {Type: String, Default: "60"}, Fails: {Type: String, Default: "no"}}
Conditions: {Fails: !Equals [!Ref Fails, "yes"]}
Resources:
  One: {Type: AWS::Cognito::UserPool, Properties: {UserPoolName: one}}
  Two: {Type: AWS::Cognito::UserPool, Properties: {UserPoolName: two}}
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties: {Name: guarded, Description: text, BinaryMediaTypes: [image/png], Tags: [{Key: team, Value: a}]}
  Customers:
    Type: AWS::ApiGateway::Authorizer
    Properties:
      RestApiId: !Ref Api
      Name: customers
      Type: COGNITO_USER_POOLS
      IdentitySource: method.request.header.Authorization
      AuthorizerResultTtlInSeconds: !Ref Ttl
      ProviderARNs: [!GetAtt One.Arn]
  Denied:
    Type: AWS::ApiGateway::GatewayResponse
    Properties: {RestApiId: !Ref Api, ResponseType: ACCESS_DENIED, StatusCode: "403"}
  Key:
    Type: AWS::IAM::AccessKey
    DependsOn: [Customers, Denied]
    Properties: {UserName: !If [Fails, nobody, !Ref Clerk]}
  Clerk: {Type: AWS::IAM::User}
"""


async def guards(ground: Ground, api_id: str) -> tuple[Any, Any, Any]:
    """An API's settings, its authorizers and its response to a denial."""
    site, api = await ground.site(), {"restApiId": api_id}
    found = dict(await site.do("apigateway", "GetRestApi", api))
    found["tags"] = {name: one for name, one in found["tags"].items() if not name.startswith("yett:")}
    authorizers = (await site.do("apigateway", "GetAuthorizers", api))["items"]
    denied = await site.do("apigateway", "GetGatewayResponse", api | {"responseType": "ACCESS_DENIED"})
    return found, authorizers, denied


async def test_authorizers_responses_and_settings_are_changed_in_place_and_back(ground: Ground) -> None:
    made = {one.logical_id: one.physical_id for one in (await ground.up(GUARDED)).resources}
    before = await guards(ground, made["Api"])
    changed = (
        GUARDED.replace("[!GetAtt One.Arn]", "[!GetAtt Two.Arn]")
        .replace('"403"', '"404"')
        .replace(", Description: text, BinaryMediaTypes: [image/png], Tags: [{Key: team, Value: a}]", "")
    )
    await ground.refusal(changed, Ttl="0", Fails="yes")
    assert await guards(ground, made["Api"]) == before
    again = {one.logical_id: one.physical_id for one in (await ground.up(changed, Ttl="0")).resources}
    assert again == made
    api, (authorizer,), denied = await guards(ground, made["Api"])
    assert authorizer["authorizerResultTtlInSeconds"] == 0
    assert [arn.rpartition("/")[2] for arn in authorizer["providerARNs"]] == [made["Two"]]
    assert denied["statusCode"] == "404"
    assert not api.get("description")
    assert not api.get("binaryMediaTypes")
    assert api["tags"] == {}


IMPORTED = """\
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Parameters: {endpointConfigurationTypes: REGIONAL, MORE}
      Body:
        swagger: "2.0"
        info: {title: pets}
        basePath: /v1
        paths: {}
"""


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("basepath: prepend", "the import parameter `basepath=prepend`"),
        ("basepath: split", "the import parameter `basepath=split`"),
        ("surprise: x", "the import parameter `surprise`"),
    ],
)
async def test_what_an_import_is_asked_to_do_and_would_not_is_refused(ground: Ground, more: str, reason: str) -> None:
    assert reason in await ground.refusal(IMPORTED.replace("MORE", more))


@pytest.mark.parametrize("url", ["https://x.example/v1", "/v1", "https://x.example/{basePath}"])
async def test_the_base_path_of_a_server_is_not_left_out_unsaid(ground: Ground, url: str) -> None:
    text = IMPORTED.replace("MORE", "basepath: prepend").replace("basePath: /v1", f'servers: [{{url: "{url}"}}]')
    text = text.replace('swagger: "2.0"', "openapi: 3.0.1")
    assert "the import parameter `basepath=prepend`" in await ground.refusal(text)


async def test_an_import_that_asks_for_what_is_done_anyway_goes_up(ground: Ground) -> None:
    await ground.up(IMPORTED.replace("MORE", "basepath: ignore"))
    site = await ground.site()
    (api,) = (await site.do("apigateway", "GetRestApis", {}))["items"]
    assert api["endpointConfiguration"]["types"] == ["REGIONAL"]
