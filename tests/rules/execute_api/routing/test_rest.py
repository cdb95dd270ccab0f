from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.execute_api.support import case_name, read_cases

from yett.rules.execute_api.routing.rest import ANY_COVERS, Router, split

Resources = Mapping[str, list[str]]


def router_of(resources: Resources) -> Router[str]:
    return Router((path, {verb: f"{verb} {path}" for verb in verbs}) for path, verbs in resources.items())


@pytest.mark.parametrize("case", read_cases("routing"), ids=case_name)
def test_a_call_is_served_by_the_method_that_aws_would_choose(case: dict[str, Any]) -> None:
    found = router_of(case["resources"]).find(case["method"], case["path"])
    assert (None if found is None else [found[0], dict(found[1])]) == case["expect"]


LITERALS = st.sampled_from(["a", "b", "c"])
SEGMENTS = LITERALS | st.just("{x}")
PATHS = st.builds(
    lambda segments, greedy: "/" + "/".join([*segments, *(["{proxy+}"] if greedy else [])]),
    st.lists(SEGMENTS, max_size=3),
    st.booleans(),
)
VERBS = st.sampled_from(["GET", "POST", "HEAD", "ANY"])
TREES = st.dictionaries(PATHS, st.lists(VERBS, max_size=2, unique=True), max_size=8)
CALLS = st.builds(lambda segments: "/" + "/".join(segments), st.lists(LITERALS | st.just("z"), max_size=4))


def serves(verbs: list[str], verb: str) -> str | None:
    return verb if verb in verbs else "ANY" if "ANY" in verbs and verb in ANY_COVERS else None


def specificity(path: str) -> list[int]:
    """Sorts literal before variable before greedy, segment by segment."""
    return [2 if each.endswith("+}") else 1 if each.startswith("{") else 0 for each in split(path)]


def matches(path: str, called: list[str]) -> bool:
    template = split(path)
    if template and template[-1].endswith("+}"):
        return len(called) >= len(template) and all(
            each in ("{x}", given) for each, given in zip(template[:-1], called, strict=False)
        )
    return len(template) == len(called) and all(
        each in ("{x}", given) for each, given in zip(template, called, strict=True)
    )


def naive(resources: Resources, verb: str, path: str) -> str | None:
    """The definition: the one most specific exact resource if it serves the verb, else the best proxy that does."""
    called = split(path)
    candidates = sorted((each for each in resources if matches(each, called)), key=specificity)
    exact = [each for each in candidates if not each.endswith("+}")]
    if exact and (served := serves(resources[exact[0]], verb)) is not None:
        return f"{served} {exact[0]}"
    for each in candidates:
        if each.endswith("+}") and (served := serves(resources[each], verb)) is not None:
            return f"{served} {each}"
    return None


@given(TREES, st.sampled_from(["GET", "POST", "HEAD", "DELETE"]), CALLS)
def test_the_tree_finds_what_the_definition_finds(resources: Resources, verb: str, path: str) -> None:
    found = router_of(resources).find(verb, path)
    assert (None if found is None else found[0]) == naive(resources, verb, path)


@given(TREES, CALLS)
def test_the_parameters_rebuild_the_path(resources: Resources, path: str) -> None:
    found = router_of({each: ["GET"] for each in resources}).find("GET", path)
    if found is None:
        return
    template = found[0].removeprefix("GET ")
    names = [each for each in split(template) if each.startswith("{")]
    if len(set(names)) == len(names):
        for name, value in found[1].items():
            template = template.replace(f"{{{name}+}}", value).replace(f"{{{name}}}", value)
        assert split(template) == split(path)


def test_a_path_of_very_many_segments_is_routed() -> None:
    assert router_of({"/{proxy+}": ["GET"]}).find("GET", "/a" * 5000) is not None
    assert router_of({"/a/b": ["GET"]}).find("GET", "/a" * 5000) is None
