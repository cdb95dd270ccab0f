import hmac
from datetime import timedelta
from hashlib import sha256
from random import Random
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from tests.sigv4.crowd import FORGERIES, make_request
from tests.sigv4.suite import AS_SENT, NORMALIZED, SUITE_EXPECTATION, SUITE_SECRET, signed, suite_name
from tests.sigv4.support import (
    ACCESS_KEY_ID,
    EXPECTATION,
    HOST,
    NOW,
    SECRET,
    SECRET_TEXT,
    TIMESTAMP,
    botocore_signs,
    case_request,
    check,
    header,
    header_request,
    read,
    read_cases,
)

from yett.sigv4 import (
    Expectation,
    Fault,
    SignatureRefused,
    SignedRequest,
    SigningKeys,
    check_session_token,
    read_presented,
    verify,
)
from yett.values.http import Headers
from yett.values.secret import Secret

SUITE = read_cases("signed_requests")

SEGMENTS = st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=8), max_size=4)
PARAMETERS = st.lists(st.tuples(st.text(max_size=6), st.text(max_size=6)), max_size=4).map(
    lambda pairs: "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs)
)
HEADER_LINES = st.lists(
    st.tuples(
        st.sampled_from(["X-Kind", "X-Other", "Accept", "Content-Type", "Cookie"]),
        st.text(st.sampled_from("ab  \t,;=\"'/1"), max_size=12),
    ),
    max_size=4,
).map(tuple)


def targets() -> st.SearchStrategy[str]:
    paths = SEGMENTS.map(lambda segments: "/prod/" + "/".join(quote(segment, safe="~") for segment in segments))
    return st.builds(lambda path, query: f"{path}?{query}" if query else path, paths, PARAMETERS)


@pytest.mark.parametrize("case", SUITE["cases"], ids=lambda case: case["name"])
def test_what_botocore_signs_is_accepted(case: dict[str, object]) -> None:
    expectation = Expectation(service=str(case["service"]), region="us-east-1", skew_seconds=300)
    verified = check(case_request(case), NOW, expectation=expectation)
    assert verified.canonical_request == case["canonical_request"]
    assert verified.string_to_sign.startswith(f"AWS4-HMAC-SHA256\n{TIMESTAMP}\n20150830/us-east-1/")


@pytest.mark.parametrize("case", NORMALIZED, ids=suite_name)
def test_what_the_published_suite_signs_is_accepted(case: dict[str, Any]) -> None:
    request = signed(case)
    check(request, NOW, secret=SUITE_SECRET, expectation=SUITE_EXPECTATION)
    presented = read(request, expectation=SUITE_EXPECTATION)
    assert presented is not None
    assert presented.form == case["form"]
    token = case.get("session_token")
    check_session_token(presented, session_token=None if token is None else Secret(token))
    with pytest.raises(SignatureRefused) as refusal:
        check(structs.replace(request, method="DELETE"), NOW, secret=SUITE_SECRET, expectation=SUITE_EXPECTATION)
    assert refusal.value.fault is Fault.MISMATCH


@pytest.mark.parametrize("case", AS_SENT, ids=suite_name)
def test_a_path_that_was_signed_without_normalising_it_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(SignatureRefused) as refusal:
        check(signed(case), NOW, secret=SUITE_SECRET, expectation=SUITE_EXPECTATION)
    assert refusal.value.fault is Fault.MISMATCH


# Ten thousand requests in all: of each seed that hypothesis draws a hundred are made, which costs a thousandth of
# drawing each part of each.
SEEDS = st.integers(0, 2**64 - 1)
EACH_SEED = 100


@pytest.mark.parametrize("in_query", [False, True], ids=["header", "query"])
@settings(max_examples=50, deadline=None)
@given(seed=SEEDS)
def test_a_crowd_that_botocore_signs_is_accepted_and_each_forgery_of_it_refused(in_query: bool, seed: int) -> None:
    dice = Random(seed)
    for _ in range(EACH_SEED):
        request, signed_at = make_request(dice, in_query=in_query)
        check(request, signed_at)
        name, forge = dice.choice([*FORGERIES.items()])
        forged = forge(request, dice)
        try:
            check(forged, signed_at)
        except SignatureRefused:
            continue
        pytest.fail(f"accepted with another {name}: {forged}")


