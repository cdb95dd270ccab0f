"""Functions that another process of this node runs for us: the function host, over a Unix socket.

The host has the pools, so that concurrency, memory and shared runs are counted once for the node.
"""

import asyncio
import hmac
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from yett.adapters.links import Link, LinkLost
from yett.adapters.unix_sockets import connectable
from yett.ports.function_runner import (
    FunctionAnswer,
    FunctionNotFound,
    FunctionRunner,
    FunctionThrottled,
    FunctionUnavailable,
)
from yett.values.errors import Refusal, Unavailable

HELLO, INVOKE, SUBMIT = range(3)  # topics
PATIENCE_SECONDS: Final = 5.0  # for a host that starts again
PAUSE_SECONDS: Final = 0.05  # between two looks for it


class Asked(Struct, frozen=True, array_like=True):
    """An invocation, as it goes over the link."""

    function_arn: str
    payload: bytes
    request_id: str
    trace_header: str | None
    share_key: bytes | None


class Kind(StrEnum):
    """How an invocation ended that has no answer."""

    NOT_FOUND = "NOT_FOUND"
    THROTTLED = "THROTTLED"
    UNAVAILABLE = "UNAVAILABLE"


class Ended(Struct, frozen=True, array_like=True):
    """How it ended, as it goes over the link."""

    answer: FunctionAnswer | None
    refused: Kind | None = None
    reason: str = ""


ERRORS: Final[dict[Kind, Callable[[str], Exception]]] = {
    Kind.NOT_FOUND: FunctionNotFound,
    Kind.THROTTLED: FunctionThrottled,
    Kind.UNAVAILABLE: FunctionUnavailable,
}
encode: Final = msgspec.msgpack.encode
read_asked: Final = msgspec.msgpack.Decoder(Asked).decode
read_ended: Final = msgspec.msgpack.Decoder(Ended).decode


class RemoteFunctions:
    """``ports.function_runner.FunctionRunner`` at the function host.

    While the host is away, what comes waits for it a while. What it was running when it went away is unavailable: it
    may have run, so it is not run again.
    """

    def __init__(self, path: Path, token: bytes, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """*token* shows the host that we are one of the node's processes."""
        self._path = path
        self._token = token
        self._patience_seconds = patience_seconds
        self._link: Link | None = None
        self._connecting: asyncio.Task[Link] | None = None

    async def invoke(
        self,
        function_arn: str,
        payload: bytes,
        *,
        request_id: str,
        trace_header: str | None = None,
        share_key: bytes | None = None,
    ) -> FunctionAnswer:
        """See the port."""
        ended = await self._ask(INVOKE, Asked(function_arn, payload, request_id, trace_header, share_key))
        if ended.answer is None:
            raise FunctionUnavailable("the function host gave no answer")
        return ended.answer

    async def submit(
        self, function_arn: str, payload: bytes, *, request_id: str, trace_header: str | None = None
    ) -> None:
        """See the port."""
        await self._ask(SUBMIT, Asked(function_arn, payload, request_id, trace_header, None))

    async def stop(self) -> None:
        """Ask the host nothing more."""
        if self._connecting is not None:
            self._connecting.cancel()
        if self._link is not None:
            self._link.close()

    async def _ask(self, topic: int, asked: Asked) -> Ended:
        link = self._link
        if link is None or not link.is_up:
            link = await self._connected()
        try:
            ended = read_ended(await link.ask(topic, encode(asked)))
        except LinkLost as lost:
            raise FunctionUnavailable("the function host went away") from lost
        except Unavailable as error:
            raise FunctionUnavailable(error.reason) from error
        if ended.refused is not None:
            raise ERRORS[ended.refused](ended.reason)
        return ended

    async def _connected(self) -> Link:
        """The link, once it is there; all who wait for it wait for one."""
        if self._connecting is None or self._connecting.done():
            self._connecting = asyncio.create_task(self._connect())
        try:
            self._link = await asyncio.shield(self._connecting)
        except (OSError, TimeoutError, Unavailable) as error:
            raise FunctionUnavailable("the function host does not answer") from error
        return self._link

    async def _connect(self) -> Link:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._patience_seconds):
            while True:
                with connectable(self._path) as path:
                    try:
                        _, link = await loop.create_unix_connection(Link, path)
                        await link.ask(HELLO, self._token)
                    except (OSError, LinkLost):
                        await asyncio.sleep(PAUSE_SECONDS)
                        continue
                return link


class HostedFunctions:
    """The host's side: what a link asks is run by the pool, if whoever asks has shown the token first."""

    def __init__(self, runner: FunctionRunner, token: bytes) -> None:
        self._runner = runner
        self._token = token

    def link(self) -> Link:
        """The protocol of one connection."""
        is_known = False

        async def handle(topic: int, body: bytes) -> bytes:
            nonlocal is_known
            if topic == HELLO:
                is_known = hmac.compare_digest(body, self._token)
            if not is_known:
                link.close()
                raise Unavailable("show the token first")
            return b"" if topic == HELLO else encode(await self._run(topic, read_asked(body)))

        link = Link(handle)
        return link

    async def _run(self, topic: int, asked: Asked) -> Ended:
        try:
            if topic == SUBMIT:
                await self._runner.submit(
                    asked.function_arn, asked.payload, request_id=asked.request_id, trace_header=asked.trace_header
                )
                return Ended(None)
            answer = await self._runner.invoke(
                asked.function_arn,
                asked.payload,
                request_id=asked.request_id,
                trace_header=asked.trace_header,
                share_key=asked.share_key,
            )
        except FunctionNotFound as refusal:
            return Ended(None, Kind.NOT_FOUND, refusal.reason)
        except FunctionThrottled as refusal:
            return Ended(None, Kind.THROTTLED, refusal.reason)
        except (Unavailable, Refusal) as error:
            return Ended(None, Kind.UNAVAILABLE, error.reason)
        return Ended(answer)
