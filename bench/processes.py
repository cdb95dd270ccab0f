"""Processes of a run: started, found ready, measured with all their children, and stopped by their own id."""

import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


class BenchError(Exception):
    """The run cannot go on; the text says what to do."""


def start(command: list[str], *, log: Path, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """Start a process in a group of its own; what it says of errors goes to *log*."""
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log.open("a"),
        text=True,
        start_new_session=True,
        env=None if environment is None else {**os.environ, **environment},
    )


def stop(process: subprocess.Popen[str]) -> None:
    """End a process that ``start`` gave, with its group."""
    if process.stdin is not None:
        process.stdin.close()  # who waits for orders must not be waited for
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=10)
    except ProcessLookupError:
        pass
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for_port(port: int, *, timeout_seconds: float = 15.0) -> None:
    """Return once something accepts connections on a loopback port."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise BenchError(f"nothing listens on port {port}")


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def process_tree(pid: int) -> list[int]:
    """A process and all its descendants."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = _stat_fields(int(entry.name))
            if fields:
                parents[int(entry.name)] = int(fields[1])
    tree = [pid]
    for known in tree:
        tree.extend(child for child, parent in parents.items() if parent == known)
    return tree


def cpu_seconds(pid: int) -> float:
    """CPU time, user and system, that a process tree has used."""
    total = 0
    for member in process_tree(pid):
        fields = _stat_fields(member)
        if fields:
            total += int(fields[11]) + int(fields[12])
    return total / TICKS_A_SECOND


def resident_megabytes(pid: int) -> float:
    """Resident memory of a process tree."""
    pages = 0
    for member in process_tree(pid):
        try:
            pages += int(Path(f"/proc/{member}/statm").read_text().split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def describe_machine() -> dict[str, object]:
    """What the figures depend on; nothing that names the machine."""
    cpu_info = Path("/proc/cpuinfo").read_text()
    model = next(
        (line.partition(":")[2].strip() for line in cpu_info.splitlines() if line.startswith("model name")), ""
    )
    packages = ("httptools", "uvloop", "msgspec", "cryptography", "yett")
    return {
        "cpu": model or platform.machine(),
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
        "commit": _commit(),
        "kernel": platform.release(),
        "python": sys.version,  # with its build: they differ by a fifth
        "packages": {name: version(name) for name in packages},
        "nginx": _first_line(["nginx", "-v"]),
        "wrk": _first_line(["wrk", "-v"]),
    }


def _stat_fields(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the state on: 1 is the parent, 11 and 12 are user and system ticks."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _commit() -> str | None:
    """What was measured; "-dirty" with changes of which no commit knows."""
    if shutil.which("git") is None:
        return None
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def _first_line(command: list[str]) -> str | None:
    if shutil.which(command[0]) is None:
        return None
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).splitlines()[0]
