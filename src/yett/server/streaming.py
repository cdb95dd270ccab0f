"""A body on its way from a backend to a client, neither faster than the other."""

import asyncio
import socket
import struct
from typing import Final

from yett.values.errors import Refusal
from yett.values.http import BodyStream

_LAST_CHUNK: Final = b"0\r\n\r\n"
_AT_ONCE: Final = struct.pack("ii", 1, 0)  # linger, for no time: closing resets


class BrokenOff(Refusal):
    """The body is not as long as its head said."""


class Relay:
    """Writes one body as it comes, and waits while the client does not take it."""

    __slots__ = ("_is_paused", "_is_stopped", "_loop", "_room", "_stream", "_transport", "length")

    def __init__(
        self, stream: BodyStream, transport: asyncio.WriteTransport, loop: asyncio.AbstractEventLoop, *, is_paused: bool
    ) -> None:
        self.length = stream.length
        self._stream = stream
        self._transport = transport
        self._loop = loop
        self._is_paused = is_paused
        self._is_stopped = False
        self._room: asyncio.Future[None] | None = None

    async def run(self, *, is_chunked: bool) -> None:
        """Write the whole body.

        Raises:
            Refusal: It broke off. The connection must be aborted: closed in good order the body would look whole.
        """
        length, written = self.length, 0
        async for piece in self._stream:
            if self._is_stopped:
                raise BrokenOff("the client is gone")
            written += len(piece)
            if is_chunked:
                self._transport.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            elif length is not None and written > length:
                break
            else:
                self._transport.write(piece)
            if self._is_paused:
                self._room = self._loop.create_future()
                await self._room
            else:
                # A source that always has more must not keep the loop from everyone else, nor from hearing that the
                # client is gone.
                await asyncio.sleep(0)
        if length is not None and written != length:
            raise BrokenOff("the body has not the length that its head has said")
        if is_chunked:
            self._transport.write(_LAST_CHUNK)

    def pause(self) -> None:
        """The client has not taken what was written."""
        self._is_paused = True

    def resume(self) -> None:
        """It has."""
        self._is_paused = False
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    def stop(self) -> None:
        """The client is gone."""
        self._is_stopped = True
        self._stream.close()
        self.resume()


def cut(transport: asyncio.WriteTransport) -> None:
    """Reset a connection. An end in good order would make half a body look whole, where no length was told."""
    one = transport.get_extra_info("socket")
    if one is not None:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()
