"""One server for all of a worker's SDK tests; each test makes its own things on it."""

from collections.abc import Iterator

import pytest
from tests.sdk.running import RunningServer


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("home")) as server:
        yield server
