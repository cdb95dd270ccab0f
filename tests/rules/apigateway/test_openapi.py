"""OpenAPI bodies, as the SAM translator writes them and as others do."""

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from yett.rules.apigateway.deployment import freeze
from yett.rules.apigateway.errors import BadRequest, NotOffered
from yett.rules.apigateway.openapi import import_api, parse_body
from yett.rules.apigateway.rest_api import EndpointConfiguration, Resource, RestApi
from yett.rules.execute_api.deployment import AuthorizationType

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEfGhI"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
MOCK = {"type": "mock", "requestTemplates": {"application/json": '{"statusCode": 200}'}}


def ids() -> Iterator[str]:
    return (f"id{number:04}" for number in itertools.count())


def empty_api() -> RestApi:
    return RestApi(
        id="abc1234567",
        account="123456789012",
        region="us-east-1",
        name="pets",
        created_date=NOW,
        api_key_source="HEADER",
        endpoint_configuration=EndpointConfiguration(types=("EDGE",), ip_address_type="ipv4"),
        disable_execute_api_endpoint=False,
        root_resource_id="root000000",
        resources={"root000000": Resource(id="root000000", path="/")},
    )


def imported(document: dict[str, Any], api: RestApi | None = None, *, merge: bool = False) -> RestApi:
    body = parse_body(json.dumps(document).encode())
    return import_api(body, api or empty_api(), merge=merge, partition="aws", ids=ids())


def document(**operation: Any) -> dict[str, Any]:
    return {
        "openapi": "3.0.1",
        "info": {"title": "pets", "version": "1"},
        "paths": {"/pets/{id}": {"get": {"x-amazon-apigateway-integration": MOCK, **operation}}},
        "components": {
            "securitySchemes": {
                "Iam": {
                    "type": "apiKey",
                    "name": "Authorization",
                    "in": "header",
                    "x-amazon-apigateway-authtype": "awsSigv4",
                },
                "Pool": {
                    "type": "apiKey",
                    "name": "X-Token",
                    "in": "header",
                    "x-amazon-apigateway-authtype": "cognito_user_pools",
                    "x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": [POOL]},
                },
                "Key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
                "Basic": {"type": "http", "scheme": "basic"},
            }
        },
    }


class Session:
    region_name = "us-east-1"


def translated(auth: dict[str, Any], events: dict[str, Any], **api: Any) -> dict[str, Any]:
    """The body that SAM makes of an API and its events, its intrinsic functions answered."""
    template = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            "Api": {"Type": "AWS::Serverless::Api", "Properties": {"StageName": "Prod", "Auth": auth, **api}},
            "Fn": {
                "Type": "AWS::Serverless::Function",
                "Properties": {
                    "Runtime": "python3.12",
                    "Handler": "a.b",
                    "CodeUri": "s3://b/k",
                    "Events": {
                        name: {"Type": "Api", "Properties": {"RestApiId": {"Ref": "Api"}} | event}
                        for name, event in events.items()
                    },
                },
            },
        },
    }
    made = Translator({}, Parser(), boto_session=Session()).translate(template, parameter_values={})
    text = json.dumps(made["Resources"]["Api"]["Properties"]["Body"])
    return answered(json.loads(text))


def answered(node: Any) -> Any:
    if isinstance(node, list):
        return [answered(one) for one in node]
    if isinstance(node, dict):
        if set(node) == {"Ref"}:
            return "stack"
        if set(node) == {"Fn::Sub"}:
            text, values = node["Fn::Sub"] if isinstance(node["Fn::Sub"], list) else (node["Fn::Sub"], {})
            for name, value in {"AWS::Region": "us-east-1", "Fn.Arn": FUNCTION, **answered(values)}.items():
                text = text.replace(f"${{{name}}}", value)
            return text
        return {name: answered(one) for name, one in node.items()}
    return node


