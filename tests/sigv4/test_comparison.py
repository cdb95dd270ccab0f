"""What a client signed beside what came in: each difference is made, and named; nothing secret is told."""

import os

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.sigv4.comparison import OUTLINED_CHARACTERS, Outline, compare, outline
from yett.sigv4.parts import Parts

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
TOKEN = "FwoGZXIvYXdzEJr-a-session-token"
SCOPE = "20260102/eu-west-1/execute-api/aws4_request"
STRING_TO_SIGN = f"AWS4-HMAC-SHA256\n20260102T030405Z\n{SCOPE}\n{'0' * 64}"
RIGHT = Parts(
    method="GET",
    path="/prod/a%2520b",
    query="kind=cat%20food&page=2&password=hunter2",
    headers=(
        "host:abc.execute-api.eu-west-1.amazonaws.com\nx-amz-date:20260102T030405Z\n"
        f"x-amz-security-token:{TOKEN}\nx-word:a b\n"
    ),
    signed_headers="host;x-amz-date;x-amz-security-token;x-word",
    body_hash="ab" * 32,
)
HOST = "host:abc.execute-api.eu-west-1.amazonaws.com\n"


def kept(parts: Parts = RIGHT) -> Outline:
    made = outline(parts.render(), STRING_TO_SIGN, salt=os.urandom(16))
    assert made is not None
    return made


def replaced(part: str, old: str, new: str) -> Parts:
    return msgspec.structs.replace(RIGHT, **{part: getattr(RIGHT, part).replace(old, new)})


@pytest.mark.parametrize(
    ("signed", "part", "message"),
    [
        (replaced("method", "GET", "PUT"), "method", "PUT was signed, GET came in"),
        (replaced("path", "%2520", "%20"), "path", "encoded once; a signature"),
        (replaced("path", "%2520", "%252520"), "path", "once too often"),
        (replaced("path", "/prod", ""), "path", "without `/prod`"),
        (replaced("path", "/prod", "/v1/prod"), "path", "`/v1` at its front was signed"),
        (replaced("path", "a%2520b", "c"), "path", "another was signed"),
        (replaced("query", RIGHT.query, ""), "query", "it was not signed"),
        (replaced("query", "%20", "+"), "query", "a space was signed as `+`"),
        (replaced("query", RIGHT.query, "page=2&kind=cat%20food&password=hunter2"), "query", "in another order"),
        (replaced("query", "&page=2", ""), "query", "`page` was not signed, and came in"),
        (replaced("query", "page=2", "page=2&size=3"), "query", "`size` was signed, and did not come in"),
        (replaced("query", "page=2", "page=3"), "query", "`page` was signed with another value"),
        (replaced("headers", "host:abc", "host:api"), "header", "the host was rewritten"),
        (replaced("headers", HOST, HOST[:-1] + ":443\n"), "header", "the host's port"),
        (replaced("headers", "x-word:a b", "x-word:a  b"), "header", "with its white space"),
        (replaced("headers", "x-word:a b", "x-word:c"), "header", "`x-word` was signed with another value"),
        (replaced("headers", "x-word:a b\n", ""), "header", "the canonical request lacks it"),
        (replaced("headers", "x-word", "x-work:1\nx-word"), "header", "`x-work` was signed, and is not among"),
        (replaced("headers", TOKEN, "another"), "header", "`x-amz-security-token` was signed with another"),
        (replaced("signed_headers", ";x-word", ""), "signed headers", "is not the `SignedHeaders`"),
        (replaced("body_hash", RIGHT.body_hash, EMPTY), "body", "as if it had none"),
        (replaced("body_hash", RIGHT.body_hash, "UNSIGNED-PAYLOAD"), "body", "S3 alone"),
        (replaced("body_hash", RIGHT.body_hash, "cd" * 32), "body", "another was signed than came in"),
    ],
)
def test_each_difference_is_named(signed: Parts, part: str, message: str) -> None:
    [difference] = compare(signed, kept())
    assert difference.part == part
    assert message in difference.message
    told = msgspec.json.encode(difference).decode()
    assert "hunter2" not in told
    assert TOKEN not in told


def test_what_came_in_without_a_header_or_a_body_is_told() -> None:
    received = kept(
        msgspec.structs.replace(RIGHT, headers=RIGHT.headers.replace("x-word:a b", "x-word:"), body_hash=EMPTY)
    )
    header, body = compare(RIGHT, received)
    assert "did not come in" in header.message
    assert "none came in" in body.message


def test_a_parameter_without_a_value_wants_its_equals_sign() -> None:
    received = kept(msgspec.structs.replace(RIGHT, query="all="))
    [difference] = compare(msgspec.structs.replace(RIGHT, query="all"), received)
    assert "with its `=`" in difference.message


def test_the_same_are_the_same() -> None:
    assert compare(RIGHT, kept()) == ()


def test_an_outline_holds_nothing_that_may_be_secret() -> None:
    made = kept()
    told = msgspec.json.encode(made).decode() + repr(made)
    assert TOKEN not in told
    assert "hunter2" not in told
    assert "abc.execute-api" in told
    assert kept().query[0].digest != made.query[0].digest  # salted: no table of digests serves twice


def test_what_is_too_long_is_not_kept() -> None:
    assert outline(replaced("path", "a", "a" * OUTLINED_CHARACTERS).render(), STRING_TO_SIGN, salt=b"") is None
    assert outline("", "", salt=b"") is None


TEXT = st.text(st.characters(max_codepoint=255, exclude_characters="\n"), max_size=12)


@given(st.lists(st.tuples(st.from_regex(r"[a-z-]{1,8}", fullmatch=True), TEXT), min_size=1, max_size=4), TEXT)
def test_any_canonical_request_is_the_same_as_itself(headers: list[tuple[str, str]], query: str) -> None:
    parts = Parts(
        method="GET",
        path="/",
        query="&".join(f"{item}=" for item in query.replace("=", "").split("&")) if query else "",
        headers="".join(f"{name}:{value}\n" for name, value in dict(headers).items()),
        signed_headers=";".join(dict(headers)),
        body_hash=EMPTY,
    )
    assert compare(parts, kept(parts)) == ()
    other = msgspec.structs.replace(parts, method="PUT")
    assert [each.part for each in compare(other, kept(parts))] == ["method"]
