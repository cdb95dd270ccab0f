"""The function host: the one process of a node whose children run functions, for all its workers."""

import asyncio
import socket

from yett.server import child
from yett.server.launch import Launch, encode
from yett.server.parts import FunctionPool, HostedFunctions, Link, Store
from yett.server.report import report
from yett.server.worker import follow


class FunctionHost:
    """The role of the function host; see `child.Role`."""

    _server: asyncio.Server

    def __init__(self) -> None:
        self._pool: FunctionPool | None = None
        self._store: Store | None = None

    async def launch(self, launch: Launch, link: Link) -> None:
        """Follow the store, and serve whoever knows the token."""
        self._store = follow(launch, link)
        self._pool = self._store.make_function_pool(endpoint_url=launch.endpoint_url)
        hosted = HostedFunctions(self._pool, launch.functions_token)
        [descriptor] = launch.listening
        self._server = await asyncio.get_running_loop().create_unix_server(
            hosted.link, sock=socket.socket(fileno=descriptor)
        )

    async def stop(self, patience_seconds: float) -> None:  # noqa: ARG002 - whoever asks us has ended before
        """End every process of a function."""
        if self._pool is None or self._store is None:
            return
        self._server.close()
        await self._pool.stop()
        for close in self._store.closers:
            await close()

    async def explain(self, request_id: str) -> bytes:  # noqa: ARG002
        """No call is answered here."""
        return b""

    def report(self, process: str) -> bytes:
        """Which functions have how many processes."""
        return encode(report(process, functions={} if self._pool is None else self._pool.processes()))


if __name__ == "__main__":
    child.run(FunctionHost)
