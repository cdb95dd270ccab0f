"""What a reader has: a server in one shell, and another shell to type into."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.architecture.sources import ROOT
from tests.secrecy import check, check_home

END = "__end_of_block__"
URL = re.compile(r"http://\S+/(?:_user_request_|prod)$", re.MULTILINE)
PATIENCE_SECONDS = 120


def environment_of(directory: Path) -> dict[str, str]:
    """A reader's environment, whose home is in the directory."""
    kept = {
        name: os.environ[name] for name in os.environ if name in {"PATH", "LANG"} or name.startswith(("PIP_", "SSL_"))
    }
    return kept | {
        "HOME": str(directory),
        "YETT_HOME": str(directory / "yett"),
        "COLUMNS": "300",
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
    }


class Shell:
    """A shell that stays, as a reader's does: one block after the other, all output in between."""

    def __init__(self, environment: dict[str, str], *, cwd: Path = ROOT) -> None:
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-s"],
            cwd=cwd,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def type(self, block: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        # What the block's commands read is nothing, not the blocks that come after it.
        self._process.stdin.write(f"{{\n{block}\n}} < /dev/null\necho; echo {END}\n")
        self._process.stdin.flush()
        read: list[str] = []
        impatience = threading.Timer(PATIENCE_SECONDS, self._process.kill)
        impatience.start()
        for line in self._process.stdout:
            if line.strip() == END:
                break
            read.append(line)
        impatience.cancel()
        return "".join(read)

    def close(self) -> None:
        self._process.communicate()


@contextmanager
def running(*words: str, until: str, environment: dict[str, str], cwd: Path = ROOT) -> Iterator[str]:
    """A command of yett's that stays; gives what it printed until it was ready, and ends it with Ctrl-C."""
    process = subprocess.Popen(
        [Path(sys.executable).with_name("yett"), *words],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    printed: list[str] = []
    impatience = threading.Timer(PATIENCE_SECONDS, process.kill)  # ends the wait for a line that never comes
    impatience.start()
    try:
        for line in process.stdout:
            printed.append(line)
            if until in line:
                break
        impatience.cancel()
        assert until in printed[-1], "".join(printed)
        yield "".join(printed)
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=PATIENCE_SECONDS)[0]
        assert process.returncode == 0, rest
        check([("its output", "".join([*printed, rest]).encode())])
        check_home(cwd / environment["YETT_HOME"])
    finally:
        impatience.cancel()
        if process.poll() is None:
            process.kill()
            process.communicate()


def adapt(block: str, *urls: str) -> str:
    """The block for this server and this interpreter's environment: each ``NAME=http://localhost:4566/…`` in turn."""
    found = iter(urls)
    block = re.sub(r"^([A-Z]+)=http://localhost:4566/restapis/\S*$", lambda one: f"{one[1]}={next(found)}", block,
                   flags=re.MULTILINE)  # fmt: skip
    return block.replace(". .venv/", f". {sys.prefix}/")
