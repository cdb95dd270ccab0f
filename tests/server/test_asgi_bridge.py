import json
from datetime import UTC, datetime

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from yett.server import asgi_bridge
from yett.server.asgi_bridge import AsgiApp, BridgeError, Message, Receive, Send, bridge
from yett.values.http import Headers, HttpRequest


def request_of(method: str = "GET", target: str = "/", body: bytes = b"") -> HttpRequest:
    path, _, query = target.partition("?")
    return HttpRequest(
        method=method,
        target=target,
        path=path,
        query=query,
        headers=Headers.of([("Host", "console.localhost:4566"), ("X-Twice", "1"), ("x-twice", "2"), ("Cookie", "a=b")]),
        body=body,
        host="console.localhost",
        source_ip="192.0.2.7",
        scheme="http",
        request_id="r",
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


async def describe(request: Request) -> Response:
    seen = {
        "method": request.method,
        "url": str(request.url),
        "path": request.url.path,
        "raw_path": request.scope["raw_path"].decode(),
        "item": request.path_params.get("item"),
        "twice": request.headers.getlist("x-twice"),
        "cookies": request.cookies,
        "client": request.client.host if request.client else None,
        "body": (await request.body()).decode(),
    }
    response = JSONResponse(seen)
    response.set_cookie("c", "1")
    response.set_cookie("d", "2")
    return response


async def stream(request: Request) -> Response:
    async def parts() -> object:
        for part in (b"a", b"b", b"c"):
            yield part

    return StreamingResponse(parts())  # type: ignore[arg-type]


async def fail(request: Request) -> Response:
    raise RuntimeError("boom")


class Passing(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)


APP: AsgiApp = Starlette(
    routes=[
        Route("/things/{item}", describe, methods=["GET", "POST"]),
        Route("/stream", stream),
        Route("/fail", fail),
    ],
    middleware=[Middleware(Passing)],
)


async def test_an_application_sees_the_request_as_it_came() -> None:
    answer = await bridge(APP, request_of("POST", "/things/a%20b?c=d", b"text"))
    assert answer.status == 200
    assert answer.headers.get_all("set-cookie") == ("c=1; Path=/; SameSite=lax", "d=2; Path=/; SameSite=lax")
    seen = json.loads(answer.body)
    assert seen == {
        "method": "POST",
        "url": "http://console.localhost:4566/things/a b?c=d",
        "path": "/things/a b",
        "raw_path": "/things/a%20b",
        "item": "a b",
        "twice": ["1", "2"],
        "cookies": {"a": "b"},
        "client": "192.0.2.7",
        "body": "text",
    }


async def test_a_streamed_answer_is_collected() -> None:
    answer = await bridge(APP, request_of(target="/stream"))
    assert (answer.status, answer.body) == (200, b"abc")


async def test_what_the_application_raises_is_passed_on() -> None:
    with pytest.raises(RuntimeError, match="boom"):
        await bridge(APP, request_of(target="/fail"))


async def test_an_application_without_an_answer_is_a_bug() -> None:
    async def silent(scope: object, receive: Receive, send: Send) -> None:
        await receive()

    async def half(scope: object, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})

    async def confused(scope: object, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.body", "body": b""})

    for app in (silent, half, confused):
        with pytest.raises(BridgeError):
            await bridge(app, request_of())


async def test_after_the_answer_the_client_is_gone() -> None:
    heard: list[Message] = []

    async def app(scope: object, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})
        heard.append(await receive())

    await bridge(app, request_of())
    assert heard == [{"type": "http.disconnect"}]


async def test_an_answer_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi_bridge, "MAX_BRIDGED_BODY_BYTES", 2)
    with pytest.raises(BridgeError):
        await bridge(APP, request_of(target="/stream"))
