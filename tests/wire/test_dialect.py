"""Round trips through botocore's own serialisers and parsers: an implementation that is not ours."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.wire.sdk import REQUEST_ID, build, read
from tests.wire.values import structures

from yett.wire import find_operation, find_service, parse_input, render_error, render_output, service_model
from yett.wire.shapes import Kind, Location, NotInModel, Operation, Shape

SERVICES = ["iam", "sts", "organizations", "lambda", "apigateway", "cognito-idp", "dynamodb"]
# Streams of events are not spoken.
STREAMED = {"InvokeWithResponseStream"}
OPERATIONS = {
    service: [
        operation for name, operation in sorted(service_model(service).operations.items()) if name not in STREAMED
    ]
    for service in SERVICES
}
PACE = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("service", SERVICES)
@PACE
@given(st.data())
def test_what_botocore_sends_is_what_we_read(service: str, data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(OPERATIONS[service]), label="operation")
    params = data.draw(structures(operation.input), label="params") if operation.input else {}
    request = build(service, operation.name, params)
    assert find_operation(request, service_model(service)) is operation
    assert parse_input(operation, request) == as_sent(operation, params)


@pytest.mark.parametrize("service", SERVICES)
@PACE
@given(st.data())
def test_what_we_answer_is_what_botocore_reads(service: str, data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from([o for o in OPERATIONS[service] if o.output]), label="operation")
    assert operation.output is not None
    result = data.draw(structures(operation.output), label="result")
    for name, member in operation.output.members.items():
        if member.location is Location.STATUS_CODE:
            result[name] = 202
    response = render_output(operation, result, REQUEST_ID)
    if response.status == 204:
        return
    parsed = read(service, operation.name, response)
    expected = without_empty_text(result)
    payload = operation.output.payload
    if payload is not None and expected.get(payload) == b"":
        del expected[payload]
    if "contentType" not in expected:
        parsed.pop("contentType", None)  # every body has a type; ours, where the result names none
    assert without_defaults(parsed, result) == expected


@pytest.mark.parametrize("service", SERVICES)
def test_every_error_of_a_model_is_read_back_with_its_code_and_status(service: str) -> None:
    model = service_model(service)
    operation = OPERATIONS[service][0].name
    for error in model.errors.values():
        response = render_error(model, error.name, "no <good> & \u00fc", request_id=REQUEST_ID)
        parsed = read(service, operation, response)
        assert parsed["Error"]["Code"] == error.error_code
        assert parsed["Error"]["Message"] == "no <good> & \u00fc"
        assert response.status == (error.error_status or 400)


def test_an_error_may_be_named_without_its_suffix() -> None:
    response = render_error(service_model("iam"), "NoSuchEntity", "gone", request_id=REQUEST_ID)
    assert (response.status, read("iam", "GetUser", response)["Error"]["Type"]) == (404, "Sender")
    response = render_error(service_model("cognito-idp"), "UserNotFound", "gone", request_id=REQUEST_ID)
    assert read("cognito-idp", "AdminGetUser", response)["Error"]["Code"] == "UserNotFoundException"


def test_further_members_of_an_error_reach_the_client() -> None:
    fields = {"retryAfterSeconds": "7", "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded"}
    response = render_error(
        service_model("lambda"), "TooManyRequestsException", "Rate Exceeded.", request_id=REQUEST_ID, fields=fields
    )
    assert response.status == 429
    assert response.headers.get("retry-after") == "7"
    assert b'"Type":"User"' in response.body


@pytest.mark.parametrize(
    ("service", "operation"), [("iam", "GetUser"), ("lambda", "GetFunction"), ("cognito-idp", "SignUp")]
)
def test_a_member_that_the_model_lacks_is_a_mistake_of_ours(service: str, operation: str) -> None:
    with pytest.raises(NotInModel):
        render_output(service_model(service).operations[operation], {"Nonsense": 1}, REQUEST_ID)


def test_services_are_told_apart_by_what_unsigned_requests_say() -> None:
    for service, operation, params in [
        ("cognito-idp", "InitiateAuth", {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "x"}),
        ("sts", "AssumeRoleWithWebIdentity", {"RoleArn": "a", "RoleSessionName": "b", "WebIdentityToken": "c"}),
        ("lambda", "ListFunctions", {}),
        ("apigateway", "GetRestApis", {}),
    ]:
        request = build(service, operation, params)
        assert find_operation(request, find_service(request, SERVICES)).name == operation


def as_sent(operation: Operation, params: dict[str, Any]) -> dict[str, Any]:
    """The parameters as they can arrive: what no protocol can write is gone."""
    service, shape = operation.service.name, operation.input
    if service in ("iam", "sts") and shape is not None:
        sent = drop_empty(shape, params)
        assert isinstance(sent, dict)
        return sent
    sent = dict(params)
    if shape is not None and shape.payload and shape.members[shape.payload].shape.kind is Kind.STRUCTURE:
        sent.setdefault(shape.payload, {})  # botocore writes an empty object for an absent payload
    for name, value in params.items():
        assert shape is not None
        member = shape.members[name]
        if member.location is not None and value in ({}, []):
            del sent[name]
        if name == shape.payload and not value and member.shape.kind in (Kind.STRING, Kind.BLOB):
            del sent[name]
    return sent


def drop_empty(shape: Shape, value: Any) -> Any:
    """A form has no way to write a structure or a map without members."""
    match shape.kind:
        case Kind.STRUCTURE:
            inside = {n: drop_empty(shape.members[n].shape, v) for n, v in value.items()}
            return {n: v for n, v in inside.items() if v != {}}
        case Kind.LIST:
            items = [drop_empty(shape.members["member"].shape, v) for v in value]
            kept = [item for item in items if item != {}]
            return kept if kept or not items else {}
        case Kind.MAP:
            return {k: drop_empty(shape.members["value"].shape, v) for k, v in value.items()}
        case _:
            return value


def without_defaults(parsed: Any, result: Any) -> Any:
    """botocore fills in lists and maps that are absent from XML: what is empty and not in the result does not count."""
    if isinstance(parsed, dict):
        kept = {k: without_defaults(v, result.get(k) if isinstance(result, dict) else None) for k, v in parsed.items()}
        return {
            k: v for k, v in kept.items() if v not in ("", None) and not (v in ([], {}) and k not in (result or {}))
        }
    if isinstance(parsed, list):
        pairs = zip(parsed, result if isinstance(result, list) else [None] * len(parsed), strict=False)
        return [without_defaults(p, r) for p, r in pairs]
    return parsed


def without_empty_text(result: Any) -> Any:
    """XML cannot tell an empty text from an absent one for some of botocore's parsers."""
    if isinstance(result, dict):
        return {k: without_empty_text(v) for k, v in result.items() if v not in ("", None)}
    if isinstance(result, list):
        return [without_empty_text(v) for v in result]
    return result
