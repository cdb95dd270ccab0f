from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.execute_api.support import NOW, REQUEST_ID, call, http, user

from yett.rules.execute_api.deployment import AuthorizationType
from yett.rules.execute_api.errors import ApiConfigurationError, BadRequestParameters
from yett.rules.execute_api.integrations.http_request import OutgoingRequest, build_request
from yett.rules.execute_api.mapping.trace_header import make_root
from yett.values.header_lines import render_header_lines

GATEWAY_LINES = {
    "X-Amzn-Apigateway-Api-Id": "abc123",
    "X-Amzn-Trace-Id": make_root(NOW, REQUEST_ID),
    "X-Forwarded-For": "203.0.113.7",
    "X-Forwarded-Port": "4566",
    "X-Forwarded-Proto": "http",
}


def outgoing(
    uri: str = "http://backend.test/", *, mapped: dict[str, str] | None = None, **more: Any
) -> OutgoingRequest:
    verb = more.pop("http_method", "ANY")
    integration = http(uri, request_parameters=mapped or {})
    if verb != "ANY":
        integration = type(integration)(type=integration.type, http_method=verb, uri=uri)
    return build_request(call(integration, **more), port=4566)


def path_of(**more: Any) -> str:
    return outgoing(
        "http://backend.test/base/{id}", mapped={"integration.request.path.id": more.pop("of")}, **more
    ).target


def test_a_plain_call_is_passed_on() -> None:
    sent = outgoing(
        "http://backend.test:8080/v1?own=1",
        verb="POST",
        query="a=1&a=2&b=%20",
        body=b"data",
        headers=(("User-Agent", "curl/8"), ("X-Client", "1"), ("x-client", "2")),
    )
    endpoint = sent.endpoint
    assert (sent.method, endpoint.scheme, endpoint.host, endpoint.port) == ("POST", "http", "backend.test", 8080)
    assert sent.target == "/v1?own=1&a=1&a=2&b=%20"
    assert sent.headers == (
        ("User-Agent", "curl/8"),
        ("X-Client", "1"),
        ("x-client", "2"),
        *GATEWAY_LINES.items(),
    )


def test_an_integration_may_have_a_method_of_its_own() -> None:
    assert outgoing(verb="GET", http_method="POST").method == "POST"


def test_a_client_without_an_agent_goes_by_the_gateway_s() -> None:
    assert ("User-Agent", "AmazonAPIGateway_abc123") in outgoing().headers


def test_the_client_s_address_is_added_to_those_before_it() -> None:
    sent = outgoing(headers=(("X-Forwarded-For", "198.51.100.1"), ("x-forwarded-for", "198.51.100.2")))
    assert ("X-Forwarded-For", "198.51.100.1, 198.51.100.2, 203.0.113.7") in sent.headers


def test_what_only_the_gateway_may_say_is_not_the_client_s_to_say() -> None:
    forged = tuple((name.lower(), "forged") for name in GATEWAY_LINES if name != "X-Forwarded-For")
    assert "forged" not in str(outgoing(headers=forged).headers)


def test_a_signature_never_reaches_the_backend() -> None:
    signed = ("Authorization", "AWS4-HMAC-SHA256 Credential=x")
    assert "authorization" not in names(outgoing(headers=(signed,)))
    basic = outgoing(headers=(("Authorization", "Basic x"), signed))
    assert "authorization" not in names(basic)
    iam = outgoing(headers=(("Authorization", "Basic x"),), kind=AuthorizationType.AWS_IAM, identity=user())
    assert "authorization" not in names(iam)
    assert "authorization" in names(outgoing(headers=(("Authorization", "Bearer x"),)))


def names(sent: OutgoingRequest) -> list[str]:
    return [name.lower() for name, _ in sent.headers]


def test_a_mapped_header_replaces_the_client_s_even_where_it_has_no_value() -> None:
    mapped = {
        "integration.request.header.X-User": "context.authorizer.principalId",
        "integration.request.header.X-Tenant": "stageVariables.tenant",
    }
    sent = outgoing(mapped=mapped, headers=(("x-user", "admin"), ("x-tenant", "other")), variables={"tenant": "t1"})
    assert [line for line in sent.headers if line[0].lower() in {"x-user", "x-tenant"}] == [("X-Tenant", "t1")]


def test_a_mapped_parameter_replaces_the_client_s() -> None:
    mapped = {"integration.request.querystring.tenant": "'t 1'"}
    assert outgoing(mapped=mapped, query="a=1&tenant=evil&t%65nant=evil").target == "/?a=1&tenant=t%201"


