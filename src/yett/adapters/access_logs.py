"""Access logs: files below the home, written by one thread at a time, away from the calls that they tell of.

Several processes may append to one file: each takes a lock on it while it writes, and the one that fills a file begins
the next.
"""

import asyncio
import fcntl
import os
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

OLDER: Final = ".1"
EVERY_SECONDS: Final = 0.1
PENDING_LINES: Final = 20_000  # ours: what comes on top while a disk is slow is lost
FILE_BYTES: Final = 64 * 1024 * 1024  # ours: then a new file is begun; two are kept for each log group
RACES: Final = 10  # times that a file may be replaced by others while we wait for it

Pending = list[tuple[str, Callable[[], str]]]

log = structlog.get_logger(__name__)


class AccessLogFiles:
    """The port on files: ``{directory}/{file name}``, and the one before it with ``.1`` appended. An absolute path is
    written to as it is: whoever named it moves it when it has grown.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._pending: Pending = []
        self._lost = 0
        self._writing: asyncio.Task[None] | None = None

    def append(self, file_name: str, line: Callable[[], str]) -> None:
        """See the port."""
        if len(self._pending) >= PENDING_LINES:
            self._lost += 1
            return
        self._pending.append((file_name, line))
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write_soon())

    async def aclose(self) -> None:
        """Write what is pending."""
        while self._writing is not None:
            await self._writing

    async def _write_soon(self) -> None:
        try:
            await asyncio.sleep(EVERY_SECONDS)
            while self._pending:
                taken, self._pending = self._pending, []
                lost, self._lost = self._lost, 0
                if lost:
                    log.warning("access log lines were lost: they came faster than they could be written", lines=lost)
                await asyncio.to_thread(self._write, taken)
        finally:
            self._writing = None

    def _write(self, taken: Pending) -> None:
        by_file: dict[str, list[str]] = defaultdict(list)
        for file_name, line in taken:
            by_file[file_name].append(line())
        for file_name, lines in by_file.items():
            data = ("\n".join(lines) + "\n").encode("utf-8", "replace")
            try:
                own = not Path(file_name).is_absolute()
                append(self._directory / file_name, data, file_bytes=FILE_BYTES if own else None)
            except OSError as error:
                log.warning("access log lines were lost", file=file_name, lines=len(lines), reason=error.strerror)


def append(path: Path, data: bytes, *, file_bytes: int | None = FILE_BYTES) -> None:
    """Append whole lines, and begin a new file where this one is full; a file that somebody else has moved away in
    the meantime is made anew.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for _ in range(RACES):
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            found = os.fstat(descriptor)
            if not _is_still(path, found):
                continue
            left = memoryview(data)
            while left:
                left = left[os.write(descriptor, left) :]
            if file_bytes is not None and found.st_size + len(data) > file_bytes:
                os.replace(path, f"{path}{OLDER}")
            return
        finally:
            os.close(descriptor)
    raise OSError(0, "others keep replacing the file")


def _is_still(path: Path, found: os.stat_result) -> bool:
    try:
        now = path.stat()
    except FileNotFoundError:
        return False
    return (now.st_dev, now.st_ino) == (found.st_dev, found.st_ino)
