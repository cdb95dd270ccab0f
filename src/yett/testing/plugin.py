"""Fixtures: ``gateway`` (one for the session) and ``api`` (for each test, as at the start of the day).

The template is that of the ini option ``yett_template`` or of the fixture of this name, which a ``conftest.py`` may
replace.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from yett.testing.gateway import Api, Gateway


SURPRISES: pytest.StashKey[dict[str, None]] = pytest.StashKey()
OF_WORKER = "yett_surprises"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Under xdist, have the controller know what this worker's calls have shown."""
    if hasattr(session.config, "workeroutput"):
        found = session.config.stash.setdefault(SURPRISES, {})
        session.config.workeroutput[OF_WORKER] = list(found)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker of xdist has ended."""
    known = node.config.stash.setdefault(SURPRISES, {})
    known.update(dict.fromkeys(getattr(node, "workeroutput", {}).get(OF_WORKER, ())))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """What callers will be surprised by, though no test failed."""
    surprises = config.stash.get(SURPRISES, {})
    if surprises:
        terminalreporter.section("yett: beware")
        for surprise in surprises:
            terminalreporter.line(surprise)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say what can be set."""
    parser.addoption("--update-golden", action="store_true", help="write golden access matrices anew")
    parser.addini("yett_template", "the template that the `gateway` fixture puts up", default="template.yaml")


@pytest.fixture(scope="session")
def yett_template(pytestconfig: pytest.Config) -> Path:
    """The template to put up."""
    return pytestconfig.rootpath / str(pytestconfig.getini("yett_template"))


@pytest.fixture(scope="session")
def yett_parameters() -> dict[str, str]:
    """The template's parameters."""
    return {}


@pytest.fixture(scope="session")
def gateway(
    yett_template: Path,
    yett_parameters: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
) -> Iterator["Gateway"]:
    """A gateway of this session (of this worker, under xdist) with the template up on it."""
    from yett.testing.gateway import Gateway

    with Gateway(
        yett_template,
        tmp_path_factory.mktemp("yett"),
        parameters=yett_parameters,
        updates_golden_files=bool(pytestconfig.getoption("update_golden")),
    ) as running:
        pytestconfig.stash[SURPRISES] = running.warnings
        yield running


@pytest.fixture
def api(gateway: "Gateway") -> Iterator["Api"]:
    """The template's API, with time, faults and caches as at the beginning. Of several, ask
    ``gateway.api("LogicalId")``.
    """
    gateway.reset()
    yield gateway.api()
    gateway.reset()