AUTH = {
    "DefaultAuthorizer": "Cog",
    "AddDefaultAuthorizerToCorsPreflight": False,
    "ResourcePolicy": {
        "CustomStatements": {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "execute-api:Invoke",
            "Resource": "execute-api:/*",
        }
    },
    "Authorizers": {
        "Cog": {"UserPoolArn": POOL},
        "Tok": {"FunctionArn": FUNCTION, "Identity": {"ValidationExpression": "^Bearer .*$", "ReauthorizeEvery": 60}},
        "Req": {
            "FunctionArn": FUNCTION,
            "FunctionPayloadType": "REQUEST",
            "Identity": {"Headers": ["X-A"], "QueryStrings": ["q"]},
        },
    },
}
EVENTS = {
    "Cog": {"Path": "/cog", "Method": "get"},
    "Scope": {"Path": "/scope", "Method": "get", "Auth": {"Authorizer": "Cog", "AuthorizationScopes": ["pets/read"]}},
    "None": {"Path": "/none", "Method": "get", "Auth": {"Authorizer": "NONE"}},
    "Iam": {"Path": "/iam", "Method": "post", "Auth": {"Authorizer": "AWS_IAM"}},
    "Tok": {"Path": "/tok/{id}", "Method": "any", "Auth": {"Authorizer": "Tok"}},
    "Req": {"Path": "/req", "Method": "get", "Auth": {"Authorizer": "Req"}},
}


@pytest.mark.parametrize("version", [None, "3.0.1"])
def test_a_body_of_sam_becomes_the_api_that_its_author_meant(version: str | None) -> None:
    further = {} if version is None else {"OpenApiVersion": version}
    api = imported(translated(AUTH, EVENTS, Cors="'*'", BinaryMediaTypes=["image/png"], **further))
    frozen = freeze(api, deployment_id="dep000", now=NOW)
    names = {one.id: one.name for one in frozen.authorizers}
    found = {
        (resource.path, method.http_method): (method.authorization_type, names.get(method.authorizer_id or ""))
        for resource in frozen.resources
        for method in resource.methods
        if method.http_method != "OPTIONS"
    }
    assert found == {
        ("/cog", "GET"): (AuthorizationType.COGNITO_USER_POOLS, "Cog"),
        ("/scope", "GET"): (AuthorizationType.COGNITO_USER_POOLS, "Cog"),
        ("/none", "GET"): (AuthorizationType.NONE, None),
        ("/iam", "POST"): (AuthorizationType.AWS_IAM, None),
        ("/tok/{id}", "ANY"): (AuthorizationType.CUSTOM, "Tok"),
        ("/req", "GET"): (AuthorizationType.CUSTOM, "Req"),
    }
    preflights = [one for resource in frozen.resources for one in resource.methods if one.http_method == "OPTIONS"]
    assert len(preflights) == 6
    assert {one.authorization_type for one in preflights} == {AuthorizationType.NONE}
    assert all(
        "method.response.header.Access-Control-Allow-Origin" in one.integration.responses[0].response_parameters
        for one in preflights
    )
    by_name = {one.name: one for one in frozen.authorizers}
    assert by_name["Cog"].identity_source == by_name["Tok"].identity_source == "method.request.header.Authorization"
    assert by_name["Req"].identity_source == "method.request.header.X-A, method.request.querystring.q"
    assert (by_name["Tok"].result_ttl_seconds, by_name["Req"].result_ttl_seconds) == (60, 300)
    assert frozen.binary_media_types == ("image/png",)
    assert "arn:aws:execute-api:us-east-1:123456789012:abc1234567/*" in (frozen.policy or "")


def test_scopes_stay_with_their_method() -> None:
    api = imported(document(security=[{"Pool": ["pets/read", "pets/write"]}]))
    method = next(one for one in api.resources.values() if one.path == "/pets/{id}").resource_methods["GET"]
    assert method.authorization_scopes == ("pets/read", "pets/write")
    # spec 08, no. 19 and 23
    (authorizer,) = api.authorizers.values()
    assert authorizer.authorizer_result_ttl_in_seconds == 300
    assert (authorizer.auth_type, authorizer.identity_source) == ("cognito_user_pools", "method.request.header.X-Token")


