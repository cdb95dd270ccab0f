"""Bodies that come as streams, from a backend that says when each part of them is sent."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.adapters.upstream.test_client import Backend, backend, request_to

from yett.adapters.upstream import connection as connection_module
from yett.adapters.upstream.client import PooledUpstream
from yett.adapters.upstream.limits import MAX_RESPONSE_BODY_BYTES
from yett.ports.upstream import UpstreamResponse, UpstreamTimedOut, UpstreamTooLarge, UpstreamUnreachable

ABOVE = 1000
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
LONG = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"
ENDLESS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


@pytest.fixture
async def upstream() -> AsyncIterator[PooledUpstream]:
    client = PooledUpstream()
    yield client
    await client.close()
    while client.connection_count:
        await asyncio.sleep(0)


class Script:
    """A backend whose answer a test writes, part by part."""

    def __init__(self) -> None:
        self.parts: asyncio.Queue[bytes | None] = asyncio.Queue()  # None: the end of the connection
        self.is_gone = asyncio.Event()  # the client closed the connection
        self.sent_bytes = 0

    def say(self, *parts: bytes | None) -> None:
        for part in parts:
            self.parts.put_nowait(part)

    async def serve(self, state: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await state.read(reader):
            watching = asyncio.ensure_future(reader.read(1))
            watching.add_done_callback(lambda _: self.is_gone.set())
            while (part := await self.parts.get()) != b"":
                if part is None:
                    watching.cancel()
                    return
                writer.write(part)
                await writer.drain()
                self.sent_bytes += len(part)
            watching.cancel()
            await asyncio.wait({watching})


async def ask(upstream: PooledUpstream, port: int, **more: object) -> UpstreamResponse:
    return await upstream.send(request_to(port, streams_above_bytes=ABOVE, **more))


async def read_all(answer: UpstreamResponse) -> bytes:
    assert answer.stream is not None
    return b"".join([piece async for piece in answer.stream])


@pytest.mark.parametrize(
    "wire",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + bytes(1000),
        CHUNKED + b"3e8\r\n" + bytes(1000) + b"\r\n0\r\n\r\n",  # whole in one read
    ],
    ids=["short", "here at once"],
)
async def test_what_is_short_or_here_at_once_comes_whole(wire: bytes, upstream: PooledUpstream) -> None:
    script = Script()
    async with backend(script.serve) as there:
        script.say(wire, b"")
        answer = await ask(upstream, there.port)
    assert (answer.body, answer.stream) == (bytes(1000), None)


async def test_a_short_body_is_waited_for(upstream: PooledUpstream) -> None:
    script = Script()
    async with backend(script.serve) as there:
        script.say(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
        asking = asyncio.ensure_future(ask(upstream, there.port))
        while not script.sent_bytes:
            await asyncio.sleep(0)
        assert not asking.done()
        script.say(b"cd", b"")
        assert (await asking).body == b"abcd"


async def test_a_body_of_unknown_length_is_handed_on_as_it_comes(upstream: PooledUpstream) -> None:
    script = Script()
    async with backend(script.serve) as there:
        for _ in range(2):  # the second on the same connection
            script.say(CHUNKED)
            answer = await ask(upstream, there.port)
            assert answer.body == b""
            assert answer.stream is not None
            assert answer.stream.length is None
            pieces = aiter(answer.stream)
            for part in (b"one", b"two"):
                script.say(b"3\r\n" + part + b"\r\n")
                assert await anext(pieces) == part  # before the next is sent
            script.say(b"0\r\n\r\n", b"")
            with pytest.raises(StopAsyncIteration):
                await anext(pieces)
            answer.stream.close()  # too late to matter
        assert (there.connections, len(there.requests)) == (1, 2)


async def test_a_long_body_has_its_length(upstream: PooledUpstream) -> None:
    script = Script()
    async with backend(script.serve) as there:
        script.say(LONG + b"a" * 2000)
        answer = await ask(upstream, there.port)
        assert answer.stream is not None
        assert answer.stream.length == 5000
        script.say(b"b" * 3000, b"")
        assert await read_all(answer) == b"a" * 2000 + b"b" * 3000
        assert upstream.connection_count == 1


async def test_a_body_may_end_with_its_connection(upstream: PooledUpstream) -> None:
    script = Script()
    async with backend(script.serve) as there:
        script.say(ENDLESS + b"data: 1\n\n")
        answer = await ask(upstream, there.port)
        script.say(b"data: 2\n\n", None)
        assert await read_all(answer) == b"data: 1\n\ndata: 2\n\n"


@pytest.mark.parametrize("head", [CHUNKED + b"5\r\nab", LONG + b"ab"], ids=["chunked", "long"])
async def test_a_body_that_breaks_off_is_never_whole(head: bytes, upstream: PooledUpstream) -> None:
    script = Script()
    async with backend(script.serve) as there:
        script.say(head)
        answer = await ask(upstream, there.port)
        script.say(None)
        with pytest.raises(UpstreamUnreachable):
            await read_all(answer)


async def test_closing_the_client_is_no_end_of_a_body(upstream: PooledUpstream) -> None:
    script = Script()
    async with backend(script.serve) as there:
        script.say(ENDLESS + b"a")
        answer = await ask(upstream, there.port)
        await upstream.close()
        with pytest.raises(UpstreamUnreachable):
            await read_all(answer)
        script.say(None)


async def test_a_body_that_turns_out_unsound_is_never_whole(upstream: PooledUpstream) -> None:
    script = Script()
    async with backend(script.serve) as there:
        script.say(CHUNKED + b"1\r\na\r\n")
        answer = await ask(upstream, there.port)
        script.say(b"zz\r\n")
        with pytest.raises(UpstreamUnreachable):
            await read_all(answer)
        await script.is_gone.wait()
        script.say(None)


async def test_a_body_without_end_is_cut_at_the_bound(upstream: PooledUpstream) -> None:
    script = Script()
    async with backend(script.serve) as there:
        script.say(ENDLESS)
        answer = await ask(upstream, there.port)
        script.say(bytes(MAX_RESPONSE_BODY_BYTES + 1))
        with pytest.raises(UpstreamTooLarge):
            await read_all(answer)
        await script.is_gone.wait()
        script.say(None)


async def test_a_reader_that_closes_closes_the_connection(upstream: PooledUpstream) -> None:
    script = Script()
    async with backend(script.serve) as there:
        script.say(CHUNKED)
        answer = await ask(upstream, there.port)
        assert answer.stream is not None
        answer.stream.close()
        await script.is_gone.wait()
        with pytest.raises(UpstreamUnreachable):
            await read_all(answer)
        script.say(None)


async def test_a_backend_is_read_no_faster_than_its_reader_reads(upstream: PooledUpstream) -> None:
    script = Script()
    size = MAX_RESPONSE_BODY_BYTES
    async with backend(script.serve) as there:
        script.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size, *[bytes(size // 64)] * 64, b"")
        answer = await ask(upstream, there.port)
        before = -1
        for _ in range(100):  # until the sockets' own buffers are full and no more is taken
            if script.sent_bytes == before:
                break
            before = script.sent_bytes
            for _ in range(200):
                await asyncio.sleep(0)
        assert script.sent_bytes < size
        assert len(await read_all(answer)) == size


async def test_the_time_of_the_integration_is_for_the_head_and_another_for_the_body(
    upstream: PooledUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, silent = Script(), Script()
    async with backend(script.serve) as there, backend(silent.serve) as elsewhere:
        script.say(CHUNKED)
        answer = await ask(upstream, there.port, timeout_seconds=0.05)
        with pytest.raises(UpstreamTimedOut):  # while this one waits, the first one's time has passed too
            await ask(upstream, elsewhere.port, timeout_seconds=0.05)
        silent.say(None)
        assert answer.stream is not None
        script.say(b"1\r\na\r\n")
        pieces = aiter(answer.stream)
        assert await anext(pieces) == b"a"
        monkeypatch.setattr(connection_module, "STREAM_IDLE_TIMEOUT_SECONDS", 0.01)
        script.say(b"1\r\nb\r\n")
        assert await anext(pieces) == b"b"
        with pytest.raises(UpstreamTimedOut):
            await anext(pieces)
        script.say(None)
