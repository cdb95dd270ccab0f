import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from yett.tokens import TokenRefused, json_object
from yett.tokens.json_object import decode_base64url, encode_base64url, parse_canonical_object, parse_object


@given(st.binary())
def test_octets_are_read_back(octets: bytes) -> None:
    assert decode_base64url(encode_base64url(octets)) == octets


@given(st.text(st.sampled_from("ABab01-_+/= \n"), max_size=8))
def test_a_text_is_read_only_if_it_is_the_one_for_its_octets(text: str) -> None:
    try:
        assert encode_base64url(decode_base64url(text)) == text
    except TokenRefused:
        assert set(text) & set("+/= \n") or len(text) % 4


@pytest.mark.parametrize(
    "text", [b"[]", b"1", b"", b"{", b'{"a":1,"a":2}', b'{"a":Infinity}', b'{"a":"\\udc00"}', b"\xff"]
)
def test_what_has_not_one_meaning_is_refused(text: bytes) -> None:
    with pytest.raises(TokenRefused):
        parse_object(text, of="text")


def test_an_escaped_pair_of_surrogates_is_a_character() -> None:
    assert parse_object(b'{"a":"\\ud83d\\ude00"}', of="text") == {"a": "\U0001f600"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
PIECES = st.sampled_from(
    [
        "{", "}", "[", "]", ",", ":", '"a"', '"b"', '"a":1', '"a":1,', "1", "-0", "1.0", "1e5", "1e400", "01",
        "NaN", "Infinity", "null", "true", "True", " ", "\n", '"', "\\", "\\u0000", "\\ud800", "\\/", "\ufeff",
        "\x00", "\x7f", "\u00e9", "9" * 30, "0.1234567890123456789", "1E+2", "\u2028",
    ]
)  # fmt: skip
TEXTS = st.one_of(
    st.dictionaries(st.text(max_size=3), VALUES, max_size=4).map(
        lambda members: json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    ),
    st.dictionaries(st.text(max_size=3), VALUES, max_size=4).map(lambda members: json.dumps(members).encode()),
    st.lists(PIECES, max_size=8).map(lambda pieces: "".join(["{", *pieces, "}"]).encode()),
    st.binary(max_size=12).map(lambda octets: b'{"a":"' + octets + b'"}'),
)


def as_defined(text: bytes) -> str | None:
    """The object as ``parse_object`` reads it where nothing is taken for canonical; None of what it refuses."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_object, "parse_canonical_object", lambda _: None)
        try:
            return repr(parse_object(text, of="text"))
        except TokenRefused:
            return None


@given(TEXTS)
@example(b'{"a":1,"a":1}')
@example(b'{"a":{"b":1,"b":1}}')
@example(b'{"a":"\\udc00"}')
@example(b'{"a":' + b"9" * 4301 + b"}")
@example(b'{"a":18446744073709551616}')
@example(b'{"a":1e16}')
def test_a_text_that_is_taken_for_canonical_has_no_other_meaning(text: bytes) -> None:
    canonical = parse_canonical_object(text)
    if canonical is not None:
        assert repr(canonical) == as_defined(text)


def test_claims_as_issuers_write_them_are_canonical() -> None:
    claims: dict[str, Any] = {
        "sub": "aaaaaaaa-bbbb-cccc-dddd-example",
        "cognito:groups": ["admin", "users"],
        "email_verified": True,
        "iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_example",
        "exp": 1676312777,
        "name": "Zo\u00eb",
    }
    text = json.dumps(claims, separators=(",", ":"), ensure_ascii=False).encode()
    assert parse_canonical_object(text) == claims == parse_object(text, of="text")
    assert parse_canonical_object(json.dumps(claims).encode()) is None
