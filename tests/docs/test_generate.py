"""The reference pages are what the code's tables say."""

import re

import pytest
from docs.generate import PAGES, REFERENCE, SOURCE, VARIABLES, pages
from tests.architecture.sources import ROOT

from yett.cli.main import COMMANDS
from yett.rules.execute_api.errors import ResponseType
from yett.services.perform import SERVICES
from yett.wire import service_model


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    return {path.relative_to(ROOT).as_posix(): text for path, text in pages().items()}


@pytest.mark.parametrize("name", ["README.md", *(f"docs/reference/{name}" for name in PAGES)])
def test_a_committed_page_is_what_the_generator_writes(name: str, written: dict[str, str]) -> None:
    assert (ROOT / name).read_text() == written[name], "run `make docs` and commit what it changes"


def test_no_other_page_lies_among_them() -> None:
    assert {path.name for path in REFERENCE.iterdir()} == set(PAGES)


def test_every_variable_that_the_code_names_is_on_the_page_of_settings(written: dict[str, str]) -> None:
    named = {name for path in SOURCE.rglob("*.py") for name in re.findall(r'"(YETT_[A-Z_]+)"', path.read_text())}
    assert named <= set(VARIABLES)
    assert [name for name in VARIABLES if f"`{name}`" not in written["docs/reference/settings.md"]] == []


def test_every_command_is_on_the_page_of_commands(written: dict[str, str]) -> None:
    assert [name for name in COMMANDS if f"`yett {name}" not in written["docs/reference/cli.md"]] == []


def test_every_gateway_response_is_on_its_page(written: dict[str, str]) -> None:
    assert [
        kind for kind in ResponseType if f"`{kind.value}`" not in written["docs/reference/gateway-responses.md"]
    ] == []


@pytest.mark.parametrize("service", [*SERVICES, "dynamodb"])
def test_every_operation_of_every_model_is_told_of(service: str, written: dict[str, str]) -> None:
    page = written["docs/reference/operations.md"]
    assert [name for name in service_model(service).operations if f"`{name}`" not in page] == []
