import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.execute_api.support import aws_proxy, case_name, make_plan, make_request, method, read_cases, resource

from yett.rules.execute_api.errors import ApiConfigurationError, MalformedProxyResponse
from yett.rules.execute_api.integrations.lambda_answer import parse_proxy_response
from yett.values.header_lines import render_header_lines
from yett.values.http import HttpResponse

ROOT = resource("/", method(integration=aws_proxy()))


def parse(payload: bytes, *, types: tuple[str, ...] = (), accept: str | None = None) -> HttpResponse:
    headers = (("Accept", accept),) if accept else ()
    plan = make_plan(ROOT, binary_media_types=types)
    return parse_proxy_response(payload, plan=plan, request=make_request("GET", "/", *headers))


@pytest.mark.parametrize("case", read_cases("proxy_responses"), ids=case_name)
def test_an_answer_becomes_the_response_or_is_malformed(case: dict[str, Any]) -> None:
    payload = (case["raw"] if "raw" in case else json.dumps(case["answer"])).encode()
    if case["expect"] == 502:
        with pytest.raises(MalformedProxyResponse):
            parse(payload)
        return
    response = parse(payload)
    assert [response.status, [list(line) for line in response.headers], response.body.decode()] == case["expect"]


@pytest.mark.parametrize("payload", [b'"\xff"', b"[" * 200_000, b""])
def test_bytes_that_no_reader_takes_are_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedProxyResponse):
        parse(payload)


@pytest.mark.parametrize(
    ("types", "accept", "decoded"),
    [
        (("image/png",), "image/png", True),
        (("image/png",), "image/png, text/html", True),
        (("image/png",), "text/html, image/png", False),
        (("image/png",), None, False),
        (("*/*",), None, True),
        ((), "image/png", False),
    ],
)
def test_base64_is_decoded_where_the_first_accepted_type_is_binary(
    types: tuple[str, ...], accept: str | None, decoded: bool
) -> None:
    payload = json.dumps({"isBase64Encoded": True, "body": "aGk="}).encode()
    assert parse(payload, types=types, accept=accept).body == (b"hi" if decoded else b"aGk=")


@pytest.mark.parametrize("body", ["a", "####", "é", "aGk=\n"])
def test_base64_that_is_none_is_the_api_s_fault(body: str) -> None:
    with pytest.raises(ApiConfigurationError):
        parse(json.dumps({"isBase64Encoded": True, "body": body}).encode(), types=("*/*",))


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
HEADERS = st.dictionaries(st.text(max_size=8), VALUES | st.lists(VALUES, max_size=2), max_size=3)
ANSWERS = st.fixed_dictionaries(
    {}, optional={"statusCode": VALUES, "headers": HEADERS, "multiValueHeaders": HEADERS, "body": VALUES}
)


@given(ANSWERS)
def test_whatever_a_function_answers_can_be_put_on_the_wire_or_is_malformed(answer: dict[str, Any]) -> None:
    try:
        response = parse(json.dumps(answer).encode())
    except MalformedProxyResponse:
        return
    assert 200 <= response.status <= 599
    assert render_header_lines(response.headers).count(b"\r\n") == len(response.headers)
