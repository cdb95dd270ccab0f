"""The proof types of the line: each is built by the one step that proves it."""

import ast

import pytest
from tests.architecture.sources import PACKAGE, calls, modules, name_of, tree_of

BUILT_BY = {
    "Routed": "src/yett/execute_api/rest.py",
    "Screened": "src/yett/execute_api/screen.py",
    "Authenticated": "src/yett/execute_api/authenticate.py",
    "Authorized": "src/yett/execute_api/authorize.py",
}


@pytest.mark.parametrize("proof", BUILT_BY)
def test_a_proof_type_is_built_in_one_module_only(proof: str) -> None:
    found = {name_of(path) for path in modules() for name, _ in calls(path) if name == proof}
    assert found == {BUILT_BY[proof]}


def test_every_proof_type_of_the_line_is_listed_here() -> None:
    classes = [
        node.name for node in tree_of(PACKAGE / "rules/execute_api/call.py").body if isinstance(node, ast.ClassDef)
    ]
    assert set(classes) - {"Facts", "Question", "Standing"} == set(BUILT_BY)
