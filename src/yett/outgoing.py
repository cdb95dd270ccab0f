"""What connections have to write, kept until the event loop has read all that came, and then written in one go.

A write wakes whoever waits for it. Between two writes lies the work on another request, long enough for the one that
was woken to fall asleep again; and waking costs more than writing. So the answers to what one round of the loop has
read, and the requests to backends, leave together when the next begins, before it waits for anything; or sooner, where
they are many.
"""

import asyncio
from typing import Final

MOST: Final = 16  # to write at one time: a round may have read a thousand, and the first need not wait for the last


class Outgoing:
    """Whose bytes leave when this round has ended."""

    __slots__ = ("_loop", "_waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[Outlet] = []

    def add(self, outlet: "Outlet") -> None:
        """Have it write when the round has ended or many have come together, after those that were added before it."""
        waiting = self._waiting
        waiting.append(outlet)
        if len(waiting) == 1:
            self._loop.call_soon(self._write_all)
        elif len(waiting) == MOST:
            self._write_all()

    def _write_all(self) -> None:
        waiting, self._waiting = self._waiting, []
        others = iter(waiting)
        try:
            for outlet in others:
                outlet.write()
        finally:
            for outlet in others:  # one that failed keeps nobody from writing
                self.add(outlet)


class Outlet:
    """The writing end of one connection: what it keeps, and what is written past it, leave in order."""

    __slots__ = ("_outgoing", "_transport", "unsent")

    def __init__(self, transport: asyncio.WriteTransport, outgoing: Outgoing) -> None:
        self._transport = transport
        self._outgoing = outgoing
        self.unsent = b""  # what is kept; for ever, where the connection closed before it left

    def keep(self, data: bytes) -> None:
        """Write when the round has ended."""
        is_first = not self.unsent
        self.unsent += data
        if is_first:
            self._outgoing.add(self)

    def write(self, *pieces: bytes) -> None:
        """Write what is kept, and then these, now; nothing where the connection is closing."""
        if self._transport.is_closing():
            return
        unsent, self.unsent = self.unsent, b""
        if unsent:
            self._transport.write(unsent)
        for piece in pieces:  # asyncio's `writelines` forgets to pause whoever writes, up to Python 3.13.1
            self._transport.write(piece)
