"""The logs of functions: bounded files of JSON lines below the home."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from yett.rules.lambda_.limits import LOG_TAIL_BYTES
from yett.rules.lambda_.log_record import FILE_BYTES, MESSAGE_BYTES, OLDER, LogRecord, file_name, render


class FunctionLog:
    """One function's log file; a full one becomes the older, of which there is one."""

    def __init__(self, directory: Path, account: str, region: str, name: str) -> None:
        self._path = directory / file_name(account, region, name)
        self._descriptor: int | None = None
        self._bytes = 0

    def write(self, messages: list[str], request_id: str | None) -> None:
        """Append lines. A full disk loses them, and no invocation."""
        timestamp = time.time_ns() // 1_000_000
        data = b"".join(
            render(LogRecord(timestamp=timestamp, message=text, request_id=request_id)) for text in messages
        )
        try:
            descriptor = self._open()
            self._bytes += os.write(descriptor, data)
            if self._bytes > FILE_BYTES:
                self.close()
                os.replace(self._path, f"{self._path}{OLDER}")
        except OSError:
            self.close()

    def close(self) -> None:
        """Let go of the file; a later write opens it again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        if self._descriptor is None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._bytes = os.fstat(self._descriptor).st_size
        return self._descriptor


class LineSplitter:
    """Makes lines of what a process prints, and keeps the end of the current invocation's log.

    A carriage return stays in its line: the runtime client joins the lines of a traceback with it.
    """

    def __init__(self, emit: Callable[[list[str]], None]) -> None:
        self._emit = emit
        self._partial = b""
        self._tail = bytearray()

    def feed(self, data: bytes) -> None:
        """Take what was printed."""
        self._keep(data)
        *lines, partial = (self._partial + data).split(b"\n")
        while len(partial) > MESSAGE_BYTES:
            lines.append(partial[:MESSAGE_BYTES])
            partial = partial[MESSAGE_BYTES:]
        self._partial = partial
        if lines:
            self._emit([_text(line) for line in lines])

    def say(self, *lines: str) -> None:
        """Add lines of Lambda's own, after whatever is unfinished."""
        self.flush()
        self._keep("".join(f"{line}\n" for line in lines).encode())
        self._emit([*lines])

    def flush(self) -> None:
        """End the line that has no line feed yet."""
        if self._partial:
            line, self._partial = self._partial, b""
            self._emit([_text(line)])

    def take_tail(self) -> bytes:
        """The last 4 KB since the last taking."""
        tail, self._tail = bytes(self._tail[-LOG_TAIL_BYTES:]), bytearray()
        return tail

    def _keep(self, data: bytes) -> None:
        self._tail += data[-LOG_TAIL_BYTES:]
        if len(self._tail) > 2 * LOG_TAIL_BYTES:
            del self._tail[:-LOG_TAIL_BYTES]


def _text(line: bytes) -> str:
    return line[:MESSAGE_BYTES].decode("utf-8", "replace")
