"""The command line as its users have it: real processes, homes of their own, bounded waits on what they say."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from tests.secrecy import check, check_home

BIN = Path(sys.executable).parent
SECONDS = 60.0  # for what takes one or two, on a machine that is busy
UP = "Ctrl-C stops it"
KEPT = ("LANG", "TMPDIR", "PYTHONPATH")


def environment_of(home: Path, **more: str) -> dict[str, str]:
    """A clean shell's environment, in which `yett` is found."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return kept | {"PATH": path, "HOME": str(home.parent), "YETT_HOME": str(home), "PYTHONUTF8": "1"} | more


class Process:
    """A command that runs on; what it prints is read line by line, as it comes."""

    def __init__(
        self, *words: str | Path, environment: Mapping[str, str], cwd: Path, errors: IO[str] | None = None
    ) -> None:
        """What goes to stderr is read with the rest, unless *errors* takes it."""
        self.printed = ""
        self._home = cwd / environment.get("YETT_HOME", ".yett")
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            [BIN / "yett", *words],
            env={**environment, "PYTHONUNBUFFERED": "1"},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors or subprocess.STDOUT,
            text=True,
        )
        self.pid = self._process.pid
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def wait_for(self, *texts: str) -> str:
        """Everything printed so far, once a line has one of these texts."""
        deadline = time.monotonic() + SECONDS
        while True:
            line = self._lines.get(timeout=max(0.1, deadline - time.monotonic()))
            assert line is not None, f"it ended before it said `{texts[0]}`:\n{self.printed}"
            self.printed += line
            if any(text in line for text in texts):
                return self.printed

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal and wait for the end; gives the exit code."""
        self._process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Wait for the end; gives the exit code."""
        try:
            code = self._process.wait(SECONDS)
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
        self._reader.join(SECONDS)
        while not self._lines.empty():
            self.printed += self._lines.get() or ""
        assert self._process.stdout is not None
        self._process.stdout.close()
        check([("its output", self.printed.encode())])
        check_home(self._home)
        return code

    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None


def descendants(pid: int) -> dict[int, str]:
    """The processes that a process has started, and those that they have: pid -> when it started (Linux)."""
    parents: dict[int, tuple[int, str]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(fields[1]), fields[19]
    found: dict[int, str] = {}
    wanted = {pid}
    while wanted:
        below = {child: started for child, (parent, started) in parents.items() if parent in wanted}
        found |= below
        wanted = set(below)
    return found


def survivors(processes: Mapping[int, str]) -> list[int]:
    """Those of the processes that still run."""
    alive = []
    for pid, started in processes.items():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[19] == started and fields[0] != "Z":
            alive.append(pid)
    return alive


def run(
    *words: str | Path, environment: Mapping[str, str], cwd: Path, text: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program of the environment to its end."""
    return subprocess.run(
        [str(word) for word in words],
        env=dict(environment),
        cwd=cwd,
        input=text,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def paste(command: str, *, environment: Mapping[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """Paste a line into a fresh shell."""
    return run("bash", "--noprofile", "--norc", "-c", command, environment=environment, cwd=cwd)
