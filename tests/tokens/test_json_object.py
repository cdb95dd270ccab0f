import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.tokens import TokenRefused
from yett.tokens.json_object import decode_base64url, encode_base64url, parse_object


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
