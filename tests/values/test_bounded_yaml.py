"""YAML that asks for more than there is."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from yett.values.bounded_yaml import MERGED_MEMBERS, NESTED_LEVELS, BoundedLoader

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab: -", max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("xy", max_size=3), inner, max_size=3),
)


@given(VALUES)
def test_what_is_within_the_bounds_is_read_as_yaml_reads_it(value: object) -> None:
    assert yaml.load(yaml.safe_dump(value), BoundedLoader) == value


@pytest.mark.parametrize("nest", ["[{}]", "- {}", "{{a: {}}}"])
def test_depth_is_refused_where_it_begins(nest: str) -> None:
    text = "x"
    for _ in range(NESTED_LEVELS - 1):
        text = nest.format(text)
    yaml.load(text, BoundedLoader)
    with pytest.raises(yaml.MarkedYAMLError, match="nested over 100 levels") as error:
        yaml.load(nest.format(text), BoundedLoader)
    assert error.value.problem_mark is not None


@pytest.mark.parametrize("endless", ["- " * 90_000, "[" * 200_000, '{"a":' * 100_000, "? " * 90_000])
def test_endless_nesting_takes_no_stack(endless: str) -> None:
    with pytest.raises(yaml.MarkedYAMLError):
        yaml.load(endless, BoundedLoader)


def test_merges_that_multiply_are_refused() -> None:
    text = "m0: &m0 {x: 1}\n" + "".join(f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 8)}]}}\n" for n in range(1, 9))
    with pytest.raises(yaml.MarkedYAMLError, match=str(MERGED_MEMBERS)):
        yaml.load(text, BoundedLoader)
