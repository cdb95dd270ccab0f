"""The tree of resources."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.rules.apigateway.errors import ApiRefused, BadRequest, Conflict, NotFound
from yett.rules.apigateway.resource_path import add_child, descendants, parse_path_part, rename
from yett.rules.apigateway.rest_api import Resource

ROOT = Resource(id="r", path="/")


def tree(*paths: str) -> dict[str, Resource]:
    """A tree with these paths; a resource's id is its path."""
    made = {"r": ROOT}
    for path in paths:
        parent = path.rpartition("/")[0] or "r"
        made[path] = add_child(made, id=path, parent_id=parent, path_part=path.rpartition("/")[2])
    return made


@pytest.mark.parametrize("text", ["pets", "{id}", "{proxy+}", "a.b_c-d:e", "~x"])
def test_a_path_part_is_taken(text: str) -> None:
    assert parse_path_part(text) == text


@pytest.mark.parametrize("text", ["", "a/b", "x{id}", "{id}x", "{", "{}", "{+}", "a b", "{a+}+", "é"])
def test_what_is_no_path_part_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        parse_path_part(text)


def test_siblings_do_not_collide() -> None:
    made = tree("/a", "/a/{id}")
    with pytest.raises(Conflict):
        add_child(made, id="x", parent_id="r", path_part="a")
    with pytest.raises(BadRequest, match="already has a variable path part"):
        add_child(made, id="x", parent_id="/a", path_part="{other}")
    with pytest.raises(NotFound):
        add_child(made, id="x", parent_id="nobody", path_part="b")
    with pytest.raises(BadRequest, match="greedy"):
        add_child(tree("/{proxy+}"), id="x", parent_id="/{proxy+}", path_part="b")


def test_what_is_below_moves_along() -> None:
    made = tree("/a", "/a/b", "/a/b/c", "/d")
    moved = rename(made, "/a/b", parent_id="/d", path_part="e")
    assert {one.id: one.path for one in moved.values()} == {
        "r": "/",
        "/a": "/a",
        "/a/b": "/d/e",
        "/a/b/c": "/d/e/c",
        "/d": "/d",
    }
    with pytest.raises(NotFound):
        rename(made, "/a", parent_id="/a/b", path_part="x")
    with pytest.raises(NotFound):
        rename(made, "/a", parent_id="nobody", path_part="x")


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["a", "b", "c", "{v}", "{g+}"])), max_size=12))
def test_a_tree_has_each_path_once_and_hangs_together(steps: list[tuple[int, str]]) -> None:
    made = {"r": ROOT}
    for number, (parent, part) in enumerate(steps):
        parent_id = list(made)[parent % len(made)]
        try:
            made[str(number)] = add_child(made, id=str(number), parent_id=parent_id, path_part=part)
        except ApiRefused:
            continue
    assert len({one.path for one in made.values()}) == len(made)
    assert set(descendants(made, "r")) == set(made)
