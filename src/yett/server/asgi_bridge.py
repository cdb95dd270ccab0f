"""Runs an ASGI application for one request, so that pages and AWS's own APIs share a port with invocations.

The answer is held whole, within a bound: what streams without end belongs on the admin port. The lifespan protocol is
not spoken here; whoever builds the application starts and stops it once.

Source: https://asgi.readthedocs.io/en/latest/specs/www.html
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from yett.server.limits import MAX_BRIDGED_BODY_BYTES
from yett.values.http import Headers, HttpRequest, HttpResponse

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class BridgeError(Exception):
    """The application broke the protocol, or its answer exceeds the bound: a bug, answered with 500."""


async def bridge(app: AsgiApp, request: HttpRequest) -> HttpResponse:
    """Have *app* answer a request.

    Raises:
        BridgeError: There is no whole answer. What the application raises is passed on as it is.
    """
    exchange = _Exchange(request.body)
    # In a task of its own: what applications are made with (anyio) keeps its state by task.
    await asyncio.ensure_future(app(_scope(request), exchange.receive, exchange.send))
    return exchange.response()


class _Exchange:
    """What the application is told, and what it says."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._status: int | None = None
        self._lines: list[tuple[str, str]] = []
        self._answer = bytearray()
        self._is_complete = False
        self._never: asyncio.Future[Message] | None = None

    async def receive(self) -> Message:
        """The body at first; then a wait without end, since nobody here sees a client go."""
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        if self._is_complete:
            return {"type": "http.disconnect"}
        self._never = asyncio.get_running_loop().create_future()
        return await self._never

    async def send(self, message: Message) -> None:
        """Take a part of the answer."""
        kind = message["type"]
        if kind == "http.response.start" and self._status is None:
            self._status = message["status"]
            self._lines = [
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in message.get("headers", ())
            ]
        elif kind == "http.response.body" and self._status is not None and not self._is_complete:
            self._answer += message.get("body", b"")
            if len(self._answer) > MAX_BRIDGED_BODY_BYTES:
                raise BridgeError("the application's answer exceeds its bound")
            self._is_complete = not message.get("more_body", False)
            if self._is_complete and self._never is not None and not self._never.done():
                self._never.set_result({"type": "http.disconnect"})
        else:
            raise BridgeError(f"unexpected message `{kind}`")

    def response(self) -> HttpResponse:
        """The answer, once the application has returned."""
        if self._status is None or not self._is_complete:
            raise BridgeError("the application returned without a whole answer")
        return HttpResponse(status=self._status, headers=Headers.of(self._lines), body=bytes(self._answer))


def _scope(request: HttpRequest) -> MutableMapping[str, Any]:
    _, _, port = (request.headers.get("host") or "").rpartition(":")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": request.protocol.removeprefix("HTTP/"),
        "method": request.method.upper(),
        "scheme": request.scheme,
        "path": unquote_to_bytes(request.path).decode("utf-8", "replace"),
        "raw_path": request.path.encode("latin-1"),
        "query_string": request.query.encode("latin-1"),
        "root_path": "",
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in request.headers
            if name.lower() != "transfer-encoding"  # the body is here whole
        ],
        "client": (request.source_ip, 0),
        "server": (request.host, int(port) if port.isdigit() else _DEFAULT_PORTS[request.scheme]),
        "state": {},
    }
