"""What every test begins with."""

import signal

import pytest

from yett.server.logging import configure_logging

# A run in the background of a shell ignores SIGINT, and so would every process that a test starts and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def plain_log() -> None:
    """Our own log as a server has it, whatever an earlier test made of it."""
    configure_logging()
