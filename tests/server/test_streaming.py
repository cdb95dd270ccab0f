"""Answers whose bodies are still on their way, as a client sees them."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.server.support import Handler, client_of, serving

from yett.server.limits import Limits
from yett.values.errors import Refusal
from yett.values.http import Headers, HttpRequest, HttpResponse

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Parts:
    """A stream whose pieces a test puts in: bytes, a failure to raise, or None for the end."""

    def __init__(self, *parts: bytes | Exception | None, length: int | None = None) -> None:
        self.length = length
        self.parts: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        self.taken_bytes = 0
        self.closed = asyncio.Event()
        for part in parts:
            self.parts.put_nowait(part)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        part = await self.parts.get()
        if part is None:
            raise StopAsyncIteration
        if isinstance(part, Exception):
            raise part
        self.taken_bytes += len(part)
        return part

    def close(self) -> None:
        if not self.closed.is_set():
            self.closed.set()
            self.parts.put_nowait(Refusal("closed"))


def giving(stream: Parts, *, status: int = 200, headers: Headers = Headers()) -> Handler:  # noqa: B008 - immutable
    async def handler(request: HttpRequest) -> HttpResponse:
        if request.target == "/plain":
            return HttpResponse(status=200, body=b"plain")
        return HttpResponse(status=status, headers=headers, stream=stream)

    return handler


async def test_pieces_of_unknown_length_go_out_as_chunks_as_they_come() -> None:
    stream = Parts()
    async with serving(giving(stream)) as listener, client_of(listener) as client:
        await client.send(GET)
        _, headers = await client.read_head()
        assert headers["Transfer-Encoding"] == "chunked"
        assert "Content-Length" not in headers
        for part in (b"one", b"eleven char"):
            stream.parts.put_nowait(part)
            expected = b"%x\r\n%b\r\n" % (len(part), part)
            assert await client.reader.readexactly(len(expected)) == expected
        stream.parts.put_nowait(None)
        assert await client.reader.readexactly(5) == b"0\r\n\r\n"
        assert stream.closed.is_set()
        await client.send(GET.replace(b"/ ", b"/plain "))  # and the connection goes on
        assert (await client.read_answer())[2] == b"plain"


async def test_a_known_length_is_told() -> None:
    stream = Parts(b"abc", b"de", None, length=5)
    async with serving(giving(stream)) as listener, client_of(listener) as client:
        await client.send(GET + GET.replace(b"/ ", b"/plain "))
        status, headers, body = await client.read_answer()
        assert (status, headers["Content-Length"], body) == (200, "5", b"abcde")
        assert (await client.read_answer())[2] == b"plain"


@pytest.mark.parametrize(("length", "connection"), [(None, "close"), (3, "keep-alive")])
async def test_http_1_0_knows_no_chunks(length: int | None, connection: str) -> None:
    stream = Parts(b"abc", None, length=length)
    async with serving(giving(stream)) as listener, client_of(listener) as client:
        await client.send(b"GET / HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n")
        _, headers = await client.read_head()
        assert "Transfer-Encoding" not in headers
        assert headers["Connection"] == connection
        assert await client.reader.readexactly(3) == b"abc"
        if length is None:
            assert await client.read_to_end() == b""


@pytest.mark.parametrize(
    ("parts", "length", "received"),
    [
        ((b"abc", Refusal("broke off")), None, b"3\r\nabc\r\n"),
        ((b"abc", RuntimeError("a bug")), None, b"3\r\nabc\r\n"),
        ((b"abc", Refusal("broke off")), 5, b"abc"),
        ((b"abc", None), 5, b"abc"),
        ((b"abc", b"def"), 5, b"abc"),
    ],
    ids=["chunked", "bug", "fixed", "too short", "too long"],
)
async def test_a_body_that_breaks_off_takes_the_connection_with_it(
    parts: tuple[bytes | Exception | None, ...], length: int | None, received: bytes
) -> None:
    stream = Parts(*parts, length=length)
    async with serving(giving(stream)) as listener, client_of(listener) as client:
        await client.send(GET)
        got = b""
        with pytest.raises(ConnectionResetError):  # never an end in good order
            while piece := await client.reader.read(100):
                got += piece
        assert received.startswith(got.partition(b"\r\n\r\n")[2])
        assert stream.closed.is_set()


async def test_a_client_that_goes_closes_the_stream() -> None:
    stream = Parts(b"abc")
    async with serving(giving(stream)) as listener:
        async with client_of(listener) as client:
            await client.send(GET)
            await client.read_head()
        await stream.closed.wait()
        while listener.connection_count:
            await asyncio.sleep(0)


class Plenty:
    """A stream that always has more, and never waits for it."""

    length = None

    def __init__(self) -> None:
        self.closed = asyncio.Event()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        return b"."

    def close(self) -> None:
        self.closed.set()


async def test_a_source_that_never_waits_keeps_the_loop_from_nobody() -> None:
    stream = Plenty()

    async def handler(request: HttpRequest) -> HttpResponse:
        return (
            HttpResponse(status=200, body=b"plain")
            if request.target == "/plain"
            else HttpResponse(status=200, stream=stream)
        )

    async with serving(handler) as listener, client_of(listener) as greedy:
        await greedy.send(GET)
        await greedy.read_head()
        async with client_of(listener) as another:
            await another.send(GET.replace(b"GET /", b"GET /plain"))
            assert (await another.read_head())[0] == 200
        await greedy.close()
        await stream.closed.wait()


async def test_a_client_that_went_before_the_answer_closes_the_stream() -> None:
    stream, asked, gate = Parts(b"abc"), asyncio.Event(), asyncio.Event()

    async def handler(request: HttpRequest) -> HttpResponse:
        asked.set()
        await gate.wait()
        return HttpResponse(status=200, stream=stream)

    async with serving(handler) as listener:
        async with client_of(listener) as client:
            await client.send(GET)
            await asked.wait()
            client.writer.transport.abort()
        for _ in range(50):
            await asyncio.sleep(0)
        gate.set()
        await stream.closed.wait()


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
async def test_a_stream_that_may_not_be_sent_is_closed(method: str, status: int) -> None:
    stream = Parts(b"abc")
    async with serving(giving(stream, status=status)) as listener, client_of(listener) as client:
        await client.send(GET.replace(b"GET", method.encode()) + GET.replace(b"/ ", b"/plain "))
        assert (await client.read_head())[0] == status
        assert (await client.read_answer())[2] == b"plain"
        assert stream.closed.is_set()


async def test_a_body_comes_no_faster_than_the_client_takes_it() -> None:
    piece, count = bytes(64 * 1024), 200
    stream = Parts(*[piece] * count, None)
    async with serving(giving(stream)) as listener, client_of(listener) as client:
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await client.send(GET)
        before = -1
        for _ in range(100):  # until the sockets' own buffers are full
            if stream.taken_bytes == before and before > 0:
                break
            before = stream.taken_bytes
            for _ in range(200):
                await asyncio.sleep(0)
        assert 0 < stream.taken_bytes < len(piece) * count
        assert 0 < listener.held_bytes < 4 * len(piece)
        client.writer.transport.resume_reading()  # type: ignore[attr-defined]
        await client.reader.readuntil(b"\r\n0\r\n\r\n")
        assert stream.taken_bytes == len(piece) * count
        assert listener.held_bytes == 0


async def test_a_client_that_takes_nothing_is_cut_off() -> None:
    stream = Parts(*[bytes(64 * 1024)] * 200, None)
    limits = Limits(write_timeout_seconds=0.01, sweep_seconds=0.01)
    async with serving(giving(stream), limits=limits) as listener, client_of(listener) as client:
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await client.send(GET)
        await stream.closed.wait()
        while listener.connection_count:
            await asyncio.sleep(0)
        assert listener.held_bytes == 0


async def test_closing_the_listener_cuts_what_does_not_end() -> None:
    stream = Parts(b"abc")
    async with serving(giving(stream)) as listener, client_of(listener) as client:
        await client.send(GET)
        await client.read_head()
        await listener.close(grace_seconds=0.01)
        assert stream.closed.is_set()


async def test_headers_that_cannot_be_written_end_the_connection() -> None:
    stream = Parts(b"abc")
    headers = Headers((("X-Bad", "a\r\nb"),))
    async with serving(giving(stream, headers=headers)) as listener, client_of(listener) as client:
        await client.send(GET)
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await client.read_head()
        assert stream.closed.is_set()
