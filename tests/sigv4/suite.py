"""AWS's published test suite of Signature Version 4: its requests, unsigned and signed."""

from typing import Any
from urllib.parse import quote

from msgspec import structs
from tests.sigv4.support import TIMESTAMP, read_cases

from yett.sigv4 import Expectation, SignedRequest
from yett.values.http import Headers
from yett.values.secret import Secret

SUITE = read_cases("published_suite")
CASES = SUITE["cases"]
SUITE_SECRET = Secret(SUITE["secret_access_key"])
SUITE_EXPECTATION = Expectation(service=SUITE["service"], region=SUITE["region"], skew_seconds=300)
SCOPE = f"20150830/{SUITE['region']}/{SUITE['service']}/aws4_request"


def suite_name(case: dict[str, Any]) -> str:
    return f"{case['name']}-{case['form']}"


def unsigned(case: dict[str, Any]) -> SignedRequest:
    """The request before it was signed; its texts stand for UTF-8 on the wire."""
    path, _, query = case["target"].encode().decode("latin-1").partition("?")
    lines = [*case.get("headers", ()), ("Host", SUITE["host"])]
    return SignedRequest(
        case["method"], path, query, Headers.of((name, value) for name, value in lines), case.get("body", "").encode()
    )


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
