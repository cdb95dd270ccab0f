"""What every test begins with."""

import os
import signal

import hypothesis
import pytest

from yett.server.logging import configure_logging

# A run in the background of a shell ignores SIGINT, and so would every process that a test starts and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# Continuous integration tries the same examples each time: a change lands by what it does, not by luck. Others look
# further.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI") == "true":
    hypothesis.settings.load_profile("ci")


@pytest.fixture(autouse=True)
def plain_log() -> None:
    """Our own log as a server has it, whatever an earlier test made of it."""
    configure_logging()
