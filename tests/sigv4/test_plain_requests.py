"""The compiled reading of a plain request answers as the definitions do, or leaves the answer to them."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sigv4.crowd import FORGERIES, make_request
from tests.sigv4.support import EXPECTATION, HOST, NOW, SECRET, TIMESTAMP, botocore_signs, check, header, read
from tests.twins import needs_twin

from yett import compiled
from yett.sigv4 import Presented, SignatureRefused, SignedRequest, SigningKeys, presented, verify
from yett.sigv4 import canonical_request as canonical_request_module
from yett.sigv4.authorization import read_afresh
from yett.sigv4.canonical_request import canonical_request, spell
from yett.sigv4.string_to_sign import string_to_sign
from yett.values.http import Headers

MODULE = "yett.sigv4.plain_requests"
pytestmark = needs_twin(MODULE)

# Signed headers, each list remembered before.
SIGNED = (
    "host",
    "host;x-amz-date",
    "host;x-a;x-amz-date",
    "x-a;host",
    "host;x-b;x-a",
    ":authority;x-a",
    "host;x-none",
    "host;",
)
METHODS = ("GET", "GET", "POST", "DELETE", "get", "Get", "G-T", "", "GÉT", "A" * 9000)
PATHS = (
    "/", "/a", "/prod/pets/7", "/a.b/c..d", "/~a-b_c", "/a/", "", "a", "*", "//", "/a//b", "/./a", "/a/.", "/a/..",
    "/.a", "/a/.b", "/a%20b", "/a%", "/a+b", "/a@b", "/a b", "/a\tb", "/\xe9", "/\u1234", "/a?b", "/a\n",
    "/" + "a" * 8200,
)  # fmt: skip
QUERIES = (
    "", "", "a=1", "b=2&a=1", "a=2&a=1", "a-b=1&a=1", "a=1&a-b=1", "a=", "=", "=a", "a", "a&b=1", "&", "a=1&", "&a=1",
    "a=b=c", "a=b+c", "a=%20", "a=%2F&a=%2f", "a=%7E", "a=%41", "a=%3D&b=%26", "a=%", "a=%2", "a=%zz", "%20=1", "a=%E9",
    "a=\xe9", "a=b c", "X-Amz-Date=1", "x-amz-date=1", "aX-Amz-b=1", "X-Amz=1", "X-Amz-", "X%2DAmz-Algorithm=1",
    "&".join(f"p{number}={number}" for number in range(64)), "&".join(f"p{number}={number}" for number in range(65)),
    "&".join(f"p{number}={number}" for number in range(600)),
)  # fmt: skip
VALUES = (  # of octets: nothing else comes off a wire
    "a", "", " ", "a b", "a  b", " a", "a ", "a\tb", "\ta", "a\nb", "a\r\n b", "a\x0bb", "a\x1cb", "a\x00", "\x7f",
    "\xe9", "\xa0a", "\x85", "a,b", "a:b", "x" * 8000,
)  # fmt: skip
PLAIN = ("/prod/pets", "/prod/pets/7?b=2&a=1", "/prod/~x?a=%20")
BODIES = (b"", b"", b"{}", b"\x00" * 100)


def hostile(dice: Random) -> SignedRequest:
    """A request that says of itself what is remembered, and may be anything for the rest."""

    def mostly(usual: Any, others: tuple[Any, ...]) -> Any:
        return usual if dice.random() < 0.8 else dice.choice(others)

    lines = [
        ("Host", mostly(HOST, VALUES)),
        ("X-Amz-Date", TIMESTAMP),
        ("Authorization", header(signed_headers=dice.choice(SIGNED), signature=f"{dice.randrange(16):064x}")),
        (mostly("X-A", ("x-a", "X-Amz-Security-Token", ":authority")), mostly("a", VALUES)),
    ]
    if dice.random() < 0.3:
        lines.append((dice.choice(("X-B", "X-C", "x-a", "Host", "X-Amz-Date", "Authorization")), dice.choice(VALUES)))
    if dice.random() < 0.3:
        dice.shuffle(lines)
    query = mostly("", QUERIES)
    if dice.random() < 0.2:
        query = "&".join(dice.choices([*QUERIES, *(f"{name}={name}" for name in ("a", "b", "a-", "aa", "A"))], k=3))
    return SignedRequest(
        mostly("GET", METHODS), mostly("/prod/pets", PATHS), query, Headers.of(lines), dice.choice(BODIES)
    )


def recalled(request: SignedRequest) -> Presented | None:
    """What the twin says alone."""
    headers = request.headers
    found = presented._recall_plainly(
        *(
            request.method,
            request.path,
            request.query,
            headers.lines,
            headers.by_name(),
            request.body,
            NOW,
            EXPECTATION,
        ),
        *(presented._claims, presented._moments, request),
    )
    return None if found is None else Presented(*found)


@pytest.fixture(autouse=True)
def remembered() -> None:
    for names in SIGNED:
        if names != "host;x-none":
            plain = SignedRequest(
                "GET",
                "/",
                "",
                Headers((("X-Amz-Date", TIMESTAMP), ("Authorization", header(signed_headers=names)))),
                b"",
            )
            assert read(plain) is not None


def test_the_twin_is_built_where_the_whole_suite_must_run() -> None:
    assert compiled.is_there(MODULE)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**64 - 1))
def test_what_the_twin_reads_is_what_is_read_afresh_and_to_be_signed(seed: int) -> None:
    dice = Random(seed)
    answered = 0
    for _ in range(300):
        request = hostile(dice)
        found = recalled(request)
        if found is None:
            continue
        answered += 1
        assert found.string_to_sign is not None
        canonical = spell(request, found.signed_headers, without_signature=False).encode("latin-1")
        signed = string_to_sign(canonical, timestamp=found.timestamp, scope=found.scope)
        assert found.string_to_sign == signed.encode("latin-1")
        afresh = read_afresh(request, now=NOW, expectation=EXPECTATION)
        assert afresh is not None
        assert [getattr(found, name) for name in Presented.__struct_fields__[:-1]] == [
            getattr(afresh, name) for name in Presented.__struct_fields__[:-1]
        ]
    assert answered > 10


def spelled(by: Callable[..., str], request: SignedRequest, names: list[str]) -> str:
    try:
        return by(request, names, without_signature=False)
    except SignatureRefused as refused:
        return f"refused: {refused.reason}"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**64 - 1))
def test_the_canonical_request_of_the_twin_is_the_definition_s(seed: int) -> None:
    dice = Random(seed)
    for _ in range(300):
        request = hostile(dice)
        names = dice.choice(([], ["host"], ["host", "host"], *(each.split(";") for each in SIGNED)))
        assert spelled(canonical_request, request, names) == spelled(spell, request, names)


def test_a_plain_canonical_request_is_the_twin_s() -> None:
    request = SignedRequest("GET", "/a", "b=2&a=1", Headers((("Host", HOST),)), b"x")
    parts = (request.method, request.path, request.query, request.headers.lines, request.headers.by_name())
    plain = canonical_request_module._spell_plainly(*parts, ("host",), request.body)
    assert plain == spell(request, ["host"], without_signature=False)


@pytest.mark.parametrize("query", ["a=1", "b=2&a=1", "a-b=1&a=1", "a=%20&b=%2F", "a=", "=a", "=", QUERIES[-3]])
def test_a_query_that_needs_nothing_but_sorting_is_plain(query: str) -> None:
    lines = Headers((("Host", HOST), ("X-Amz-Date", TIMESTAMP), ("Authorization", header())))
    assert recalled(SignedRequest("GET", "/a", query, lines, b"")) is not None


@pytest.mark.parametrize(
    "query",
    ["a", "a=%7E", "a=%2f", "a=b=c", "a=b+c", "a=1&", "X-Amz-Date=1", "X%2DAmz-Date=1", "a=%", "a=%2", *QUERIES[-2:]],
)
def test_a_query_that_needs_more_is_left_to_the_definition(query: str) -> None:
    lines = Headers((("Host", HOST), ("X-Amz-Date", TIMESTAMP), ("Authorization", header())))
    assert recalled(SignedRequest("GET", "/a", query, lines, b"")) is None


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**64 - 1))
def test_what_botocore_signs_is_accepted_the_second_time_and_each_forgery_of_it_refused(seed: int) -> None:
    dice = Random(seed)
    keys = SigningKeys(SECRET)
    plain = 0
    for _ in range(50):
        if dice.random() < 0.5:
            request, signed_at = make_request(dice, in_query=False)
        else:
            request, signed_at = botocore_signs(dice.choice(PLAIN), body=dice.choice(BODIES))
        check(request, signed_at)
        again = read(request, now=signed_at)
        assert again is not None
        plain += again.string_to_sign is not None
        verify(request, again, signing_keys=keys, now=signed_at, expectation=EXPECTATION)
        for name, forge in FORGERIES.items():
            forged = forge(request, dice)
            try:
                check(forged, signed_at)
            except SignatureRefused:
                continue
            pytest.fail(f"accepted with another {name}: {forged}")
    assert plain > 5


def test_what_was_put_together_for_one_request_is_not_taken_for_another() -> None:
    request, signed_at = make_request(Random(4), in_query=False)
    other = SignedRequest("DELETE", request.path, request.query, request.headers, request.body)
    check(request, signed_at)
    again = read(request, now=signed_at)
    assert again is not None
    with pytest.raises(SignatureRefused):
        verify(other, again, signing_keys=SigningKeys(SECRET), now=signed_at, expectation=EXPECTATION)


def test_out_of_time_it_is_left_to_the_definition() -> None:
    lines = Headers((("Host", HOST), ("X-Amz-Date", TIMESTAMP), ("Authorization", header())))
    request = SignedRequest("GET", "/a", "", lines, b"")
    for seconds in (-301, 301):
        with pytest.raises(SignatureRefused):
            read(request, now=NOW + timedelta(seconds=seconds))
