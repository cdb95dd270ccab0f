import re

from hypothesis import given
from hypothesis import strategies as st

from yett.policy.wildcard import Glob, SegmentedGlob, Token, Wild, glob

TOKENS = st.lists(st.text("ab:*", max_size=3) | st.sampled_from(list(Wild)), max_size=8)
TEXTS = st.text("ab:*", max_size=12)
EXPRESSIONS = {Wild.ANY: ".*", Wild.ONE: ".", Wild.ANY_IN_SEGMENT: "[^:]*", Wild.ONE_IN_SEGMENT: "[^:]"}


def as_expression(tokens: list[Token]) -> str:
    return "".join(re.escape(token) if isinstance(token, str) else EXPRESSIONS[token] for token in tokens)


@given(TOKENS, TEXTS)
def test_a_confined_pattern_matches_what_a_regular_expression_does(tokens: list[Token], text: str) -> None:
    assert SegmentedGlob(tokens).matches(text) == (re.fullmatch(as_expression(tokens), text) is not None)


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=12))
def test_a_pattern_matches_what_a_regular_expression_does(pattern: str, text: str) -> None:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    assert glob(pattern).matches(text) == (re.fullmatch(expression, text) is not None)


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=12))
def test_what_a_pattern_matches_holds_all_its_literal_text(pattern: str, text: str) -> None:
    compiled = glob(pattern)
    if compiled.matches(text):
        assert text.startswith(compiled.prefix)
        assert all(run in text for run in compiled.runs)


def test_a_pattern_made_to_backtrack_is_answered() -> None:
    assert not glob("*a" * 500 + "b").matches("a" * 2000)
    assert not glob("*a?" * 100 + "b").matches("a" * 1000 + "c")
    assert not SegmentedGlob([Wild.ANY_IN_SEGMENT, "a"] * 100 + ["b"]).matches("a" * 1000)


def test_text_from_a_request_is_no_wildcard() -> None:
    assert Glob(["*"]).matches("*")
    assert not Glob(["*"]).matches("x")
    assert Glob(["a", "b"]).literal == "ab"
    assert Glob([]).literal == ""
    assert Glob([Wild.ONE]).literal is None


def test_a_chunk_with_question_marks_is_found_where_it_stands() -> None:
    assert glob("*?*").matches("x")
    assert not glob("*??*").matches("x")
    assert glob("*a?c*").matches("abdabc")
    assert not glob("*a?c*").matches("abdabd")
    assert glob("x*???*y").matches("xabcy")


@given(st.text(st.sampled_from("ab*?"), max_size=6), st.text(st.sampled_from("ab"), max_size=6))
def test_the_quickest_test_says_what_the_pattern_says(pattern: str, text: str) -> None:
    compiled = glob(pattern)
    assert compiled.test(text) is compiled.matches(text)
