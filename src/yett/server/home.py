"""The home directory: who holds it, and where its server listens."""

import fcntl
import os
from pathlib import Path
from typing import Final, Self

import msgspec
from msgspec import Struct

from yett.values.errors import Refusal

LOCK: Final = "lock"
RUNNING: Final = "running.json"


class HomeInUse(Refusal):
    """Another server runs on this home."""


class Running(Struct, frozen=True):
    """Where a home's server listens."""

    pid: int
    url: str  # of AWS APIs: "http://localhost:4566"
    gateway_url: str = ""  # of APIs and user pools, where that is another
    born: str = ""  # when the process was, as its kernel counts: another one may have its number by now


class Home:
    """A home directory, held by one server at a time. The lock goes with its process, however that ends."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @classmethod
    def hold(cls, path: Path) -> Self:
        """Make the directory if need be (0700, kept out of git) and take its lock.

        Raises:
            HomeInUse: A server holds it; the reason says which.
        """
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
        (path / ".gitignore").write_text("*\n")
        descriptor = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            running = find_running(path)
            which = f"pid {running.pid}, {running.url}" if running else "it is starting or stopping"
            raise HomeInUse(
                f'a yett server already runs on `{path}` ({which}): use it (`eval "$(yett env)"`), stop it, '
                "or choose another home with YETT_HOME"
            ) from None
        return cls(path, descriptor)

    def announce(self, url: str, *, gateway_url: str = "") -> None:
        """Write down where this process listens, for the other commands."""
        running = Running(os.getpid(), url, gateway_url, born=birth_of(os.getpid()))
        temporary = self.path / f"{RUNNING}.new"
        temporary.write_bytes(msgspec.json.encode(running))
        temporary.replace(self.path / RUNNING)

    def release(self) -> None:
        """Let the next one have it."""
        (self.path / RUNNING).unlink(missing_ok=True)
        os.close(self._descriptor)


def find_running(path: Path) -> Running | None:
    """The server that holds the home, if one has said where it listens."""
    try:
        running = msgspec.json.decode((path / RUNNING).read_bytes(), type=Running)
        os.kill(running.pid, 0)
    except (OSError, msgspec.MsgspecError):
        return None
    return running if running.born == birth_of(running.pid) else None


def birth_of(pid: int) -> str:
    """When a process began, in ticks since the machine did; "" where that cannot be told.

    Source: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html (starttime, the 22nd field)
    """
    try:
        after_name = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2]
    except OSError:
        return ""
    return after_name.split()[19].decode()
