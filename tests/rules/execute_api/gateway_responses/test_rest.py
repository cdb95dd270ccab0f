import inspect
import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.policy import Decision, Outcome
from yett.rules.execute_api import errors
from yett.rules.execute_api.deployment import DeployedGatewayResponse
from yett.rules.execute_api.errors import (
    AccessDenied,
    ApiConfigurationError,
    AuthorizerConfigurationError,
    Forbidden,
    GatewayError,
    IntegrationFailure,
    InvalidSignature,
    MalformedPath,
    MalformedProxyResponse,
    MissingAuthenticationToken,
    ResponseType,
    Unauthorized,
)
from yett.rules.execute_api.gateway_responses.rest import DEFAULT_STATUS, render
from yett.values.header_lines import render_header_lines
from yett.values.http import Headers, HttpResponse

# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html, and 08 no. 28
STATUSES = {
    "ACCESS_DENIED": 403,
    "API_CONFIGURATION_ERROR": 500,
    "AUTHORIZER_CONFIGURATION_ERROR": 500,
    "AUTHORIZER_FAILURE": 500,
    "BAD_REQUEST_BODY": 400,
    "BAD_REQUEST_PARAMETERS": 400,
    "DEFAULT_4XX": None,
    "DEFAULT_5XX": None,
    "EXPIRED_TOKEN": 403,
    "INTEGRATION_FAILURE": 504,
    "INTEGRATION_TIMEOUT": 504,
    "INVALID_API_KEY": 403,
    "INVALID_SIGNATURE": 403,
    "MISSING_AUTHENTICATION_TOKEN": 403,
    "QUOTA_EXCEEDED": 429,
    "REQUEST_TOO_LARGE": 413,
    "RESOURCE_NOT_FOUND": 404,
    "THROTTLED": 429,
    "UNAUTHORIZED": 401,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "WAF_FILTERED": 403,
}
DENIED = AccessDenied(Decision(Outcome.IMPLICIT_DENY), message='not "you"')
SPECIAL = {
    AccessDenied: DENIED,
    InvalidSignature: InvalidSignature("x", error_type="InvalidSignatureException", message="m"),
}
KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, GatewayError) and kind is not GatewayError
]


def customized(*responses: DeployedGatewayResponse) -> Mapping[str, DeployedGatewayResponse]:
    return {each.response_type: each for each in responses}


def answer(error: GatewayError, *responses: DeployedGatewayResponse, **variables: str) -> HttpResponse:
    values = {name.replace("__", "."): value for name, value in variables.items()}
    return render(error, customized=customized(*responses), lookup=values.get)


def make(kind: type[GatewayError]) -> GatewayError:
    return SPECIAL.get(kind) or kind("the reason")


def test_all_types_have_the_status_that_the_reference_gives() -> None:
    assert {each.value: DEFAULT_STATUS[each] for each in ResponseType} == STATUSES


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_refusal_has_the_status_of_its_type_or_one_of_its_own_family(kind: type[GatewayError]) -> None:
    error = make(kind)
    expected = STATUSES[error.response_type.value]
    assert answer(error).status == error.status == (error.status if expected is None else expected)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.has_document], ids=lambda kind: kind.__name__)
def test_only_denials_spell_the_key_with_a_capital(kind: type[GatewayError]) -> None:
    """08 no. 45; spec 01, section 3 (OBSERVED)."""
    error = make(kind)
    given_answer = answer(error)
    assert json.loads(given_answer.body) == {"Message" if kind is AccessDenied else "message": error.message}
    assert given_answer.headers.lines == (("Content-Type", "application/json"), ("x-amzn-ErrorType", error.error_type))


@pytest.mark.parametrize(
    ("error", "body"),
    [
        (MissingAuthenticationToken("x"), b'{"message":"Missing Authentication Token"}'),
        (Unauthorized("x"), b'{"message":"Unauthorized"}'),
        (Forbidden("x"), b'{"message":"Forbidden"}'),
        (AuthorizerConfigurationError("x"), b'{"message":null}'),  # 16 bytes: 08 no. 46
        (IntegrationFailure("x"), b'{"message": "Network error communicating with endpoint"}'),  # 56: 08 no. 43
        (MalformedProxyResponse("x"), b'{"message":"Internal server error"}'),
    ],
)
def test_bodies_are_aws_s_to_the_byte(error: GatewayError, body: bytes) -> None:
    assert answer(error).body == body


def test_a_path_that_cannot_be_signed_is_a_plain_400_whatever_the_api_customizes() -> None:
    """Spec 02, section 4, no. 1."""
    family = DeployedGatewayResponse(response_type="DEFAULT_4XX", status_code="418")
    assert answer(MalformedPath("x"), family) == HttpResponse(status=400, headers=Headers(()), body=b"")


