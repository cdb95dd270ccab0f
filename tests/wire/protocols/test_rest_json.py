import pytest
from tests.wire.sdk import REQUEST_ID, request

from yett.wire import MalformedInput, NotInModel, parse_input, render_error, render_output, service_model


def test_a_plus_in_a_query_string_is_a_plus() -> None:
    operation = service_model("apigateway").operations["GetApiKeys"]
    assert parse_input(operation, request("GET", "/apikeys?name=a+b%20c")) == {"nameQuery": "a+b c"}


def test_a_map_takes_the_query_parameters_that_no_other_member_takes() -> None:
    operation = service_model("apigateway").operations["ImportRestApi"]
    params = parse_input(
        operation, request("POST", "/restapis?mode=import&failonwarnings=true&basepath=prepend", (), b"{}")
    )
    assert params == {"failOnWarnings": True, "parameters": {"basepath": "prepend"}, "body": b"{}"}


def test_labels_are_decoded_once() -> None:
    operation = service_model("lambda").operations["GetFunction"]
    given = request("GET", "/2015-03-31/functions/arn%3Aaws%3Alambda%253A")
    assert parse_input(operation, given)["FunctionName"] == "arn:aws:lambda%3A"


@pytest.mark.parametrize("target", ["/apikeys?limit=many", "/apikeys?includeValues=yes"])
def test_what_is_not_of_its_type_is_refused(target: str) -> None:
    with pytest.raises(MalformedInput):
        parse_input(service_model("apigateway").operations["GetApiKeys"], request("GET", target))


def test_the_payload_of_an_invocation_is_its_body_and_the_rest_its_headers() -> None:
    operation = service_model("lambda").operations["Invoke"]
    result = {"StatusCode": 202, "FunctionError": "Unhandled", "Payload": b'{"a":1}'}
    response = render_output(operation, result, REQUEST_ID)
    assert (response.status, response.headers.get("x-amz-function-error"), response.body) == (
        202,
        "Unhandled",
        b'{"a":1}',
    )


def test_a_status_of_204_has_no_body() -> None:
    response = render_output(service_model("lambda").operations["TagResource"], {}, REQUEST_ID)
    assert (response.status, response.body) == (204, b"")


def test_a_header_cannot_be_split() -> None:
    with pytest.raises(NotInModel):
        render_output(service_model("lambda").operations["Invoke"], {"FunctionError": "a\r\nX: y"}, REQUEST_ID)


def test_an_error_bears_its_type_in_a_header() -> None:
    response = render_error(service_model("apigateway"), "NotFoundException", "gone", request_id=REQUEST_ID)
    assert (response.status, response.headers.get("x-amzn-errortype")) == (404, "NotFoundException")
    assert response.body == b'{"message":"gone"}'
