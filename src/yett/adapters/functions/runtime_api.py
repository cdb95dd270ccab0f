"""AWS's Runtime API, for one process of a function: the next invocation out, its answer or error in.

A process gets a listener of its own on loopback and a path token of its own, so that what it can reach are its own
invocations and nobody else's.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import asyncio
import hmac
import secrets
from collections.abc import Callable
from typing import Final, cast

import httptools
from msgspec import Struct

VERSION: Final = "/2018-06-01/runtime/"
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 6 MB, to Lambda 6 MiB and 100 bytes over
PAYLOAD_BYTES: Final = 6_291_556
# Past this a process that goes on sending is cut off; up to it the body is read and dropped, so that it can be told.
OVERSIZED_BYTES: Final = 64 * 1024 * 1024
HEADER_BYTES: Final = 1024 * 1024 + 64 * 1024  # the client sends its X-Ray cause, up to 1 MiB, as a header


class Invocation(Struct, frozen=True, kw_only=True):
    """What the process is told of one invocation."""

    request_id: str
    payload: bytes
    function_arn: str
    trace_header: str | None = None


class Events(Struct, frozen=True, kw_only=True):
    """Whom to tell what the process did."""

    ready: Callable[[], None]  # it asked for its first invocation
    init_failed: Callable[[bytes], None]  # the error's JSON
    answered: Callable[[str, bytes], None]  # request id, payload
    failed: Callable[[str, bytes], None]  # request id, the error's JSON
    oversized: Callable[[str, int], None]  # request id, bytes of the payload that is too large


class RuntimeApi:
    """The listener of one process."""

    def __init__(self, events: Events) -> None:
        self.events = events
        self.address = ""  # for AWS_LAMBDA_RUNTIME_API, once open
        self._token = secrets.token_urlsafe(24)
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()
        self._waiting: _Connection | None = None
        self._pending: tuple[Invocation, int] | None = None
        self._was_ready = False

    async def open(self) -> None:
        """Listen on a free port of the loopback address."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, backlog=8)
        port = self._server.sockets[0].getsockname()[1]
        self.address = f"127.0.0.1:{port}/{self._token}"

    def give(self, invocation: Invocation, *, deadline_ms: int) -> None:
        """Hand the process its next invocation: now if it waits for one, else when it asks."""
        if self._waiting is None:
            self._pending = invocation, deadline_ms
            return
        connection, self._waiting = self._waiting, None
        connection.send_invocation(invocation, deadline_ms)

    def close(self) -> None:
        """Stop listening and drop what is connected."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            connection.abort()

    def is_undelivered(self) -> bool:
        """Whether an invocation was given that the process never fetched."""
        return self._pending is not None

    def connected(self, connection: "_Connection") -> None:
        self._connections.add(connection)

    def disconnected(self, connection: "_Connection") -> None:
        self._connections.discard(connection)
        if self._waiting is connection:
            self._waiting = None

    def route(self, connection: "_Connection", method: str, target: str, body: bytes, body_bytes: int) -> None:
        """Answer one request of the process."""
        token, _, rest = target[1:].partition("/")
        path = f"/{rest}"
        if not hmac.compare_digest(token.encode(), self._token.encode()) or not path.startswith(VERSION):
            connection.send(403, b'{"errorMessage":"Forbidden","errorType":"Forbidden"}')
            return
        match method, path.removeprefix(VERSION).split("/"):
            case "GET", ["invocation", "next"]:
                self._next(connection)
            case "POST", ["invocation", request_id, "response"]:
                connection.send(202, b'{"status":"OK"}')
                if body_bytes > PAYLOAD_BYTES:
                    self.events.oversized(request_id, body_bytes)
                else:
                    self.events.answered(request_id, body)
            case "POST", ["invocation", request_id, "error"]:
                connection.send(202, b'{"status":"OK"}')
                if body_bytes > PAYLOAD_BYTES:
                    self.events.oversized(request_id, body_bytes)
                else:
                    self.events.failed(request_id, body)
            case "POST", ["init", "error"]:
                connection.send(202, b'{"status":"OK"}')
                self.events.init_failed(body)
            case _:
                connection.send(404, b'{"errorMessage":"No such resource","errorType":"NotFound"}')

    def _next(self, connection: "_Connection") -> None:
        if self._pending is not None:
            (invocation, deadline_ms), self._pending = self._pending, None
            connection.send_invocation(invocation, deadline_ms)
        else:
            self._waiting = connection
        if not self._was_ready:
            self._was_ready = True
            self.events.ready()


class _Connection(asyncio.Protocol):
    """One kept-alive HTTP/1.1 connection of the process."""

    def __init__(self, api: RuntimeApi) -> None:
        self._api = api
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._begin()

    def _begin(self) -> None:
        self._target = b""
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._header_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are not of this class
        self._api.connected(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._transport = None
        self._api.disconnected(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.abort()

    def on_message_begin(self) -> None:
        self._begin()

    def on_url(self, url: bytes) -> None:
        self._target += url
        self._count_header(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count_header(name + value)

    def _count_header(self, data: bytes) -> None:
        self._header_bytes += len(data)
        if self._header_bytes > HEADER_BYTES:
            self.abort()

    def on_headers_complete(self) -> None:
        return

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes > OVERSIZED_BYTES:
            self.abort()
        elif self._body_bytes <= PAYLOAD_BYTES:
            self._body.append(body)
        else:
            self._body.clear()

    def on_message_complete(self) -> None:
        if self._transport is not None:
            method = self._parser.get_method().decode("ascii")
            target = self._target.decode("latin-1")
            self._api.route(self, method, target, b"".join(self._body), self._body_bytes)

    def send(self, status: int, body: bytes) -> None:
        if self._transport is not None:
            reason = {202: "Accepted", 403: "Forbidden"}.get(status, "Not Found")
            head = (
                f"HTTP/1.1 {status} {reason}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            self._transport.write(head.encode("ascii") + body)

    def send_invocation(self, invocation: Invocation, deadline_ms: int) -> None:
        if self._transport is None:
            return
        trace = invocation.trace_header
        trace_line = (
            f"Lambda-Runtime-Trace-Id: {trace}\r\n" if trace and trace.isascii() and trace.isprintable() else ""
        )
        head = (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            f"Lambda-Runtime-Aws-Request-Id: {invocation.request_id}\r\n"
            f"Lambda-Runtime-Deadline-Ms: {deadline_ms}\r\n"
            f"Lambda-Runtime-Invoked-Function-Arn: {invocation.function_arn}\r\n"
            f"{trace_line}Content-Length: {len(invocation.payload)}\r\n\r\n"
        )
        self._transport.write(head.encode("ascii") + invocation.payload)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
