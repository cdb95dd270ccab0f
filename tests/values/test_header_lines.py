import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.values.header_lines import is_token, render_header_lines


def test_lines_keep_their_order_casing_and_repeats() -> None:
    assert render_header_lines([("X-B", "1"), ("x-a", "ü"), ("X-B", "")]) == b"X-B: 1\r\nx-a: \xfc\r\nX-B: \r\n"


@pytest.mark.parametrize("value", ["a\r\nX: 1", "a\nb", "a\rb", "a\x00", "a\x7f", "\r\n", "a\n\r"])
def test_a_value_cannot_add_a_line_or_a_control_character(value: str) -> None:
    with pytest.raises(ValueError):
        render_header_lines([("X-A", value), ("X-B", "fine")])


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\r\nb", "ü", "(a)"])
def test_a_name_is_a_token(name: str) -> None:
    assert not is_token(name)
    with pytest.raises(ValueError):
        render_header_lines([(name, "fine")])


def test_a_value_outside_latin_1_is_refused() -> None:
    with pytest.raises(ValueError):
        render_header_lines([("X-A", "日本")])


@given(st.lists(st.tuples(st.sampled_from(["A", "b-C"]), st.text(st.characters(max_codepoint=300)))))
def test_what_is_rendered_splits_into_the_same_lines(lines: list[tuple[str, str]]) -> None:
    try:
        block = render_header_lines(lines)
    except ValueError:
        return
    split = [tuple(line.split(": ", 1)) for line in block.decode("latin-1").split("\r\n")[:-1]]
    assert split == lines
