from hypothesis import given
from hypothesis import strategies as st

from yett.rules.execute_api.multivalue import header_maps, or_null, query_maps, query_values
from yett.values.http import Headers


def test_lines_whose_names_differ_by_case_are_one_header_in_the_first_casing() -> None:
    headers = Headers((("tEsT", "1"), ("TeSt", "2"), ("AUTHORIZATION", "x"), ("user-AGENT", "y")))
    last, every = header_maps(headers)
    assert last == {"tEsT": "2", "Authorization": "x", "User-Agent": "y"}
    assert every == {"tEsT": ["1", "2"], "Authorization": ["x"], "User-Agent": ["y"]}


def test_parameters_are_decoded_and_told_apart_by_case() -> None:
    last, every = query_maps("a=1&A=2;a=%26+3&&b&=4")
    assert last == {"a": "& 3", "A": "2", "b": "", "": "4"}
    assert every["a"] == ["1", "& 3"]
    assert query_values("a=1&A=2;a=%26+3", "a") == ("1", "& 3")
    assert query_maps("") == ({}, {})


@given(st.text(alphabet="ab=&;%+2", max_size=30))
def test_the_last_of_all_values_is_the_value(query: str) -> None:
    last, every = query_maps(query)
    assert last == {name: values[-1] for name, values in every.items()}


def test_nothing_is_null() -> None:
    assert or_null({}) is None
    assert or_null({"a": "1"}) == {"a": "1"}
