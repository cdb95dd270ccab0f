"""What is not built is left to the definition."""

import pytest

from yett.compiled import is_there, twin


@pytest.mark.parametrize(
    ("module", "name"), [("yett.values.no_such", "spell"), ("yett.values.http", "of_a_later_build")]
)
def test_a_function_that_was_not_built_leaves_everything_to_its_definition(module: str, name: str) -> None:
    assert twin(module, name)("anything", 1) is None


def test_a_module_that_was_not_built_is_not_there() -> None:
    assert not is_there("yett.values.no_such")
