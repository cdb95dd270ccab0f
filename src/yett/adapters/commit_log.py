"""What was committed, told to every process of the node through shared memory: a ring of the scopes that moved.

The one writer is the process that writes to the database. A reader compares one number for each look-up (some 50 ns)
and reads scopes only when it moved; one that fell a whole ring behind is told that everything moved. Nothing in it is
secret: scopes are ids, names and ARNs.
"""

import mmap
import os
import struct
import sys
import tempfile
import threading
from collections.abc import Callable
from typing import Final

from yett.adapters.sql.revisions import EVERYTHING

RING_BYTES: Final = 1024 * 1024  # some ten thousand commits
COMMIT_BYTES: Final = 64 * 1024  # of one commit; a larger one moves everything
START: Final = 8  # the position comes first: bytes ever written, native order
LENGTH: Final = struct.Struct("=H")

Listener = Callable[[frozenset[str]], None]


def make_file() -> int:
    """A descriptor of shared memory for a log. It has no name, so that only who is given it can open it."""
    if sys.platform == "linux":
        descriptor = os.memfd_create("yett-commits", os.MFD_CLOEXEC)
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, START + RING_BYTES)
    return descriptor


class CommitLog:
    """The writer's side. ``append`` is called on one thread, when a commit is on the disk."""

    def __init__(self, descriptor: int) -> None:
        self._map = mmap.mmap(descriptor, START + RING_BYTES)
        self._view = memoryview(self._map)
        self._position = self._view[:START].cast("Q")
        self._ring = self._view[START:]
        self._barrier = threading.Lock()

    def append(self, scopes: frozenset[str]) -> None:
        """Tell every reader that these moved: their next look-up sees it."""
        data = b"".join(LENGTH.pack(len(name)) + name for name in (scope.encode() for scope in scopes))
        if len(data) > COMMIT_BYTES:
            name = EVERYTHING.encode()
            data = LENGTH.pack(len(name)) + name
        at = self._position[0] % RING_BYTES
        first = data[: RING_BYTES - at]
        self._ring[at : at + len(first)] = first
        self._ring[: len(data) - len(first)] = data[len(first) :]
        with self._barrier:  # taking a lock orders memory: no processor shows the position before the scopes
            self._position[0] += len(data)

    def close(self) -> None:
        """Let go of the memory; readers keep theirs."""
        for view in (self._position, self._ring, self._view):
            view.release()
        self._map.close()


class CommitReader:
    """A reader's side. ``catch_up`` is called before every look-up, on one thread."""

    def __init__(self, descriptor: int, tell: Listener) -> None:
        """*tell* is called with the scopes that moved since the last time."""
        self._map = mmap.mmap(descriptor, START + RING_BYTES, access=mmap.ACCESS_READ)
        self._view = memoryview(self._map)
        self._position = self._view[:START].cast("Q")
        self._ring = self._view[START:]
        self._barrier = threading.Lock()
        self._seen: int = self._position[0]
        self._tell = tell

    def catch_up(self) -> None:
        """Have dropped what is stale, if anything is."""
        if self._position[0] != self._seen:
            self._read()

    def _read(self) -> None:
        seen, position = self._seen, self._position[0]
        with self._barrier:
            size = min(position - seen, RING_BYTES)
            at = seen % RING_BYTES
            data = bytes(self._ring[at : at + size])
            data += bytes(self._ring[: size - len(data)])
        self._seen = position
        # The writer may be writing its next commit, of which the position does not tell yet.
        if self._position[0] - seen > RING_BYTES - COMMIT_BYTES:
            self._tell(frozenset({EVERYTHING}))
        else:
            self._tell(parse_scopes(data))

    def close(self) -> None:
        """Let go of the memory."""
        for view in (self._position, self._ring, self._view):
            view.release()
        self._map.close()


def parse_scopes(data: bytes) -> frozenset[str]:
    """The scopes of whole commits."""
    scopes: set[str] = set()
    at = 0
    while at < len(data):
        (size,) = LENGTH.unpack_from(data, at)
        at += LENGTH.size
        scopes.add(data[at : at + size].decode())
        at += size
    return frozenset(scopes)
