"""Canonical requests as botocore logs them, as AWS echoes them, and as people paste them."""

import io
import json
import logging

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from yett.sigv4.parts import NotCanonical, Parts, read_parts

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
PLAIN = f"GET\n/prod/pets\na=1\nhost:example.com\nx-amz-date:20260102T030405Z\n\nhost;x-amz-date\n{EMPTY}"
WANTED = Parts(
    method="GET",
    path="/prod/pets",
    query="a=1",
    headers="host:example.com\nx-amz-date:20260102T030405Z\n",
    signed_headers="host;x-amz-date",
    body_hash=EMPTY,
)


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        f"\n  {PLAIN}\n\n",
        PLAIN.replace("\n", "\r\n"),
        f"2026 [DEBUG] CanonicalRequest:\n{PLAIN}\n2026 [DEBUG] StringToSign:\nAWS4-HMAC-SHA256\n",
        f"The Canonical String for this request should have been\n'{PLAIN}'\n\nThe String-to-Sign",
        json.dumps(f"no match.\n\nThe Canonical String for this request should have been\n'{PLAIN}'\n\nmore"),
    ],
)
def test_it_is_found_wherever_it_is_written(text: str) -> None:
    assert read_parts(text) == WANTED
    assert WANTED.render() == PLAIN
    assert Parts.of(PLAIN) == WANTED


def test_what_botocore_logs_is_read() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.getLogger("botocore.auth")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        request = AWSRequest(
            "POST", "https://a.example/prod/a%20b", params={"c": "d e"}, data=b"x", headers={"X-Word": "grün"}
        )
        SigV4Auth(Credentials("AKIDEXAMPLE", "secret"), "execute-api", "eu-west-1").add_auth(request)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
    parts = read_parts(stream.getvalue())
    assert (parts.method, parts.path, parts.query) == ("POST", "/prod/a%2520b", "c=d%20e")
    assert "x-word:grün\n".encode() in parts.headers.encode("latin-1")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "line 1 must be the method"),
        ("get\n/\n", "line 1 must be the method"),
        ("GET\nprod\n", "line 2 must be the path"),
        ("GET\n/prod\n\nhost:a", "line 3 is the query"),
        ("GET\n/prod\n\nhost a\n\nhost\n", "line 4 must be a header"),
        ("GET\n/prod\n\nhost:a\n\nhost", "the hash of the body"),
        (f"GET\n/prod\n\nhost:a\n\nhost\n{EMPTY[:-1]}", "line 7 must be the hash"),
        ("x" * 70_000, "at most"),
    ],
)
def test_what_is_none_is_refused_by_its_line(text: str, reason: str) -> None:
    with pytest.raises(NotCanonical, match=reason):
        read_parts(text)
