"""A backend's body that is handed on as it comes: the reader's pace is the backend's."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from yett.adapters.upstream.limits import MAX_UNREAD_BYTES
from yett.ports.upstream import UpstreamFailed, UpstreamUnreachable


class Source(Protocol):
    """The connection that a body comes over."""

    def pause(self) -> None:
        """Read no more for now."""
        ...

    def resume(self) -> None:
        """Read on."""
        ...

    def close(self) -> None:
        """Close at once."""
        ...


class UpstreamBody:
    """Answers ``yett.values.http.BodyStream``. Its connection feeds it; one reader takes the pieces."""

    __slots__ = ("_failure", "_loop", "_source", "_unread", "_waiter", "length")

    def __init__(self, source: Source, loop: asyncio.AbstractEventLoop, *, length: int | None) -> None:
        self.length = length
        self._source: Source | None = source  # until the body has ended; then the connection serves others
        self._loop = loop
        self._unread = bytearray()
        self._failure: UpstreamFailed | None = None
        self._waiter: asyncio.Future[None] | None = None

    # The reader's calls

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """All that has come since the last piece."""
        while not self._unread:
            if self._failure is not None:
                raise self._failure
            if self._source is None:
                raise StopAsyncIteration
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        piece = bytes(self._unread)
        self._unread.clear()
        if self._source is not None:
            self._source.resume()
        return piece

    def close(self) -> None:
        """Want no more: the backend's connection is closed where its body has not ended."""
        self._unread.clear()
        source, self._source = self._source, None
        if source is not None:
            self._failure = UpstreamUnreachable("the body is not wanted any more")
            source.close()
        self._wake()

    # The connection's calls

    def feed(self, piece: bytes | bytearray) -> None:
        """More has come."""
        if self._source is None:
            return
        self._unread += piece
        if len(self._unread) > MAX_UNREAD_BYTES:
            self._source.pause()
        self._wake()

    def end(self, piece: bytes | bytearray) -> None:
        """This is the last of it."""
        if self._source is not None:
            self._unread += piece
            self._source = None
        self._wake()

    def fail(self, failure: UpstreamFailed) -> None:
        """No more will come, and it was not all."""
        if self._source is not None:
            self._source = None
            self._failure = failure
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
