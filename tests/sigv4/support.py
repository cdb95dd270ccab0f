"""Requests signed by botocore, which knows nothing of ours."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from yett.sigv4 import Expectation, Presented, SignedRequest, SigningKeys, Verified, read_presented, verify
from yett.values.http import Headers
from yett.values.secret import Secret

CASES = Path(__file__).parents[1] / "cases" / "sigv4"
ACCESS_KEY_ID = "AKIDEXAMPLE"
SECRET_TEXT = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SECRET = Secret(SECRET_TEXT)
HOST = "abcde12345.execute-api.us-east-1.amazonaws.com"
NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
TIMESTAMP = "20150830T123600Z"
EXPECTATION = Expectation(service="execute-api", region="us-east-1", skew_seconds=300)


def read_cases(name: str) -> Mapping[str, Any]:
    return json.loads((CASES / f"{name}.json").read_text())


def case_request(case: Mapping[str, Any]) -> SignedRequest:
    path, _, query = case["target"].partition("?")
    headers = Headers.of((name, value) for name, value in case["headers"])
    return SignedRequest(case["method"], path, query, headers, case.get("body", "").encode())


def botocore_signs(
    target: str = "/prod/pets",
    *,
    method: str = "GET",
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
    session_token: str | None = None,
    in_query: bool = False,
    expires_seconds: int = 60,
    service: str = "execute-api",
) -> tuple[SignedRequest, datetime]:
    """A request as botocore signs it, and the moment at which it did."""
    request = AWSRequest(method, f"https://{HOST}{target}", data=body)
    for name, value in headers:
        request.headers.add_header(name, value)
    credentials = Credentials(ACCESS_KEY_ID, SECRET_TEXT, session_token)
    if in_query:
        SigV4QueryAuth(credentials, service, "us-east-1", expires=expires_seconds).add_auth(request)
    else:
        SigV4Auth(credentials, service, "us-east-1").add_auth(request)
    parts = urlsplit(request.url)
    lines = Headers((("Host", HOST), *((name, str(value)) for name, value in request.headers.items())))
    signed_at = datetime.strptime(request.context["timestamp"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return SignedRequest(method, parts.path, parts.query, lines, body), signed_at


def check(
    request: SignedRequest, now: datetime, *, secret: Secret = SECRET, expectation: Expectation = EXPECTATION
) -> Verified:
    presented = read_presented(request, now=now, expectation=expectation)
    assert presented is not None
    return verify(request, presented, signing_keys=SigningKeys(secret), now=now, expectation=expectation)


def read(request: SignedRequest, *, now: datetime = NOW, expectation: Expectation = EXPECTATION) -> Presented | None:
    return read_presented(request, now=now, expectation=expectation)


def header_request(
    authorization: str | None = None, *, query: str = "", path: str = "/prod/pets", date: str | None = TIMESTAMP
) -> SignedRequest:
    """A request with this Authorization header, by default one that is well-formed (its signature is not good)."""
    if authorization is None:
        authorization = header()
    lines = [("Host", HOST), ("Authorization", authorization)]
    if date is not None:
        lines.append(("X-Amz-Date", date))
    return SignedRequest("GET", path, query, Headers.of(lines), b"")


def header(
    *,
    credential: str = f"{ACCESS_KEY_ID}/20150830/us-east-1/execute-api/aws4_request",
    signed_headers: str = "host;x-amz-date",
    signature: str = "0" * 64,
) -> str:
    return f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed_headers}, Signature={signature}"