@settings(max_examples=300, deadline=None)
@given(
    target=targets(),
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH"]),
    headers=HEADER_LINES,
    body=st.binary(max_size=40),
    session_token=st.none() | st.text(st.sampled_from("ABCabc123+/="), min_size=1, max_size=20),
)
def test_whatever_botocore_signs_in_the_header_is_accepted(
    target: str, method: str, headers: tuple[tuple[str, str], ...], body: bytes, session_token: str | None
) -> None:
    request, signed_at = botocore_signs(target, method=method, headers=headers, body=body, session_token=session_token)
    check(request, signed_at)


@settings(max_examples=150, deadline=None)
@given(target=targets(), session_token=st.none() | st.text(st.sampled_from("ABCabc123+/="), min_size=1, max_size=20))
def test_whatever_botocore_signs_in_the_query_is_accepted(target: str, session_token: str | None) -> None:
    request, signed_at = botocore_signs(target, session_token=session_token, in_query=True)
    check(request, signed_at)


MUTATIONS = {
    "method": lambda request: structs.replace(request, method="POST"),
    "path": lambda request: structs.replace(request, path=request.path + "x"),
    "path, one segment more": lambda request: structs.replace(request, path=request.path + "/x"),
    "path, a trailing slash": lambda request: structs.replace(request, path=request.path + "/"),
    "path, another case": lambda request: structs.replace(request, path=request.path.replace("/prod", "/Prod")),
    "path, an escaped slash": lambda request: structs.replace(request, path=request.path.replace("/prod/", "/prod%2F")),
    "query, one more": lambda request: structs.replace(request, query=request.query + "&admin=1"),
    "query, a second signature": lambda request: structs.replace(request, query=request.query + "&X-Amz-Signature=0"),
    "query, another value": lambda request: structs.replace(request, query=request.query.replace("a=1", "a=2")),
    "query, one less": lambda request: structs.replace(request, query=request.query.replace("a=1&", "")),
    "body": lambda request: structs.replace(request, body=request.body + b" "),
    "host": lambda request: structs.replace(
        request, headers=request.headers.without("host").with_line("Host", "evil.example")
    ),
    "a second host": lambda request: structs.replace(request, headers=request.headers.with_line("Host", HOST)),
    "a signed header": lambda request: structs.replace(
        request, headers=request.headers.without("x-kind").with_line("X-Kind", "dog")
    ),
    "a signed header gone": lambda request: structs.replace(request, headers=request.headers.without("x-kind")),
    "a line more of a signed header": lambda request: structs.replace(
        request, headers=request.headers.with_line("X-Kind", "cat")
    ),
}


@pytest.mark.parametrize("in_query", [False, True], ids=["header", "query"])
@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_request_changed_after_signing_is_refused(mutation: str, in_query: bool) -> None:
    request, signed_at = botocore_signs(
        "/prod/pets?a=1&b=2", body=b"" if in_query else b"{}", headers=(("X-Kind", "cat"),), in_query=in_query
    )
    check(request, signed_at)
    with pytest.raises(SignatureRefused) as refusal:
        check(MUTATIONS[mutation](request), signed_at)
    assert refusal.value.fault is Fault.MISMATCH


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_no_character_of_the_authorization_can_change(data: st.DataObject) -> None:
    request, signed_at = botocore_signs("/prod/pets?a=1", headers=(("X-Kind", "cat"),))
    authorization = request.headers.get("authorization") or ""
    index = data.draw(st.integers(0, len(authorization) - 1))
    character = data.draw(st.characters(min_codepoint=33, max_codepoint=126))
    changed = authorization[:index] + character + authorization[index + 1 :]
    if changed == authorization or authorization[index] == " " or character == ",":
        return  # white space and empty items between the pairs mean nothing
    lines = request.headers.without("authorization").with_line("Authorization", changed)
    changed_request = structs.replace(request, headers=lines)
    try:
        presented = read(changed_request, now=signed_at)
    except SignatureRefused:
        return
    # Another access key has another secret.
    secret = SECRET if presented is not None and presented.access_key_id == ACCESS_KEY_ID else Secret("another")
    with pytest.raises(SignatureRefused):
        check(changed_request, signed_at, secret=secret)