@pytest.mark.parametrize(
    ("change", "feature", "pointer"),
    [
        ({"security": [{"Key": []}]}, "API keys", "#/paths/~1pets~1{id}/get/security/0/Key"),
        ({"security": [{"Basic": []}]}, "`Basic`", "#/paths/~1pets~1{id}/get/security/0/Basic"),
        ({"security": [{"Iam": []}, {"Pool": []}]}, "several kinds", "#/paths/~1pets~1{id}/get/security"),
        ({"x-amazon-apigateway-request-validator": "all"}, "request validators", "#/paths/~1pets~1{id}/get/"),
        ({"x-amazon-apigateway-surprise": 1}, "x-amazon-apigateway-surprise", "#/paths/~1pets~1{id}/get/"),
        ({"X-Amazon-Apigateway-Integration": 1}, "X-Amazon-Apigateway-Integration", "#/paths/~1pets~1{id}/get/"),
        (
            {"x-amazon-apigateway-integration": {"type": "aws", "uri": URI, "httpMethod": "POST"}},
            "type AWS",
            "#/paths/~1pets~1{id}/get/x-amazon-apigateway-integration/type",
        ),
        (
            {"x-amazon-apigateway-integration": MOCK | {"surprise": 1}},
            "`surprise`",
            "#/paths/~1pets~1{id}/get/x-amazon-apigateway-integration/surprise",
        ),
    ],
)
def test_what_bears_on_access_and_is_not_enforced_stops_the_import(
    change: dict[str, Any], feature: str, pointer: str
) -> None:
    with pytest.raises(NotOffered) as refused:
        imported(document(**change))
    assert feature in refused.value.message
    assert pointer in refused.value.message


@pytest.mark.parametrize(
    ("root", "feature"),
    [
        ({"x-amazon-apigateway-security-policy": "x"}, "TLS"),
        ({"x-amazon-apigateway-cors": {}}, "CORS"),
        ({"x-amazon-apigateway-unheard-of": {}}, "unheard-of"),
        ({"x-amazon-apigateway-endpoint-configuration": {"vpcEndpointIds": ["vpce-1"]}}, "VPC endpoints"),
    ],
)
def test_so_does_what_stands_at_the_root(root: dict[str, Any], feature: str) -> None:
    with pytest.raises(NotOffered, match=feature):
        imported(document() | root)


def test_a_scheme_that_is_not_defined_opens_nothing() -> None:
    with pytest.raises(BadRequest, match="`Typo` is not defined"):
        imported(document(security=[{"Typo": []}]))


def test_a_signature_is_asked_for_where_sam_names_it_without_defining_it() -> None:
    # AWS::Serverless::Api with MergeDefinitions: the scheme AWS_IAM is used and not defined.
    api = imported(document(security=[{"AWS_IAM": []}]))
    assert (
        freeze(api, deployment_id="d", now=NOW).resources[-1].methods[0].authorization_type is AuthorizationType.AWS_IAM
    )


def test_a_root_security_is_ignored_with_a_warning() -> None:
    api = imported(document() | {"security": [{"Iam": []}]})
    assert "#/security" in api.warnings[0]
    assert freeze(api, deployment_id="d", now=NOW).resources[-1].methods[0].authorization_type is AuthorizationType.NONE


def test_an_overwrite_keeps_ids_and_drops_what_is_gone() -> None:
    first = imported(document(security=[{"Pool": []}]))
    second = document(security=[{"Pool": []}])
    second["paths"]["/dogs"] = second["paths"]["/pets/{id}"]
    grown = imported(second, first)
    kept = {one.path: one.id for one in grown.resources.values()}
    assert all(kept[one.path] == one.id for one in first.resources.values())
    assert set(grown.authorizers) == set(first.authorizers)
    del second["paths"]["/pets/{id}"]
    assert {one.path for one in imported(second, grown).resources.values()} == {"/", "/dogs"}
    assert {one.path for one in imported(second, first, merge=True).resources.values()} == {
        "/",
        "/pets",
        "/pets/{id}",
        "/dogs",
    }


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"swagger": "1.2"}', b"a: [", b"\xff\xfe\x00", b"[" * 100_000])
def test_what_is_no_document_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        parse_body(body)


def test_yaml_is_taken_but_no_bomb() -> None:
    assert parse_body(b"swagger: '2.0'\npaths: {}\n") == {"swagger": "2.0", "paths": {}}
    lines = ["swagger: '2.0'", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(BadRequest, match="values at most"):
        parse_body("\n".join(lines).encode())


WHOLE: dict[str, Any] = {
    "x-amazon-apigateway-gateway-responses": {
        "DEFAULT_4XX": {"responseParameters": {"gatewayresponse.header.X": "'*'"}}
    },
    "x-amazon-apigateway-api-key-source": "HEADER",
    "x-amazon-apigateway-minimum-compression-size": 1024,
    "servers": [{"url": "/", "x-amazon-apigateway-endpoint-configuration": {"disableExecuteApiEndpoint": True}}],
    "x-amazon-apigateway-policy": {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}},
}


