"""A server in a process of its own, whose memory a test can see grow.

    python patient_server.py

Prints its port. For each line that it reads, it prints its resident memory in bytes and how many connections it has.
`/fast` is answered at once, `/endless` by a body without end, `/echo` by the length of the request's, and
`/backend/PORT` by that port of loopback within five seconds, or 504.
"""

import asyncio
import os
import resource
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import uvloop

from yett.adapters.upstream.client import PooledUpstream
from yett.ports.upstream import LOCAL_DEVELOPMENT, UpstreamRequest, UpstreamTimedOut
from yett.server.edge import Edge, HostRule
from yett.server.listener import listen
from yett.values.http import HttpRequest, HttpResponse

PIECE = bytes(16 * 1024)


class Endless:
    length = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        return PIECE

    def close(self) -> None:
        pass


async def serve() -> None:
    upstream = PooledUpstream()

    async def answer(request: HttpRequest) -> HttpResponse:
        if request.path == "/endless":
            return HttpResponse(status=200, stream=Endless())
        if not request.path.startswith("/backend/"):
            return HttpResponse(status=200, body=b"%d" % len(request.body))
        asking = UpstreamRequest(
            method="GET", scheme="http", host="127.0.0.1", port=int(request.path.removeprefix("/backend/")), target="/",
            timeout_seconds=5.0, network_rule=LOCAL_DEVELOPMENT, streams_above_bytes=0,
        )  # fmt: skip
        try:
            return HttpResponse(status=(await upstream.send(asking)).status)
        except UpstreamTimedOut:
            return HttpResponse(status=504)

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    edge = Edge(hosts=HostRule(domains=frozenset()), trusted_proxies=())
    listener = await listen(answer, host="127.0.0.1", port=0, edge=edge)
    print(listener.port, flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        print(pages * os.sysconf("SC_PAGE_SIZE"), listener.connection_count, flush=True)
    await upstream.close()
    await listener.close(grace_seconds=0.1)


if __name__ == "__main__":
    uvloop.run(serve())
