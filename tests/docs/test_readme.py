"""What the README tells a newcomer to type is typed here, against a server as `make run` starts it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.architecture.sources import ROOT
from tests.docs.shells import URL, Shell, adapt, environment_of, running

README = (ROOT / "README.md").read_text()
BLOCK = re.compile(r"<!-- run -->\n```sh\n(.*?)```", re.DOTALL)
TRACE = re.compile(r"```text\n(GET .*?)```", re.DOTALL)
UP = "Ctrl-C stops it"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return environment_of(tmp_path)


@pytest.fixture
def served(environment: dict[str, str]) -> Iterator[str]:
    """The pet store as `make run` puts it up, but on a free port; gives what it printed."""
    words = ("up", "examples/petstore/template.yaml", "--port", "0")
    with running(*words, until=UP, environment=environment) as printed:
        yield printed


def test_a_refused_call_an_allowed_one_and_why(served: str, environment: dict[str, str]) -> None:
    found = URL.search(served)
    assert found is not None, served
    first, second, third = (adapt(block, found[0]) for block in BLOCK.findall(README))
    shell = Shell(environment)
    try:
        calls = shell.type(first)
        assert '"pets": []' in calls
        assert "403 Forbidden" in calls
        assert '{"message":"Missing Authentication Token"}' in calls

        signed = shell.type(second)
        assert '"caller": "arn:aws:iam::123456789012:user/petstore-clerk"' in signed
        assert "/prod/GET/stock/vault with an explicit deny in an identity-based policy" in signed

        refused = re.search(r"yett explain (\S+)", signed)
        assert refused is not None, signed
        why = shell.type(third.replace("REQUEST_ID", refused[1]))
        shown = TRACE.search(README)
        assert shown is not None
        assert [line for line in shown[1].splitlines() if line.partition(" ...")[0] not in why] == [], why
    finally:
        shell.close()


def test_what_is_shown_of_the_examples_tests_is_in_them() -> None:
    pages = README + (ROOT / "docs" / "guide" / "testing.md").read_text()
    shown = re.findall(r"```(?:python|ini)\n(.*?)```", pages, re.DOTALL)
    folder = ROOT / "examples" / "petstore" / "tests"
    tests = (folder / "test_who_may_call.py").read_text() + (folder / "pytest.ini").read_text()
    assert len(shown) > 5
    assert [snippet for snippet in shown if snippet not in tests] == []


MAKE = {
    "run": "$(BIN)/yett up examples/petstore/template.yaml",
    "test": "$(BIN)/pytest -n auto",
    "demo": "$(BIN)/python examples/petstore/demo.py",
    "bench": "$(BIN)/python -m bench.run",
    "docs": "$(BIN)/python docs/generate.py",
}


@pytest.mark.parametrize("target", MAKE)
def test_a_make_target_calls_what_the_pages_say(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert f"\n{target}: $(STAMP)\n\t{MAKE[target]}\n" in makefile


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = {name for page in ROOT.glob("*.md") for name in re.findall(r"`make ([a-z]+)`", page.read_text())}
    named |= set(re.findall(r"^make ([a-z]+)$", README, re.MULTILINE))
    assert [name for name in named if f"\n{name}:" not in makefile] == []