def test_settings_of_the_whole_api_are_read_and_kept_by_a_merge() -> None:
    read = document() | WHOLE
    read["components"]["schemas"] = {"Pet": {"type": "object"}}
    api = imported(read)
    assert api.gateway_responses["DEFAULT_4XX"].response_parameters == {"gatewayresponse.header.X": "'*'"}
    assert (api.minimum_compression_size, api.disable_execute_api_endpoint) == (1024, True)
    assert set(api.models) == {"Pet"}
    merged = imported(document(), api, merge=True)
    assert (merged.policy, merged.gateway_responses) == (api.policy, api.gateway_responses)
    replaced = imported(document(), api)
    assert (replaced.policy, replaced.gateway_responses) == (None, {})


def test_parameters_and_responses_are_read_through_references() -> None:
    operation = {
        "parameters": [{"$ref": "#/components/parameters/Id"}, {"name": "b", "in": "body"}],
        "responses": {"200": {"$ref": "#/components/responses/Ok"}, "default": {}},
    }
    read = document(**operation)
    read["components"] |= {
        "parameters": {"Id": {"name": "id", "in": "path", "required": True}},
        "responses": {"Ok": {"headers": {"X-Count": {}}}},
    }
    method = freeze(imported(read), deployment_id="d", now=NOW).resources[-1].methods[0]
    assert method.request_parameters == {"method.request.path.id": True}
    assert method.response_parameters == {"200": {"method.response.header.X-Count": False}}
    for wrong in ("#/components/parameters/None", "other.yaml#/x"):
        with pytest.raises(BadRequest, match="unresolved reference"):
            imported(document(parameters=[{"$ref": wrong}]))


@pytest.mark.parametrize(("kind", "expect"), [("aws_iam", "AWS_IAM"), ("NONE", "NONE")])
def test_the_auth_extension_is_read(kind: str, expect: str) -> None:
    api = imported(document(**{"x-amazon-apigateway-auth": {"type": kind}}))
    assert freeze(api, deployment_id="d", now=NOW).resources[-1].methods[0].authorization_type == expect


def one_path(path: str) -> dict[str, Any]:
    return document() | {"paths": {path: {"get": {"x-amazon-apigateway-integration": MOCK}}}}


def two_rows(status: str) -> dict[str, Any]:
    rows = {"default": {"statusCode": "200"}, "4..": {"statusCode": status}}
    return document(**{"x-amazon-apigateway-integration": MOCK | {"responses": rows}})


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        (
            document(**{"x-amazon-apigateway-auth": {"type": "CUSTOM"}}),
            "#/paths/~1pets~1{id}/get/x-amazon-apigateway-auth",
        ),
        (document() | {"x-amazon-apigateway-api-key-source": "BODY"}, "#/x-amazon-apigateway-api-key-source"),
        (document() | {"x-amazon-apigateway-policy": {"Statement": []}}, "#/x-amazon-apigateway-policy"),
        (
            document() | {"x-amazon-apigateway-gateway-responses": {"FAKE": {}}},
            "#/x-amazon-apigateway-gateway-responses/FAKE",
        ),
        (document() | {"paths": []}, "#/paths"),
        (one_path("/a b"), "#/paths/~1a b"),
        (one_path("/{x+}/y"), "#/paths/~1{x+}~1y"),
        (two_rows("200"), "#/paths/~1pets~1{id}/get/x-amazon-apigateway-integration/responses/4.."),
        (document(responses={"2XX": {}}), "#/paths/~1pets~1{id}/get/responses/2XX"),
    ],
)
def test_a_fault_is_told_with_its_pointer(wrong: dict[str, Any], pointer: str) -> None:
    with pytest.raises(BadRequest) as refused:
        imported(wrong)
    assert f"(at `{pointer}`)" in refused.value.message


def test_an_integrations_rows_are_found_by_their_patterns() -> None:
    method = freeze(imported(two_rows("404")), deployment_id="d", now=NOW).resources[-1].methods[0]
    assert [(one.selection_pattern, one.status_code) for one in method.integration.responses] == [
        (None, "200"),
        ("4..", "404"),
    ]