def test_a_mapped_parameter_replaces_the_client_s_behind_a_semicolon_too() -> None:
    mapped = {"integration.request.querystring.tenant": "'t1'"}
    assert outgoing(mapped=mapped, query="a=1;tenant=evil;b=2").target == "/?a=1&b=2&tenant=t1"
    assert outgoing(mapped=mapped, query="a=1;b=2").target == "/?a=1;b=2&tenant=t1"


def test_a_client_cannot_pass_for_the_gateway_with_underscores() -> None:
    mapped = {"integration.request.header.X_User": "'alice'"}
    forged = (("X_User", "admin"), ("x-user", "admin"), ("X_Forwarded_Proto", "https"), ("X_Client", "kept"))
    sent = outgoing(mapped=mapped, headers=forged)
    assert [line for line in sent.headers if "user" in line[0].lower()][:1] == [("X_User", "alice")]
    assert "admin" not in str(sent.headers)
    assert "X_Forwarded_Proto" not in str(sent.headers)
    assert ("X_Client", "kept") in sent.headers


@pytest.mark.parametrize(
    "path",
    ["/../admin", "/a/../../admin", "/%2e%2e/admin", "/.%2E/admin", "/a/..", "/./a", "/..;x=1/admin", "/a%2f..%2fb",
     "/..%5cadmin", "/a\\..\\b"],
)  # fmt: skip
def test_a_path_that_leads_out_of_the_integration_s_is_refused(path: str) -> None:
    mapped = {"integration.request.path.proxy": "method.request.path.proxy"}
    with pytest.raises(BadRequestParameters):
        outgoing("http://backend.test/public/{proxy}", mapped=mapped, template="/{proxy+}", path=path)


@pytest.mark.parametrize("path", ["/a..b", "/...", "/.well-known/x", "/a/.hidden", "/a.", "/v1..2/x"])
def test_dots_within_a_name_are_no_way_out(path: str) -> None:
    mapped = {"integration.request.path.proxy": "method.request.path.proxy"}
    sent = outgoing("http://backend.test/public/{proxy}", mapped=mapped, template="/{proxy+}", path=path)
    assert sent.target == f"/public{path}"


def test_the_override_header_reaches_a_backend_only_where_it_is_mapped() -> None:
    """Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html"""
    header = (("X-HTTP-Method-Override", "DELETE"),)
    assert "x-http-method-override" not in names(outgoing(headers=header))
    mapped = {"integration.request.header.X-HTTP-Method-Override": "method.request.header.X-HTTP-Method-Override"}
    assert ("X-HTTP-Method-Override", "DELETE") in outgoing(mapped=mapped, headers=header).headers


@pytest.mark.parametrize(
    ("path", "expected"), [("/pets/7", "/base/7"), ("/pets/a%2Fb%20c", "/base/a%2Fb%20c"), ("/pets/a?b", "/base/a%3Fb")]
)
def test_a_path_parameter_keeps_the_client_s_encoding(path: str, expected: str) -> None:
    assert path_of(of="method.request.path.id", template="/pets/{id}", path=path) == expected


def test_a_greedy_parameter_keeps_its_slashes() -> None:
    mapped = {"integration.request.path.proxy": "method.request.path.proxy"}
    sent = outgoing("http://backend.test/{proxy}", mapped=mapped, template="/{proxy+}", path="/a/b%20/c")
    assert sent.target == "/a/b%20/c"


def test_text_from_elsewhere_fills_one_segment_and_no_more() -> None:
    assert path_of(of="method.request.querystring.q", query="q=..%2F..%2Fadmin%3Fx%23%25").startswith(
        "/base/..%2F..%2Fadmin%3Fx%23%25?"
    )


def test_a_value_does_not_bring_placeholders_of_its_own() -> None:
    mapped = {"integration.request.path.a": "method.request.querystring.q", "integration.request.path.b": "'secret'"}
    assert outgoing("http://backend.test/{a}/{b}", mapped=mapped, query="q={b}").target.startswith("/%7Bb%7D/secret?")


@pytest.mark.parametrize("uri", ["http://backend.test/{proxy}", "ftp://backend.test/", "http://${stageVariables.x}/"])
def test_a_uri_that_cannot_be_filled_in_is_a_fault_of_the_api(uri: str) -> None:
    with pytest.raises(ApiConfigurationError):
        outgoing(uri)


@given(st.text(max_size=20))
def test_no_mapped_value_ends_a_line_or_leaves_the_query(value: str) -> None:
    mapped = {
        "integration.request.header.X-Q": "stageVariables.v",
        "integration.request.querystring.q": "stageVariables.v",
    }
    if value and "{" not in value:
        sent = outgoing(mapped=mapped, variables={"v": value.encode("utf-8", "replace").decode()})
        assert render_header_lines(sent.headers).count(b"\r\n") == len(sent.headers)
        assert sent.target.isascii()
        assert " " not in sent.target
        assert "#" not in sent.target
