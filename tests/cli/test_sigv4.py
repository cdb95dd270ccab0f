import json
from base64 import b64encode
from typing import Any

import pytest
from click.testing import CliRunner
from tests.sigv4.support import (
    ACCESS_KEY_ID,
    HOST,
    NOW,
    SECRET_TEXT,
    botocore_signs,
    case_request,
    read_cases,
)

from yett.cli.sigv4 import sigv4
from yett.sigv4 import SignedRequest

SUITE = read_cases("signed_requests")


def answers(command: str, *lines: object) -> list[dict[str, Any]]:
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    result = CliRunner().invoke(sigv4, [command, "-"], input=text)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.output.splitlines()]


def line_of(request: SignedRequest, now: str, **more: object) -> dict[str, Any]:
    return {
        "id": "one",
        "request": {
            "method": request.method,
            "target": f"{request.path}?{request.query}" if request.query else request.path,
            "headers": [list(line) for line in request.headers],
            "body_base64": b64encode(request.body).decode(),
        },
        "credentials": {ACCESS_KEY_ID: {"secret": SECRET_TEXT}},
        "now": now,
        **more,
    }


def error_of(line: object) -> dict[str, str]:
    (answer,) = answers("verify", line)
    assert answer["valid"] is False
    return answer["error"]


@pytest.mark.parametrize("case", SUITE["cases"], ids=lambda case: case["name"])
def test_what_botocore_signed_is_valid(case: dict[str, Any]) -> None:
    request = case_request(case)
    credential: dict[str, str] = {"secret": SECRET_TEXT}
    if token := request.headers.get("x-amz-security-token"):
        credential["session_token"] = token
    line = line_of(request, SUITE["now"], credentials={ACCESS_KEY_ID: credential}, region="us-east-1")
    (answer,) = answers("verify", line, "")
    assert answer == {
        "id": "one",
        "valid": True,
        "access_key": ACCESS_KEY_ID,
        "canonical_request": case["canonical_request"],
        "string_to_sign": answer["string_to_sign"],
    }


def test_text_in_a_line_stands_for_utf_8() -> None:
    request, signed_at = botocore_signs("/prod/ü?a=é", headers=(("X-Kind", "ö"),))
    (answer,) = answers("verify", line_of(request, signed_at.isoformat()))
    assert answer["valid"] is True


def test_each_fault_has_its_code_and_message() -> None:
    request = case_request(SUITE["cases"][0])
    now = SUITE["now"]
    stranger = line_of(request, now, credentials={"AKIDOTHER": {"secret": "x"}})
    assert error_of(stranger) == {
        "code": "UnrecognizedClientException",
        "message": "The security token included in the request is invalid.",
    }
    wrong = line_of(request, now, credentials={ACCESS_KEY_ID: {"secret": "x"}})
    assert error_of(wrong)["code"] == "InvalidSignatureException"
    assert "The Canonical String for this request should have been\n'GET\n/" in error_of(wrong)["message"]
    assert error_of(line_of(request, "2015-08-30T12:41:01Z"))["message"] == (
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)"
    )
    assert error_of(line_of(request, now, service="execute-api", region="eu-west-1"))["message"] == (
        "Credential should be scoped to a valid region. Credential should be scoped to correct service: 'execute-api'. "
    )
    tokened = line_of(request, now, credentials={ACCESS_KEY_ID: {"secret": SECRET_TEXT, "session_token": "t"}})
    assert error_of(tokened)["code"] == "UnrecognizedClientException"
    unsigned = line_of(request, now)
    unsigned["request"]["headers"] = [["Host", HOST]]
    assert error_of(unsigned) == {
        "code": "MissingAuthenticationTokenException",
        "message": "Missing Authentication Token",
    }


def test_iam_and_sts_allow_fifteen_minutes_and_have_their_own_codes() -> None:
    request, signed_at = botocore_signs("/", service="sts")
    late = line_of(request, signed_at.replace(year=signed_at.year + 1).isoformat())
    assert error_of(late)["code"] == "SignatureDoesNotMatch"
    assert "- 15 min.)" in error_of(late)["message"]


