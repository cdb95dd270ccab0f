"""One `yett up` for all of a worker's tests of the command line that only ask it."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.cli.processes import UP, Process, environment_of

TEMPLATE = Path(__file__).with_name("template.yaml")


@dataclass(frozen=True, eq=False)
class Shop:
    """A template that is up, and a shell's environment beside it."""

    process: Process
    environment: dict[str, str]
    directory: Path  # where the shell is
    home: Path

    @property
    def url(self) -> str:
        """Where the API is called."""
        (line,) = [line for line in self.process.printed.splitlines() if line.startswith("Shop (")]
        return line.split()[-1]


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    directory = tmp_path_factory.mktemp("a shop")
    shutil.copy(TEMPLATE, directory)
    home = directory / "a home with spaces"
    environment = environment_of(home)
    process = Process("up", TEMPLATE.name, "--port", "0", environment=environment, cwd=directory)
    try:
        process.wait_for(UP)
        yield Shop(process=process, environment=environment, directory=directory, home=home)
    finally:
        if process.is_running():
            process.end()