def test_the_reason_is_never_shown() -> None:
    assert b"secret detail" not in answer(ApiConfigurationError("secret detail")).body


def test_a_customized_type_gives_status_headers_and_body() -> None:
    response = DeployedGatewayResponse(
        response_type="UNAUTHORIZED",
        status_code="418",
        response_parameters={
            "gatewayresponse.header.WWW-Authenticate": "'Bearer'",
            "gatewayresponse.header.X-Path": "context.path",
            "gatewayresponse.header.X-Absent": "context.absent",
        },
        response_templates={
            "application/json": '{"m":$context.error.messageString,"raw":"$context.error.message",'
            '"t":"$context.error.responseType","p":"${context.path}","s":"$stageVariables.tenant","n":"$context.none"}'
        },
    )
    given_answer = answer(Unauthorized("x"), response, context__path="/prod/pets", stageVariables__tenant="t1")
    assert given_answer.status == 418
    assert json.loads(given_answer.body) == {
        "m": "Unauthorized",
        "raw": "Unauthorized",
        "t": "UNAUTHORIZED",
        "p": "/prod/pets",
        "s": "t1",
        "n": "",
    }
    assert given_answer.headers.lines == (
        ("Content-Type", "application/json"),
        ("x-amzn-ErrorType", "UnauthorizedException"),
        ("WWW-Authenticate", "Bearer"),
        ("X-Path", "/prod/pets"),
    )


def test_a_message_of_null_is_null_in_a_template_too() -> None:
    response = DeployedGatewayResponse(response_type="AUTHORIZER_CONFIGURATION_ERROR")
    assert answer(AuthorizerConfigurationError("x"), response).body == b'{"message":null}'


def test_a_customized_denial_has_a_small_letter() -> None:
    response = DeployedGatewayResponse(response_type="ACCESS_DENIED", status_code="404")
    assert json.loads(answer(DENIED, response).body) == {"message": 'not "you"'}


def test_a_type_that_is_not_customized_takes_its_family_s() -> None:
    cors = {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"}
    family = DeployedGatewayResponse(response_type="DEFAULT_4XX", response_parameters=cors)
    servers = DeployedGatewayResponse(response_type="DEFAULT_5XX", status_code="503")
    own = DeployedGatewayResponse(response_type="UNAUTHORIZED")
    denied = answer(DENIED, family, servers)
    assert denied.status == 403
    assert denied.headers.get("access-control-allow-origin") == "*"
    assert answer(Unauthorized("x"), family, own).headers.get("access-control-allow-origin") is None
    assert answer(MalformedProxyResponse("x"), family, servers).status == 503
    assert answer(IntegrationFailure("x"), servers).status == 503


def test_where_no_api_answers_nobody_s_customization_applies() -> None:
    family = DeployedGatewayResponse(response_type="DEFAULT_4XX", status_code="200")
    assert answer(Forbidden("x"), family).status == 403


def test_the_template_is_the_one_that_the_client_accepts_or_json_s() -> None:
    templates = {"text/html": "<p>", "application/json": "{}", "text/plain": "plain"}
    response = DeployedGatewayResponse(response_type="UNAUTHORIZED", response_templates=templates)
    chosen = answer(Unauthorized("x"), response, **{"method__request__header__Accept": "image/png, text/plain;q=0.5"})
    assert (chosen.headers.get("content-type"), chosen.body) == ("text/plain", b"plain")
    assert answer(Unauthorized("x"), response).body == b"{}"


def test_a_parameter_may_replace_the_content_type() -> None:
    parameters = {"gatewayresponse.header.content-type": "'text/plain'"}
    response = DeployedGatewayResponse(response_type="UNAUTHORIZED", response_parameters=parameters)
    types = [value for name, value in answer(Unauthorized("x"), response).headers if name.lower() == "content-type"]
    assert types == ["text/plain"]


@given(st.text())
def test_no_value_ends_its_header_line(value: str) -> None:
    parameters = {"gatewayresponse.header.X-Reason": "context.authorizer.reason"}
    response = DeployedGatewayResponse(response_type="ACCESS_DENIED", response_parameters=parameters)
    lines = answer(DENIED, response, context__authorizer__reason=value).headers.lines
    assert render_header_lines(lines).count(b"\r\n") == 3


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.has_document and kind not in SPECIAL])
def test_what_a_kind_answers_once_it_answers_again_whatever_was_said_in_between(kind: type[GatewayError]) -> None:
    first, own, again = answer(kind("a")), answer(kind("b", message="of this call alone")), answer(kind("c"))
    assert json.loads(own.body) == {"message": "of this call alone"}
    assert json.loads(again.body) == {"message": kind.default_message}
    assert (again.status, again.headers, again.body) == (first.status, first.headers, first.body)
