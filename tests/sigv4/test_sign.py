import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from tests.sigv4.suite import NORMALIZED, SUITE, SUITE_SECRET, suite_name, unsigned
from tests.sigv4.suite import signed as signed_by_suite
from tests.sigv4.support import ACCESS_KEY_ID, HOST, NOW, SECRET, botocore_signs, check

from yett.sigv4 import SignedRequest, presign, sign
from yett.values.http import Headers
from yett.values.secret import Secret

UNSIGNED = SignedRequest("POST", "/prod/a%20b", "b=2&a=1", Headers.of([("Host", HOST), ("X-Kind", "cat")]), b"{}")


def signed(request: SignedRequest, *, session_token: Secret | None = None) -> SignedRequest:
    added = sign(
        request,
        access_key_id=ACCESS_KEY_ID,
        secret_access_key=SECRET,
        session_token=session_token,
        region="us-east-1",
        service="execute-api",
        now=NOW,
    )
    lines = request.headers.without("x-amz-date", "authorization", "x-amz-security-token")
    return structs.replace(request, headers=Headers((*lines, *added)))


@given(
    path=st.text(st.sampled_from("/ab%20~").filter(lambda c: c != "%"), max_size=12).map(lambda text: "/" + text),
    body=st.binary(max_size=20),
    token=st.none() | st.just(Secret("token")),
)
def test_what_we_sign_we_accept(path: str, body: bytes, token: Secret | None) -> None:
    check(signed(structs.replace(UNSIGNED, path=path, body=body), session_token=token), NOW)


@given(
    path=st.text(st.sampled_from("/ab~"), max_size=12).map(lambda text: "/" + text),
    query=st.sampled_from(["", "a=1", "b=%2F&a=%20", "empty="]),
    token=st.none() | st.just(Secret("to/ken=")),
)
def test_what_we_presign_we_accept(path: str, query: str, token: Secret | None) -> None:
    request = structs.replace(UNSIGNED, path=path, query=query)
    presigned = presign(
        request,
        access_key_id=ACCESS_KEY_ID,
        secret_access_key=SECRET,
        session_token=token,
        region="us-east-1",
        service="execute-api",
        now=NOW,
        expires_seconds=60,
    )
    assert presigned.startswith(query)
    check(structs.replace(request, query=presigned), NOW)


SIGNED_BY_US = [
    case for case in NORMALIZED if case["name"] != "post-sts-header-after"
]  # the token there is added later


@pytest.mark.parametrize("case", SIGNED_BY_US, ids=suite_name)
def test_we_sign_as_the_published_suite_does(case: dict[str, Any]) -> None:
    token = case.get("session_token")
    keys: dict[str, Any] = {
        "access_key_id": SUITE["access_key_id"],
        "secret_access_key": SUITE_SECRET,
        "session_token": None if token is None else Secret(token),
        "region": SUITE["region"],
        "service": SUITE["service"],
        "now": NOW,
    }
    if case["form"] == "query":
        query = presign(unsigned(case), **keys, expires_seconds=SUITE["expires_seconds"])
        assert sorted(query.split("&")) == sorted(signed_by_suite(case).query.split("&"))
        return
    authorization = sign(unsigned(case), **keys).get("authorization")
    assert authorization == signed_by_suite(case).headers.get("authorization")


@pytest.mark.parametrize("session_token", [None, "token"])
def test_we_sign_as_botocore_does(session_token: str | None) -> None:
    theirs, signed_at = botocore_signs(
        "/prod/a%20b?b=2&a=1", method="POST", headers=(("X-Kind", "cat"),), body=b"{}", session_token=session_token
    )
    ours = sign(
        structs.replace(UNSIGNED, headers=theirs.headers),
        access_key_id=ACCESS_KEY_ID,
        secret_access_key=SECRET,
        session_token=None if session_token is None else Secret(session_token),
        region="us-east-1",
        service="execute-api",
        now=signed_at,
    )
    for name in ("authorization", "x-amz-date", "x-amz-security-token"):
        assert ours.get(name) == theirs.headers.get(name)


def test_hop_by_hop_headers_are_not_signed() -> None:
    headers = Headers.of([*UNSIGNED.headers, ("Connection", "close"), ("User-Agent", "a")])
    authorization = signed(structs.replace(UNSIGNED, headers=headers)).headers.get("authorization") or ""
    assert re.search("SignedHeaders=([^,]+)", authorization).group(1) == "host;x-amz-date;x-kind"  # type: ignore[union-attr]


def test_a_request_without_a_host_cannot_be_signed() -> None:
    without = structs.replace(UNSIGNED, headers=Headers())
    with pytest.raises(ValueError, match="host"):
        signed(without)
    with pytest.raises(ValueError, match="host"):
        presign(
            without,
            access_key_id=ACCESS_KEY_ID,
            secret_access_key=SECRET,
            session_token=None,
            region="us-east-1",
            service="execute-api",
            now=NOW,
            expires_seconds=60,
        )
