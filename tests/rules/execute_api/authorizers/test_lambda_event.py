import json

from tests.rules.execute_api.support import HOST, NOW, make_plan, make_request, method, resource, route

from yett.rules.execute_api.authorizers.lambda_event import render_request_event, render_token_event

EXTENDED_ID = "Dx4tPEtaSXiGlaQ="
IDENTITY = {
    "accessKey": None,
    "accountId": None,
    "caller": None,
    "cognitoAuthenticationProvider": None,
    "cognitoAuthenticationType": None,
    "cognitoIdentityId": None,
    "cognitoIdentityPoolId": None,
    "principalOrgId": None,
    "sourceIp": "203.0.113.7",
    "user": None,
    "userAgent": "curl/8",
    "userArn": None,
}


def test_a_token_authorizer_gets_the_header_verbatim() -> None:
    """Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html"""
    plan = make_plan(resource("/pets/{id}", method()))
    routed = route(plan, make_request("GET", "/pets/42"), "/pets/42")
    assert json.loads(render_token_event(routed, "Bearer  a.b.c")) == {
        "type": "TOKEN",
        "authorizationToken": "Bearer  a.b.c",
        "methodArn": "arn:aws:execute-api:us-east-1:123456789012:abc123/prod/GET/pets/42",
    }


def test_the_root_has_an_arn_with_a_slash_at_its_end() -> None:
    routed = route(make_plan(resource("/", method())), make_request("GET", "/"), "/")
    assert json.loads(render_token_event(routed, "t"))["methodArn"].endswith("abc123/prod/GET/")


def test_a_request_authorizer_gets_the_request_without_its_body() -> None:
    plan = make_plan(resource("/pets/{id}", method("POST")), variables={"tenant": "t1"})
    headers = (("tEsT", "1"), ("TeSt", "2"), ("user-agent", "curl/8"), ("authorization", "Bearer x"))
    request = make_request("POST", "/pets/42", *headers, query="q=1&q=a%20b", body=b"secret body")
    event = json.loads(render_request_event(route(plan, request, "/pets/42")))
    assert event == {
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:us-east-1:123456789012:abc123/prod/POST/pets/42",
        "resource": "/pets/{id}",
        "path": "/pets/42",
        "httpMethod": "POST",
        "headers": {"Host": f"{HOST}:4566", "tEsT": "2", "User-Agent": "curl/8", "Authorization": "Bearer x"},
        "multiValueHeaders": {
            "Host": [f"{HOST}:4566"],
            "tEsT": ["1", "2"],
            "User-Agent": ["curl/8"],
            "Authorization": ["Bearer x"],
        },
        "queryStringParameters": {"q": "a b"},
        "multiValueQueryStringParameters": {"q": ["1", "a b"]},
        "pathParameters": {"id": "42"},
        "stageVariables": {"tenant": "t1"},
        "requestContext": {
            "resourceId": "id of /pets/{id}",
            "resourcePath": "/pets/{id}",
            "httpMethod": "POST",
            "extendedRequestId": EXTENDED_ID,
            "requestTime": "04/Mar/2026:05:06:07 +0000",
            "path": "/prod/pets/42",
            "accountId": "123456789012",
            "protocol": "HTTP/1.1",
            "stage": "prod",
            "domainPrefix": "abc123",
            "requestTimeEpoch": int(NOW.timestamp() * 1000),
            "requestId": request.request_id,
            "identity": IDENTITY,
            "domainName": HOST,
            "deploymentId": "dep1",
            "apiId": "abc123",
        },
    }


def test_maps_that_hold_nothing_are_empty_here_and_not_null() -> None:
    """Spec 04, 3.2 (OBSERVED)."""
    routed = route(make_plan(resource("/", method())), make_request("GET", "/"), "/")
    event = json.loads(render_request_event(routed))
    empty = ("queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables")
    assert [event[name] for name in empty] == [{}, {}, {}, {}]
