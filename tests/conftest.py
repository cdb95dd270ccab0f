"""What every test begins with."""

import pytest

from yett.server.logging import configure_logging


@pytest.fixture(autouse=True)
def plain_log() -> None:
    """Our own log as a server has it, whatever an earlier test made of it."""
    configure_logging()
