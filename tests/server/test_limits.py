"""A thousand clients, or backends, that take their time cost memory by their number, and nobody else an answer."""

import asyncio
import resource
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.server.support import RawClient

COUNT = 1000
KILOBYTE = 1024
HOST = b"Host: localhost\r\n"
pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")


class PatientServer:
    def __init__(self, process: Process, port: int) -> None:
        self._process = process
        self.port = port

    async def look(self) -> tuple[int, int]:
        """Its resident memory in bytes, and how many connections it has."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        resident, connections = (await self._process.stdout.readline()).split()
        return int(resident), int(connections)

    async def memory_with(self, connections: int) -> int:
        while True:
            resident, seen = await self.look()
            if seen == connections:
                return resident


@pytest.fixture
async def server() -> AsyncIterator[PatientServer]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 3 * COUNT:
        pytest.skip("too few file descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))
    script = str(Path(__file__).with_name("patient_server.py"))
    process = await asyncio.create_subprocess_exec(sys.executable, script, stdin=PIPE, stdout=PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield PatientServer(process, int(await process.stdout.readline()))
    finally:
        process.stdin.close()
        await process.wait()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@asynccontextmanager
async def slow_clients(port: int, first_words: bytes) -> AsyncIterator[list[socket.socket]]:
    """Connections that say this much and then neither speak nor read."""
    loop = asyncio.get_running_loop()
    clients: list[socket.socket] = []
    try:
        for _ in range(COUNT):
            one = socket.socket()
            clients.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * KILOBYTE)
            one.setblocking(False)
            await loop.sock_connect(one, ("127.0.0.1", port))
            await loop.sock_sendall(one, first_words)
        yield clients
    finally:
        for one in clients:
            one.close()


async def fast_answers(port: int) -> None:
    """A client in no need of patience."""
    client = await RawClient.connect(port)
    for _ in range(50):
        await client.send(b"POST /fast HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\n\r\nabc")
        status, _, body = await client.read_answer()
        assert (status, body) == (200, b"3")
    await client.close()


@pytest.mark.parametrize(
    ("first_words", "most_bytes"),
    [
        (b"GET /fast HTTP/1.1\r\nHost: loc", 24 * KILOBYTE),
        (b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 100000\r\n\r\n" + bytes(KILOBYTE), 32 * KILOBYTE),
        (b"GET /endless HTTP/1.1\r\n" + HOST + b"\r\n", 256 * KILOBYTE),
    ],
    ids=["head", "body", "reading"],
)
async def test_slow_clients_cost_memory_by_their_number(
    first_words: bytes, most_bytes: int, server: PatientServer
) -> None:
    await fast_answers(server.port)
    before = await server.memory_with(0)
    async with slow_clients(server.port, first_words):
        await server.memory_with(COUNT)
        await fast_answers(server.port)
        grown = await server.memory_with(COUNT) - before
        assert grown / COUNT < most_bytes
    await server.memory_with(0)
    await fast_answers(server.port)


async def test_slow_backends_cost_memory_by_their_number_and_are_given_up(server: PatientServer) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    await fast_answers(server.port)
    before = await server.memory_with(0)
    backend = await asyncio.start_server(say_nothing, "127.0.0.1", 0, backlog=COUNT)
    port = backend.sockets[0].getsockname()[1]
    async with slow_clients(server.port, b"GET /backend/%d HTTP/1.1\r\n" % port + HOST + b"\r\n") as clients:
        await server.memory_with(COUNT)
        await fast_answers(server.port)
        grown = await server.memory_with(COUNT) - before
        assert grown / COUNT < 64 * KILOBYTE
        loop = asyncio.get_running_loop()
        answers = await asyncio.gather(*(loop.sock_recv(one, 100) for one in clients))
        assert {answer[:12] for answer in answers} == {b"HTTP/1.1 504"}
    await fast_answers(server.port)
    backend.close()