UNREADABLE = [
    "",
    "{",
    "[]",
    "null",
    '"x"',
    "{}",
    "\\ud800",
    "[" * 100_000,
    {"request": {}},
    {"request": {"method": "GET", "target": "/"}, "credentials": {}, "now": "soon"},
    {"request": {"method": "GET", "target": 5}, "credentials": {}, "now": "2015-08-30T12:36:00Z"},
    {"request": {"method": "GET", "target": "/", "headers": [["a"]]}, "credentials": {}, "now": "x"},
    {"request": {"method": "GET", "target": "/", "headers": {}}, "credentials": {}, "now": "x"},
    {"request": {"method": "GET", "target": "/", "body_base64": "!"}, "credentials": {}, "now": "x"},
    {"request": {"method": "GET", "target": "/\ud800"}, "credentials": {}, "now": "2015-08-30T12:36:00Z"},
]


@pytest.mark.parametrize("command", ["verify", "sign"])
def test_a_line_that_cannot_be_read_is_answered_and_the_run_goes_on(command: str) -> None:
    lines = [line if isinstance(line, str) else {**line, "id": 7} for line in UNREADABLE]
    given = answers(command, *lines, {"id": "last"})
    assert len(given) == len(lines)  # the blank line has no answer, the last one has
    assert all(answer["error"]["code"] == "UnreadableLine" and answer["valid"] is False for answer in given)
    assert given[-1]["id"] == "last"
    assert [answer["id"] for answer in given].count(7) == sum(isinstance(line, dict) for line in UNREADABLE)


def test_what_is_signed_here_is_valid_here() -> None:
    request = {"method": "POST", "target": "/prod/a%20b?x=1", "headers": [["Host", HOST]], "body_base64": "e30="}
    (signed,) = answers(
        "sign",
        {
            "id": 1,
            "request": request,
            "access_key": "AKID",
            "secret": "s",
            "session_token": "t",
            "now": NOW.isoformat(),
        },
    )
    request = {**request, "headers": [["Host", HOST], *signed["headers"]]}
    credentials = {"AKID": {"secret": "s", "session_token": "t"}}
    line = {"id": 1, "request": request, "credentials": credentials, "now": NOW.isoformat()}
    assert answers("verify", line)[0]["valid"] is True
    assert answers("verify", {**line, "request": {**request, "target": "/prod"}})[0]["valid"] is False


def test_what_is_presigned_here_is_valid_here() -> None:
    request = {"method": "GET", "target": "/prod/ü?x=é&x=1", "headers": [["Host", HOST]]}
    keys = {"access_key": "AKID", "secret": "s", "session_token": "t/="}
    (signed,) = answers("sign", {"id": 1, "request": request, **keys, "now": NOW.isoformat(), "expires_seconds": 60})
    assert signed["target"].startswith("/prod/ü?x=é&x=1&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F")
    credentials = {"AKID": {"secret": "s", "session_token": "t/="}}
    line = {"id": 1, "request": {**request, "target": signed["target"]}, "credentials": credentials}
    assert answers("verify", {**line, "now": NOW.isoformat()})[0]["valid"] is True
    other = {**request, "target": signed["target"].replace("x=1", "x=2")}
    assert answers("verify", {**line, "request": other, "now": NOW.isoformat()})[0]["valid"] is False


@pytest.mark.parametrize(
    "more", [{"expires_seconds": "60"}, {"expires_seconds": True}, {"request": {"method": "GET", "target": "/"}}]
)
def test_what_a_signature_needs_must_be_there(more: dict[str, Any]) -> None:
    request = {"method": "GET", "target": "/", "headers": [["Host", HOST]]}
    (answer,) = answers("sign", {"id": 1, "request": request, "access_key": "AKID", "secret": "s", **more})
    assert answer["error"]["code"] == "UnreadableLine"


def test_what_cannot_be_signed_is_answered_with_its_fault() -> None:
    request = {"method": "GET", "target": "/%zz", "headers": [["Host", HOST]]}
    (answer,) = answers("sign", {"id": 1, "request": request, "access_key": "AKID", "secret": "s"})
    assert answer["error"]["message"] == "Illegal hex character in escape % pattern: %zz"