def test_another_secret_is_refused() -> None:
    request, signed_at = botocore_signs()
    with pytest.raises(SignatureRefused) as refusal:
        check(request, signed_at, secret=Secret("another"))
    assert refusal.value.fault is Fault.MISMATCH
    assert refusal.value.canonical_request.startswith("GET\n/prod/pets\n")
    assert refusal.value.string_to_sign.startswith("AWS4-HMAC-SHA256\n")


def test_a_signature_beyond_ascii_is_refused_like_any_other() -> None:
    request = header_request(header(signature="é" * 64))
    with pytest.raises(SignatureRefused) as refusal:
        check(request, NOW)
    assert refusal.value.fault is Fault.MISMATCH


def test_the_body_received_counts_whatever_x_amz_content_sha256_says() -> None:
    request, signed_at = botocore_signs(
        method="POST", body=b"{}", headers=(("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD"),)
    )
    # botocore puts the header's value in the place of the hash, as S3 has it.
    with pytest.raises(SignatureRefused) as refusal:
        check(request, signed_at)
    assert refusal.value.fault is Fault.MISMATCH
    assert refusal.value.canonical_request.endswith(sha256(b"{}").hexdigest())


def test_a_session_token_added_after_signing_is_accepted() -> None:
    request, signed_at = botocore_signs()
    added = structs.replace(request, headers=request.headers.with_line("X-Amz-Security-Token", "token"))
    check(added, signed_at)
    presented = read(added, now=signed_at)
    assert presented is not None
    assert (presented.session_token, presented.session_token_signed) == ("token", False)


@pytest.mark.parametrize(
    ("name", "covered"),
    [
        ("X-Amz-Meta", False),
        ("x-amz-content-sha256", False),
        ("X-Amz-Date", True),
        ("X-Amz-Security-Token", True),
        ("X-Amzn-Trace-Id", True),
        ("Accept", True),
    ],
)
@pytest.mark.parametrize("in_query", [False, True], ids=["header", "query"])
def test_a_header_added_after_signing_is_let_pass_unless_one_is_strict(
    name: str, covered: bool, in_query: bool
) -> None:
    request, signed_at = botocore_signs(in_query=in_query)
    added = structs.replace(request, headers=Headers((*request.headers.without(name.lower()), (name, "x"))))
    strict = structs.replace(EXPECTATION, is_strict=True)
    if name != "X-Amz-Date" or in_query:
        check(added, signed_at)
    check(request, signed_at, expectation=strict)
    if not covered:
        with pytest.raises(SignatureRefused) as refusal:
            check(added, signed_at, expectation=strict)
        assert (refusal.value.fault, refusal.value.detail) == (Fault.HEADER_NOT_SIGNED, name.lower())
    elif name != "X-Amz-Date" or in_query:
        check(added, signed_at, expectation=strict)


def test_x_amz_expires_has_no_effect() -> None:
    request, signed_at = botocore_signs(in_query=True, expires_seconds=1)
    check(request, signed_at + timedelta(seconds=300))
    with pytest.raises(SignatureRefused) as refusal:
        check(request, signed_at + timedelta(seconds=301))
    assert refusal.value.fault is Fault.EXPIRED


def test_five_minutes_either_way_are_accepted_and_no_more() -> None:
    request, signed_at = botocore_signs()
    for seconds in (-300, 0, 300):
        check(request, signed_at + timedelta(seconds=seconds))
    for seconds, fault in ((-301, Fault.NOT_YET_CURRENT), (301, Fault.EXPIRED)):
        with pytest.raises(SignatureRefused) as refusal:
            check(request, signed_at + timedelta(seconds=seconds))
        assert refusal.value.fault is fault


