"""A listener with an echoing handler, and a raw socket to talk to it with."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_network

from yett.server.edge import Edge, HostRule
from yett.server.limits import Limits
from yett.server.listener import Listener, listen
from yett.values.http import Headers, HttpRequest, HttpResponse

EDGE = Edge(hosts=HostRule(domains=frozenset({"api.example.com"})), trusted_proxies=())
BEHIND_A_PROXY = Edge(hosts=EDGE.hosts, trusted_proxies=(ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8")))

Handler = Callable[[HttpRequest], Awaitable[HttpResponse]]


async def echo(request: HttpRequest) -> HttpResponse:
    """Answers with what the handler was given."""
    seen = {
        "method": request.method,
        "target": request.target,
        "path": request.path,
        "query": request.query,
        "lines": request.headers.lines,
        "body": request.body.decode("latin-1"),
        "host": request.host,
        "source_ip": request.source_ip,
        "scheme": request.scheme,
        "protocol": request.protocol,
        "request_id": request.request_id,
    }
    return HttpResponse(status=200, headers=Headers.of([("X-Casing", "Kept")]), body=json.dumps(seen).encode())


@asynccontextmanager
async def serving(
    handler: Handler = echo, *, edge: Edge = EDGE, limits: Limits | None = None
) -> AsyncIterator[Listener]:
    listener = await listen(handler, host="127.0.0.1", port=0, edge=edge, limits=limits)
    try:
        yield listener
    finally:
        await listener.close(grace_seconds=0.05)


class RawClient:
    """A socket, and just enough HTTP to tell one answer from the next."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, port: int) -> "RawClient":
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=2**24))

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def read_head(self) -> tuple[int, dict[str, str]]:
        raw = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status_line, *lines = raw[:-4].split("\r\n")
        return int(status_line.split()[1]), dict(line.split(": ", 1) for line in lines if line)

    async def read_answer(self) -> tuple[int, dict[str, str], bytes]:
        status, headers = await self.read_head()
        return status, headers, await self.reader.readexactly(int(headers.get("Content-Length", "0")))

    async def read_to_end(self) -> bytes:
        return await self.reader.read()

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


@asynccontextmanager
async def client_of(listener: Listener) -> AsyncIterator[RawClient]:
    client = await RawClient.connect(listener.port)
    try:
        yield client
    finally:
        await client.close()
