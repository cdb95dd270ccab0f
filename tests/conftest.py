"""What every test begins with, and ends with: nothing that was printed holds a secret."""

import os
import signal
from collections.abc import Generator

import hypothesis
import pytest
from tests import secrecy

from yett.server.logging import configure_logging

# A run in the background of a shell ignores SIGINT, and so would every process that a test starts and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# Continuous integration tries the same examples each time: a change lands by what it does, not by luck. Others look
# further.
# Nowhere is an example timed: a busy machine is no fault of what it tries.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None)
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") == "true" else "here")

secrecy.watch()


@pytest.fixture(autouse=True)
def plain_log() -> None:
    """Our own log as a server has it, whatever an earlier test made of it."""
    configure_logging()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test during which a secret was printed or logged."""
    report = yield
    # What `logging` caught is of other libraries, at levels that tests have asked them for; ours goes to stderr.
    printed = [(name, text.encode("utf-8", "surrogateescape")) for name, text in report.sections if " log " not in name]
    try:
        secrecy.check(printed)
    except AssertionError as found:
        report.outcome, report.longrepr, report.sections = "failed", str(found), []
    return report
