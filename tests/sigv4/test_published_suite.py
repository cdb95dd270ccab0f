"""AWS's published test suite of Signature Version 4, held against our verifier and our signer."""

from typing import Any
from urllib.parse import quote

import pytest
from msgspec import structs
from tests.sigv4.support import NOW, TIMESTAMP, check, read_cases

from yett.sigv4 import Expectation, Fault, SignatureRefused, SignedRequest, check_session_token, read_presented, sign
from yett.values.http import Headers
from yett.values.secret import Secret

SUITE = read_cases("published_suite")
CASES = SUITE["cases"]
SECRET = Secret(SUITE["secret_access_key"])
EXPECTATION = Expectation(service=SUITE["service"], region=SUITE["region"], skew_seconds=300)
SCOPE = f"20150830/{SUITE['region']}/{SUITE['service']}/aws4_request"


def names(cases: list[dict[str, Any]]) -> list[str]:
    return [f"{case['name']}-{case['form']}" for case in cases]


def unsigned(case: dict[str, Any]) -> SignedRequest:
    """The request before it was signed; its texts stand for UTF-8 on the wire."""
    path, _, query = case["target"].encode().decode("latin-1").partition("?")
    lines = [*case.get("headers", ()), ("Host", SUITE["host"])]
    return SignedRequest(case["method"], path, query, Headers(map(tuple, lines)), case.get("body", "").encode())


def signed(case: dict[str, Any]) -> SignedRequest:
    """The request as the suite has it signed."""
    request, token = unsigned(case), case.get("session_token")
    headers = request.headers.with_line("X-Amz-Date", TIMESTAMP)
    if case["form"] == "query":
        parameters = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{SUITE['access_key_id']}/{SCOPE}",
            "X-Amz-Date": TIMESTAMP,
            "X-Amz-SignedHeaders": case["signed_headers"],
            "X-Amz-Expires": str(SUITE["expires_seconds"]),
            "X-Amz-Signature": case["signature"],
        }
        added = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
        query = f"{request.query}&{added}" if request.query else added
        return structs.replace(request, query=query, headers=headers)
    if token is not None:
        headers = headers.with_line("X-Amz-Security-Token", token)
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={SUITE['access_key_id']}/{SCOPE}, SignedHeaders={case['signed_headers']}, "
        f"Signature={case['signature']}"
    )
    return structs.replace(request, headers=headers.with_line("Authorization", authorization))


NORMALIZED = [case for case in CASES if case.get("normalized", True)]
AS_SENT = [case for case in CASES if not case.get("normalized", True)]
IN_HEADER = [case for case in NORMALIZED if case["form"] == "header" and case["name"] != "post-sts-header-after"]


@pytest.mark.parametrize("case", NORMALIZED, ids=names(NORMALIZED))
def test_what_the_suite_signs_is_accepted(case: dict[str, Any]) -> None:
    request = signed(case)
    check(request, NOW, secret=SECRET, expectation=EXPECTATION)
    presented = read_presented(request, now=NOW, expectation=EXPECTATION)
    assert presented is not None
    assert presented.form == case["form"]
    token = case.get("session_token")
    check_session_token(presented, session_token=None if token is None else Secret(token))


@pytest.mark.parametrize("case", AS_SENT, ids=names(AS_SENT))
def test_a_path_that_was_signed_as_it_was_sent_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(SignatureRefused) as refusal:
        check(signed(case), NOW, secret=SECRET, expectation=EXPECTATION)
    assert refusal.value.fault is Fault.MISMATCH


@pytest.mark.parametrize("case", IN_HEADER, ids=names(IN_HEADER))
def test_our_signer_makes_the_signature_of_the_suite(case: dict[str, Any]) -> None:
    token = case.get("session_token")
    headers = sign(
        unsigned(case),
        access_key_id=SUITE["access_key_id"],
        secret_access_key=SECRET,
        session_token=None if token is None else Secret(token),
        region=SUITE["region"],
        service=SUITE["service"],
        now=NOW,
    )
    expected = f"SignedHeaders={case['signed_headers']}, Signature={case['signature']}"
    assert (headers.get("authorization") or "").endswith(expected)


@pytest.mark.parametrize("case", NORMALIZED, ids=names(NORMALIZED))
def test_no_signature_of_the_suite_is_good_for_another_method(case: dict[str, Any]) -> None:
    with pytest.raises(SignatureRefused) as refusal:
        check(structs.replace(signed(case), method="DELETE"), NOW, secret=SECRET, expectation=EXPECTATION)
    assert refusal.value.fault is Fault.MISMATCH
