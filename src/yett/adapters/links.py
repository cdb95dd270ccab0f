"""Links between the processes of one node: framed messages over a Unix socket, many questions under way at a time.

A frame is a header (length of the body, kind, topic, number) and a body, which the two ends agree on by topic. Either
side asks; answers come in whatever order they are ready.
"""

import asyncio
import logging
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Final, cast

from yett.ports.errors import Unavailable

HEADER: Final = struct.Struct(">IBBQ")
REQUEST, ANSWER, FAILURE, NOTICE = range(4)
MAX_FRAME_BYTES: Final = 80 * 1024 * 1024  # ours: a bridged answer has 64 MiB at most, a request 70 MB
HIGH_WATER_BYTES: Final = 1024 * 1024  # unsent, until askers wait

Handle = Callable[[int, bytes], Awaitable[bytes]]

logger = logging.getLogger(__name__)


class LinkLost(Unavailable):
    """The other process is gone, or was never there. What it was asked it may have begun."""


async def nothing(topic: int, body: bytes) -> bytes:  # noqa: ARG001
    """The handler of a side that is asked nothing."""
    raise Unavailable(f"topic {topic} is not answered here")


class Link(asyncio.Protocol):
    """One end of a link. Everything runs on the event loop it was made on."""

    def __init__(self, handle: Handle = nothing, *, on_lost: Callable[["Link"], None] | None = None) -> None:
        self._handle = handle
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._number = 0
        self._asked: dict[int, asyncio.Future[bytes]] = {}
        self._tasks: set[asyncio.Task[bytes]] = set()
        self._is_writable = asyncio.Event()
        self._is_writable.set()
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def is_up(self) -> bool:
        """Whether the other side can be asked."""
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, topic: int, body: bytes) -> bytes:
        """The other side's answer.

        Raises:
            LinkLost: It went away before it answered.
            Unavailable: It cannot, or the body exceeds the bound of a frame.
        """
        if len(body) > MAX_FRAME_BYTES:
            raise Unavailable("too much to say at once")
        if not self._is_writable.is_set():
            await self._is_writable.wait()
        if not self.is_up:
            raise LinkLost("the other process is not there")
        self._number += 1
        number = self._number
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        try:
            self._send(REQUEST, topic, number, body)
            return await answer
        finally:
            self._asked.pop(number, None)

    def tell(self, topic: int, body: bytes) -> None:
        """Say something that is not answered; nothing happens where nobody is there."""
        if self.is_up:
            self._send(NOTICE, topic, 0, body)

    def close(self) -> None:
        """Say no more. What was written still goes out."""
        if self._transport is not None:
            self._transport.close()

    async def settled(self) -> None:
        """Wait until what this side was asked is answered."""
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))

    # The transport's calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """There is somebody."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(HIGH_WATER_BYTES)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Whoever waits for an answer waits no longer."""
        self._is_writable.set()
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(LinkLost("the other process went away"))
        if not self.lost.done():
            self.lost.set_result(None)
        if self._on_lost is not None:
            self._on_lost(self)

    def pause_writing(self) -> None:
        """The other side is slow."""
        self._is_writable.clear()

    def resume_writing(self) -> None:
        """It has caught up."""
        self._is_writable.set()

    def data_received(self, data: bytes) -> None:
        """Take whole frames off."""
        received = self._received
        received += data
        start = 0
        while len(received) - start >= HEADER.size:
            size, kind, topic, number = HEADER.unpack_from(received, start)
            if size > MAX_FRAME_BYTES:
                logger.error("a frame of %d bytes came over a link, which is closed", size)
                cast("asyncio.Transport", self._transport).abort()
                return
            end = start + HEADER.size + size
            if len(received) < end:
                break
            body = bytes(received[start + HEADER.size : end])
            start = end
            self._take(kind, topic, number, body)
        if start:
            del received[:start]

    # Within

    def _take(self, kind: int, topic: int, number: int, body: bytes) -> None:
        if kind in (REQUEST, NOTICE):
            task = asyncio.ensure_future(self._handle(topic, body))
            self._tasks.add(task)
            task.add_done_callback(lambda done: self._handled(done, topic, number if kind == REQUEST else None))
            return
        answer = self._asked.get(number)
        if answer is None or answer.done():
            return
        if kind == ANSWER:
            answer.set_result(body)
        else:
            answer.set_exception(Unavailable(body.decode()))

    def _handled(self, task: "asyncio.Task[bytes]", topic: int, number: int | None) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            error: BaseException | None = Unavailable("it was given up")
        else:
            error = task.exception()
        if error is not None and not isinstance(error, Unavailable):
            logger.error("a message over a link was not handled", exc_info=error)
            error = Unavailable("the other process made a mistake")
        if number is None or not self.is_up:
            return
        if error is None and len(task.result()) > MAX_FRAME_BYTES:
            error = Unavailable("the answer is too large")
        if error is None:
            self._send(ANSWER, topic, number, task.result())
        else:
            self._send(FAILURE, topic, number, error.reason.encode())

    def _send(self, kind: int, topic: int, number: int, body: bytes) -> None:
        transport = cast("asyncio.Transport", self._transport)
        transport.write(HEADER.pack(len(body), kind, topic, number) + body)


async def attach(
    end: socket.socket, handle: Handle = nothing, *, on_lost: Callable[[Link], None] | None = None
) -> Link:
    """A link over a socket that is connected, an end of a pair."""
    end.setblocking(False)
    loop = asyncio.get_running_loop()
    _, link = await loop.create_unix_connection(lambda: Link(handle, on_lost=on_lost), sock=end)
    return link
