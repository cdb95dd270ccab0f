import pytest
from tests.wire.sdk import request

from yett.wire import MalformedInput, parse_input, render_error, service_model


def parse(service: str, operation: str, body: bytes) -> dict[str, object]:
    return parse_input(service_model(service).operations[operation], request("POST", "/", (), body))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"UserPoolId": 1}', "NUMBER_VALUE can not be converted to String"),
        (b'{"MaxResults": "ten"}', "STRING_VALUE can not be converted to Integer"),
        (b'{"UserPoolId": {}}', "START_OBJECT can not be converted to String"),
        (b"[]", "START_ARRAY can not be converted to Object"),
        (b"{", "the body is not valid JSON"),
        (b"\xff", "the body is not valid JSON"),
        (b"[" * 100_000, "the body is not valid JSON"),
        (b'{"UserPoolId": "\\ud800"}', "the body is not valid JSON"),
    ],
)
def test_what_is_not_of_its_type_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(MalformedInput) as refused:
        parse("cognito-idp", "ListUserPoolClients", body)
    assert refused.value.reason == reason


def test_nulls_and_unknown_members_count_as_absent() -> None:
    body = b'{"UserPoolId": "p", "NextToken": null, "Colour": "red"}'
    assert parse("cognito-idp", "ListUserPoolClients", body) == {"UserPoolId": "p"}


def test_no_body_is_an_empty_input() -> None:
    assert parse("organizations", "ListRoots", b"") == {}


def test_values_nested_too_deep_are_refused() -> None:
    item = '{"L":[' * 80 + "]}" * 80
    with pytest.raises(MalformedInput):
        parse("dynamodb", "PutItem", f'{{"TableName": "t", "Item": {{"a": {item}}}}}'.encode())


def test_dynamodb_names_the_home_of_an_error() -> None:
    service = service_model("dynamodb")
    own = render_error(service, "ResourceNotFoundException", "gone", request_id="r")
    assert b'"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"' in own.body
    common = render_error(service, "AccessDeniedException", "no", status=400, request_id="r")
    assert b'"__type":"com.amazon.coral.service#AccessDeniedException","Message":"no"' in common.body
