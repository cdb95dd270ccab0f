"""The compiled reader takes tokens apart as their definition does, or leaves them to it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.tokens.support import CLAIMS, encode, private_key
from tests.twins import needs_twin

from yett import compiled
from yett.tokens import TokenRefused, jws, read_jws, sign_jws

MODULE = "yett.tokens.plain_jws"
pytestmark = needs_twin(MODULE)

HEADER = encode(b'{"alg":"RS256","kid":"one"}')
ODD = st.sampled_from(
    ["=", "==", "+", "/", " ", "\n", "\0", "é", "€", "\U0001f600", "~", "%41", ".", "..", "A", "-", "_"]
)
PARTS = st.one_of(
    st.binary(max_size=40).map(encode),
    st.text("ABQgwxyz019-_", max_size=9),
    st.builds(lambda text, odd, at: text[:at] + odd + text[at:], st.binary().map(encode), ODD, st.integers(0, 9)),
    st.text(max_size=5),
)
HEADERS = st.sampled_from([HEADER, HEADER, HEADER, encode(b"{}"), "", encode(b"[]"), f"{HEADER}=", HEADER[:-1]])
TOKENS = st.one_of(
    st.builds(".".join, st.tuples(HEADERS, PARTS, PARTS)),
    st.builds(".".join, st.lists(st.one_of(HEADERS, PARTS), max_size=5)),
    st.text(max_size=30),
)


def test_the_twin_is_built_where_the_whole_suite_must_run() -> None:
    assert compiled.is_there(MODULE)


def told(token: str) -> object:
    """What comes of reading a token; refusals by their fault and words."""
    try:
        return read_jws(token)
    except TokenRefused as refusal:
        return refusal.fault, refusal.reason


def as_defined(token: str) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jws, "_take_apart", lambda _: None)
        return told(token)


@given(TOKENS)
@example("")
@example("..")
@example(f"{HEADER}..")
@example(f"{HEADER}.AA.AA")
@example(f"{HEADER}.AB.AA")
@example(f"{HEADER}.AAA.AAB")
@example(f"{HEADER}.{'A' * 16_400}.AA")
@example(f"{HEADER}.{'A' * 20_000}.AA")
@example(f"{encode(b'x' * 1000)}.AA.AA")
@example(f"{encode(b'x' * 4000)}.AA.AA")
def test_a_token_reads_as_its_definition_says(token: str) -> None:
    assert told(token) == as_defined(token)


def test_genuine_tokens_are_not_left_to_the_definition() -> None:
    take_apart = compiled.twin(MODULE, "take_apart")
    for alg in ("RS256", "ES256"):
        assert take_apart(sign_jws(CLAIMS, private_key(alg), kid="one", alg=alg)) is not None


def test_what_is_no_text_is_left_to_the_definition() -> None:
    class Text(str):
        __slots__ = ()

    take_apart = compiled.twin(MODULE, "take_apart")
    for odd in (None, b"a.b.c", 1, Text(f"{HEADER}.AA.AA")):
        assert take_apart(odd) is None
