"""A server of nothing but the edge and the upstream client: what is left to spend when every rule were free.

    python bench/edge_only.py UPSTREAM_PORT

Prints the port it listens on, and serves until it is terminated.
"""

import asyncio
import sys

import uvloop

from yett.adapters.upstream.client import PooledUpstream
from yett.ports.upstream import LOCAL_DEVELOPMENT, UpstreamRequest
from yett.server.edge import Edge, HostRule
from yett.server.listener import listen
from yett.values.http import HttpRequest, HttpResponse


async def serve(upstream_port: int) -> None:
    """Proxy everything to an upstream on loopback."""
    upstream = PooledUpstream()

    async def proxy(request: HttpRequest) -> HttpResponse:
        answer = await upstream.send(
            UpstreamRequest(
                method=request.method,
                scheme="http",
                host="127.0.0.1",
                port=upstream_port,
                target=request.target,
                headers=request.headers,
                body=request.body,
                timeout_seconds=29.0,
                network_rule=LOCAL_DEVELOPMENT,
            )
        )
        return HttpResponse(status=answer.status, headers=answer.headers, body=answer.body)

    edge = Edge(hosts=HostRule(domains=frozenset()), trusted_proxies=())
    listener = await listen(proxy, host="127.0.0.1", port=0, edge=edge)
    print(listener.port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
