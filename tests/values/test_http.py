from hypothesis import given
from hypothesis import strategies as st

from yett.values.http import Headers

LINES = st.lists(st.tuples(st.sampled_from(["A", "a", "B", "b-c", "B-C"]), st.text(max_size=2)), max_size=5)


def test_lines_are_found_by_name_whatever_its_case_and_the_first_of_a_name_counts() -> None:
    headers = Headers((("Host", "a"), ("X-Kind", "cat"), ("x-kind", "dog")))
    assert headers.by_name() == {"host": "a", "x-kind": "cat"}
    assert headers.by_name() is headers.by_name()
    assert headers.names() == {"host", "x-kind"}
    assert not Headers().by_name()


@given(LINES)
def test_every_line_of_a_name_is_given_whether_or_not_lines_were_looked_for_before(
    lines: list[tuple[str, str]],
) -> None:
    new, known = Headers.of(lines), Headers.of(lines)
    known.get("a")
    for name in ("a", "b", "b-c", ""):
        every = tuple(value for line_name, value in lines if line_name.lower() == name)
        assert new.get_all(name) == known.get_all(name) == every
