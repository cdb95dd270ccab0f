"""A client for one call at a time on a kept connection, and a backend that can be taken away."""

import asyncio
import contextlib
import re
from collections.abc import Mapping
from typing import NamedTuple

CALL_SECONDS = 45.0


class Answered(NamedTuple):
    """What came back; status 0 where nothing did."""

    status: int
    body: bytes


class Client:
    """One connection, opened anew when it is gone; from an address of loopback that it is given."""

    def __init__(self, port: int, *, source_ip: str = "127.0.0.1") -> None:
        self._port = port
        self._source_ip = source_ip
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def call(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answered:
        """Send a request and read its answer."""
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        lines += [f"Content-Length: {len(body)}"] if body or method in {"POST", "PUT"} else []
        raw = "\r\n".join([*lines, "", ""]).encode("latin-1") + body
        for is_retry in (False, True):
            is_fresh = self._streams is None
            try:
                async with asyncio.timeout(CALL_SECONDS):
                    return await self._exchange(raw)
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                self.close()
                if is_fresh or is_retry:  # an idle connection may have been closed under us, a fresh one not
                    return Answered(0, b"")
        raise AssertionError("not reached")

    async def _exchange(self, raw: bytes) -> Answered:
        if self._streams is None:
            self._streams = await asyncio.open_connection(
                "127.0.0.1", self._port, local_addr=(self._source_ip, 0), limit=2**22
            )
        reader, writer = self._streams
        writer.write(raw)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        found = re.search(r"\r\ncontent-length: (\d+)", head)
        body = await reader.readexactly(int(found[1])) if found is not None else b""
        if "\r\nconnection: close" in head:
            self.close()
        return Answered(int(head.split(" ", 2)[1]), body)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def hang_up(port: int, raw: bytes, *, after_bytes: int) -> None:
    """Send a part of a request and go."""
    with contextlib.suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(raw[:after_bytes])
        with contextlib.suppress(OSError):
            await writer.drain()
        writer.transport.abort()


class Backend:
    """Answers every request with its ``nonce`` parameter."""

    def __init__(self) -> None:
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in tuple(self._writers):
                writer.transport.abort()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                found = re.search(rb"[?&]nonce=([0-9a-f]+)", head)
                body = found[1] if found is not None else b"none"
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()