def test_verify_itself_looks_at_moment_and_scope() -> None:
    request, signed_at = botocore_signs()
    presented = read_presented(request, now=signed_at, expectation=EXPECTATION)
    assert presented is not None
    for now, expectation, fault in (
        (signed_at + timedelta(hours=1), EXPECTATION, Fault.EXPIRED),
        (signed_at, structs.replace(EXPECTATION, service="sts"), Fault.CREDENTIAL_SCOPE),
    ):
        with pytest.raises(SignatureRefused) as refusal:
            verify(request, presented, signing_keys=SigningKeys(SECRET), now=now, expectation=expectation)
        assert refusal.value.fault is fault


def test_remembered_signing_keys_change_no_answer() -> None:
    request, signed_at = botocore_signs()
    presented = read_presented(request, now=signed_at, expectation=EXPECTATION)
    assert presented is not None
    right, wrong = SigningKeys(SECRET), SigningKeys(Secret("another"))
    for keys in (right, right, wrong, wrong, right):
        try:
            verify(request, presented, signing_keys=keys, now=signed_at, expectation=EXPECTATION)
            accepted = True
        except SignatureRefused:
            accepted = False
        assert accepted is (keys is right)


def sign_by_hand(path_line: str, query_line: str, *, path: str, query: str) -> SignedRequest:
    """A request whose client signed these two lines of the canonical request."""
    empty = sha256(b"").hexdigest()
    canonical = f"GET\n{path_line}\n{query_line}\nhost:{HOST}\nx-amz-date:{TIMESTAMP}\n\nhost;x-amz-date\n{empty}"
    scope = "20150830/us-east-1/execute-api/aws4_request"
    signed = f"AWS4-HMAC-SHA256\n{TIMESTAMP}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{SECRET_TEXT}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    authorization = header(
        credential=f"{ACCESS_KEY_ID}/{scope}", signature=hmac.digest(key, signed.encode(), "sha256").hex()
    )
    lines = Headers.of([("Host", HOST), ("X-Amz-Date", TIMESTAMP), ("Authorization", authorization)])
    return SignedRequest("GET", path, query, lines, b"")


@pytest.mark.parametrize(
    ("path_line", "path", "query_line", "query"),
    [
        ("/~kelpie", "/%7Ekelpie", "", ""),
        ("/%257Ekelpie", "/%7Ekelpie", "", ""),
        ("/", "/", "a=b%20c", "a=b+c"),
        ("/", "/", "a=b+c", "a=b+c"),
        ("/", "/", "a=b%3Ac", "a=b:c"),
        ("/", "/", "a=b:c", "a=b:c"),
        ("/~kelpie", "/%7ekelpie", "a=b:c", "a=b:c"),
    ],
)
def test_either_spelling_of_needless_escapes_may_have_been_signed(
    path_line: str, path: str, query_line: str, query: str
) -> None:
    verified = check(sign_by_hand(path_line, query_line, path=path, query=query), NOW)
    assert verified.canonical_request.startswith(f"GET\n{path_line}\n{query_line}\n")


@pytest.mark.parametrize(
    ("path_line", "path"), [("/", "/a/%2E%2E"), ("/a", "/a/%2e"), ("/a/b", "/a%2Fb"), ("/a%20b", "/a%20b")]
)
def test_an_escape_that_matters_is_never_taken_for_what_it_stands_for(path_line: str, path: str) -> None:
    with pytest.raises(SignatureRefused) as refusal:
        check(sign_by_hand(path_line, "", path=path, query=""), NOW)
    assert refusal.value.fault is Fault.MISMATCH


@pytest.mark.parametrize(
    ("given_token", "issued", "genuine"),
    [(None, None, True), ("a", "a", True), ("a", "b", False), (None, "a", False), ("undefined", None, False)],
)
def test_a_session_token_must_be_the_one_issued_with_the_key(
    given_token: str | None, issued: str | None, genuine: bool
) -> None:
    presented = read(header_request())
    assert presented is not None
    presented = structs.replace(presented, session_token=given_token)
    session_token = None if issued is None else Secret(issued)
    if genuine:
        check_session_token(presented, session_token=session_token)
        return
    with pytest.raises(SignatureRefused) as refusal:
        check_session_token(presented, session_token=session_token)
    assert refusal.value.fault is Fault.SECURITY_TOKEN_INVALID
