"""Messages to users, kept in a file of the home instead of being sent: a JSON object a line, for its owner only."""

import asyncio
import os
import threading
from pathlib import Path
from typing import Final

import msgspec

from yett.ports.errors import Unavailable
from yett.ports.messages import Message

LARGEST_BYTES: Final = 10_000_000  # then the file is begun anew, the old one kept as `outbox.1`


class Outbox:
    """Appends messages to a file; see ports/messages.py."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    async def send(self, message: Message) -> None:
        line = msgspec.json.encode(message) + b"\n"
        try:
            await asyncio.to_thread(self._append, line)
        except OSError as error:
            raise Unavailable(f"the outbox cannot be written: {error.strerror}") from error

    def _append(self, line: bytes) -> None:
        with self._lock:
            if self._path.exists() and self._path.stat().st_size + len(line) > LARGEST_BYTES:
                self._path.replace(self._path.with_name(f"{self._path.name}.1"))
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
            try:
                os.write(descriptor, line)
            finally:
                os.close(descriptor)
