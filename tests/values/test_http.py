from yett.values.http import Headers


def test_lines_are_found_by_name_whatever_its_case_and_the_first_of_a_name_counts() -> None:
    headers = Headers((("Host", "a"), ("X-Kind", "cat"), ("x-kind", "dog")))
    assert headers.by_name() == {"host": "a", "x-kind": "cat"}
    assert headers.by_name() is headers.by_name()
    assert headers.names() == {"host", "x-kind"}
    assert not Headers().by_name()
