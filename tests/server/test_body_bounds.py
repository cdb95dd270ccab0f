import asyncio

import pytest
from tests.server.support import EDGE, client_of, serving

from yett.server.body_bounds import GATEWAY_ALONE, InvocationTooLarge, OperationTooLarge, check_length
from yett.server.framing import HeadParser, RequestRefused
from yett.server.limits import (
    MAX_BODY_BYTES,
    MAX_OPERATION_BODY_BYTES,
    MAX_UNSIGNED_BODY_BYTES,
    Limits,
)
from yett.values.http import HttpRequest, HttpResponse
from yett.wire import limits as wire_limits

SIGNED = "Authorization: AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host"
INVOKE = "/restapis/abc/prod/_user_request_/x"
LENGTH = "Content-Length: 1"


def refusal(length: int, host: str, target: str, *lines: str, limits: Limits | None = None) -> RequestRefused | None:
    wire = "\r\n".join([f"POST {target} HTTP/1.1", f"Host: {host}", *lines, "", ""])
    served = EDGE.hosts.find_host(host)
    assert served is not None
    try:
        check_length(length, HeadParser().parse(wire.encode()), served, limits or Limits())
    except RequestRefused as refused:
        return refused
    return None


def test_operations_may_be_as_large_as_the_services_take() -> None:
    assert MAX_OPERATION_BODY_BYTES == wire_limits.MAX_BODY_BYTES


@pytest.mark.parametrize(
    ("bound", "host", "target", "lines"),
    [
        (MAX_BODY_BYTES, "abc.execute-api.localhost", "/prod/x", (LENGTH,)),
        (MAX_BODY_BYTES, "abc.execute-api.us-east-1.amazonaws.com", "/prod/x", (LENGTH, SIGNED)),
        (MAX_BODY_BYTES, "localhost:4566", INVOKE, (LENGTH, SIGNED)),
        (MAX_BODY_BYTES, "localhost:4566", INVOKE, ("Transfer-Encoding: chunked",)),
        (MAX_OPERATION_BODY_BYTES, "localhost:4566", "/2015-03-31/functions", (LENGTH, SIGNED)),
        (MAX_OPERATION_BODY_BYTES, "localhost:4566", "/?X-Amz-Credential=AKIA", (LENGTH,)),
        (MAX_OPERATION_BODY_BYTES, "localhost:4566", "/_yett/api/x", (LENGTH, SIGNED)),
        (MAX_BODY_BYTES, "localhost:4566", "/", ("Transfer-Encoding: chunked", SIGNED)),
        (MAX_UNSIGNED_BODY_BYTES, "localhost:4566", "/2015-03-31/functions", (LENGTH,)),
        (MAX_UNSIGNED_BODY_BYTES, "localhost:4566", "/", (LENGTH, "Authorization: Bearer abc")),
        (MAX_UNSIGNED_BODY_BYTES, "localhost:4566", "/", ("Transfer-Encoding: chunked",)),
        (MAX_UNSIGNED_BODY_BYTES, "me.auth.localhost", "/login", (LENGTH, SIGNED)),
    ],
)
def test_the_bound_is_that_of_the_door(bound: int, host: str, target: str, lines: tuple[str, ...]) -> None:
    assert refusal(bound, host, target, *lines) is None
    refused = refusal(bound + 1, host, target, *lines)
    if "execute-api" in host or "_user_request_" in target:
        assert isinstance(refused, InvocationTooLarge)
    else:
        assert isinstance(refused, OperationTooLarge)
        assert refused.bound_bytes == bound


def test_a_gateway_without_signed_operations_takes_no_large_ones() -> None:
    assert refusal(MAX_UNSIGNED_BODY_BYTES + 1, "localhost", "/", LENGTH, SIGNED, limits=GATEWAY_ALONE) is not None


async def test_large_bodies_have_a_share_of_the_budget_and_no_more() -> None:
    async def handler(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=200, body=b"%d" % len(request.body))

    limits = Limits(body_bytes=100, unsigned_body_bytes=100, operation_body_bytes=1000, buffered_bytes=2000)
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\n" + SIGNED.encode() + b"\r\nContent-Length: %d\r\n\r\n"
    async with serving(handler, limits=limits) as listener, client_of(listener) as first, client_of(listener) as second:
        await first.send(head % 1000 + b"a")
        await second.send(head % 900)
        assert (await second.read_head())[0] == 503
        async with client_of(listener) as third:
            await third.send(head % 100 + bytes(100))
            assert (await third.read_answer())[2] == b"100"
        await first.send(bytes(999))
        assert (await first.read_answer())[2] == b"1000"
        await first.send(head % 900 + bytes(900))
        assert (await first.read_answer())[2] == b"900"
        await first.send(head % 1001)
        status, headers, body = await first.read_answer()
        assert (status, headers["x-amzn-ErrorType"]) == (413, "RequestEntityTooLargeException")
        assert body == b'{"message":"Request must be smaller than 1000 bytes"}'
        assert listener.held_bytes == 0


async def test_a_large_body_of_which_nothing_came_gives_its_place_back() -> None:
    limits = Limits(body_bytes=100, unsigned_body_bytes=100, operation_body_bytes=1000, buffered_bytes=2000)
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\n" + SIGNED.encode() + b"\r\nContent-Length: 1000\r\n\r\n"
    async with serving(limits=limits) as listener:
        for _ in range(3):
            async with client_of(listener) as client:
                await client.send(head.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
                assert (await client.read_head())[0] == 100
                client.writer.transport.abort()
            while listener.connection_count:
                await asyncio.sleep(0)
