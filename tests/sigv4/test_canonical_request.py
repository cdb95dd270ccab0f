from datetime import UTC, datetime
from urllib.parse import quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sigv4.support import HOST

from yett.sigv4 import Fault, SignatureRefused, SignedRequest
from yett.sigv4 import canonical_request as module
from yett.sigv4.canonical_request import (
    canonical_header_value,
    canonical_headers,
    canonical_path,
    canonical_query,
    canonical_requests,
    decode,
    encode,
    parse_query,
    payload_hash,
)
from yett.values.http import Headers, HttpRequest

OCTETS = st.text(st.characters(max_codepoint=255), max_size=20)
SEGMENTS = st.lists(
    OCTETS.map(lambda text: quote(text.encode("latin-1"), safe="~")).filter(lambda s: s not in (".", ".."))
)


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("", "/"),
        ("/", "/"),
        ("//", "/"),
        ("/a//b/", "/a/b/"),
        ("/a/./b/../c", "/a/c"),
        ("/a/..", "/"),
        ("/.hidden/a..b", "/.hidden/a..b"),
        ("/a%20b", "/a%2520b"),
        ("/a b", "/a%20b"),
        ("/a@b", "/a%40b"),
        ("/a%2fb", "/a%252fb"),
        ("/\xe1\x88\xb4", "/%E1%88%B4"),
    ],
)
def test_a_path_is_normalised_and_encoded_once_more(path: str, canonical: str) -> None:
    assert canonical_path(path) == canonical


@given(SEGMENTS)
def test_the_fast_path_is_what_encoding_each_octet_gives(segments: list[str]) -> None:
    path = "/" + "/".join(segment for segment in segments if segment)
    assert canonical_path(path) == quote(path, safe="/~")


@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        ("", ""),
        ("a", "a="),
        ("b=1&a=2", "a=2&b=1"),
        ("a=2&a=1", "a=1&a=2"),
        ("a-b=1&a=1", "a=1&a-b=1"),
        ("a=b=c", "a=b%3Dc"),
        ("a=b+c", "a=b%20c"),
        ("a=%7e", "a=~"),
        ("a=%2f&a=/", "a=%2F&a=%2F"),
        ("X-Amz-Signature=1&a=1", "a=1"),
        ("X-Amz-Signature=1&X-Amz-Signature=2", "X-Amz-Signature=2"),
    ],
)
def test_a_query_is_decoded_encoded_and_sorted(query: str, canonical: str) -> None:
    assert canonical_query(query, without_signature=True) == canonical


@given(st.lists(st.tuples(OCTETS, OCTETS), min_size=1, max_size=5))
def test_the_order_of_parameters_changes_nothing(pairs: list[tuple[str, str]]) -> None:
    texts = [f"{encode(name)}={encode(value)}" for name, value in pairs]
    forwards, backwards = "&".join(texts), "&".join(reversed(texts))
    assert canonical_query(forwards, without_signature=False) == canonical_query(backwards, without_signature=False)


@given(OCTETS)
def test_decoding_undoes_encoding(text: str) -> None:
    assert decode(encode(text)) == text == unquote(encode(text), encoding="latin-1")
    assert parse_query(f"{encode(text)}={encode(text)}") == [(encode(text), encode(text))]


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("a=%", "Incomplete trailing escape % sequence"),
        ("a=%2", "Incomplete trailing escape % sequence"),
        ("%zz=1", "Illegal hex character in escape % pattern: %zz"),
        ("a=%+1", "Illegal hex character in escape % pattern: %+1"),
    ],
)
def test_a_malformed_escape_is_named(query: str, detail: str) -> None:
    with pytest.raises(SignatureRefused) as refusal:
        parse_query(query)
    assert (refusal.value.fault, refusal.value.detail) == (Fault.QUERY, detail)


@given(st.text(st.sampled_from("ab \t\"'é"), max_size=20))
def test_white_space_in_a_header_value_is_one_space(value: str) -> None:
    assert canonical_header_value(value) == " ".join(value.split())


def test_a_folded_value_is_a_line_for_each_of_its_lines() -> None:
    assert canonical_header_value(" a\r\n  b  c\r\n\td ") == "a,b c,d"


def test_a_no_break_space_is_no_white_space() -> None:
    assert canonical_header_value("\xa0a") == "\xa0a"


def test_lines_of_one_name_are_joined_in_the_order_received() -> None:
    headers = Headers.of([("X-A", " 2 "), ("Host", HOST), ("x-a", "1")])
    assert canonical_headers(headers, ["host", "x-a", "x-missing"]) == f"host:{HOST}\nx-a:2,1\nx-missing:\n"


LINES = st.lists(
    st.tuples(
        st.sampled_from(["Host", "X-A", "x-a", "X-B", ":authority"]),
        st.text(st.sampled_from("ab \t\n\r\x0b\x0c\x1c\x85\xa0é:,"), max_size=6) | st.just("plain"),
    ),
    max_size=4,
)
NAMES = st.lists(st.sampled_from(["host", "x-a", "x-b", "x-c", ":authority", "", "a b", "x\n"]), max_size=5)


@settings(max_examples=1000)
@given(LINES, NAMES)
def test_plain_headers_are_written_as_all_are(lines: list[tuple[str, str]], names: list[str]) -> None:
    headers = Headers.of(lines)
    assert canonical_headers(headers, names) == module._canonical_headers(headers, names)


def test_the_authority_is_the_host() -> None:
    assert canonical_headers(Headers.of([("Host", HOST)]), [":authority"]) == f":authority:{HOST}\n"


def test_a_body_is_hashed_and_an_empty_one_has_a_known_hash() -> None:
    assert payload_hash(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert payload_hash(b"a") == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"


def test_a_path_that_is_not_absolute_is_refused() -> None:
    with pytest.raises(SignatureRefused) as refusal:
        canonical_path("a/b")
    assert refusal.value.fault is Fault.PATH


def test_text_that_no_wire_carries_is_refused() -> None:
    with pytest.raises(SignatureRefused):
        canonical_path("/\u1234")


def test_a_plain_request_has_one_canonical_form() -> None:
    request = SignedRequest("get", "/a", "a=1", Headers.of([("Host", HOST)]), b"")
    assert len(list(canonical_requests(request, ["host"], without_signature=False))) == 1


def test_a_proxy_may_say_what_path_and_host_were_signed() -> None:
    request = HttpRequest(
        method="GET",
        target="/inner?a=1",
        path="/inner",
        query="a=1",
        headers=Headers.of([("host", "inner"), ("A", "b")]),
        body=b"",
        host="inner",
        source_ip="127.0.0.1",
        scheme="http",
        request_id="r",
        received_at=datetime(2015, 8, 30, tzinfo=UTC),
    )
    assert SignedRequest.of(request) == SignedRequest("GET", "/inner", "a=1", request.headers, b"")
    outer = SignedRequest.of(request, path="/outer", host="outer.example")
    assert (outer.path, outer.headers.get_all("host")) == ("/outer", ("outer.example",))
