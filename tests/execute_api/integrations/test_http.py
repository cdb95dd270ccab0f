from collections.abc import AsyncIterator

import pytest
from tests.execute_api.support import INTERNAL, Gateway, said
from tests.rules.execute_api.support import http, method, resource

from yett.ports.settings import Settings
from yett.ports.upstream import (
    LOCAL_DEVELOPMENT,
    PUBLIC_ONLY,
    UpstreamBadAddress,
    UpstreamRefused,
    UpstreamResponse,
    UpstreamTimedOut,
    UpstreamTlsFailed,
    UpstreamTooLarge,
    UpstreamUnreachable,
)
from yett.values.http import Headers


def gateway(**more: object) -> Gateway:
    settings = Settings(**more)  # type: ignore[arg-type]
    integration = http("http://backend.test:8080/v1", timeout_ms=1500)
    return Gateway(resource("/", method("ANY", integration=integration)), settings=settings)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (UpstreamTimedOut("slow"), (504, "InternalServerErrorException", "Endpoint request timed out")),
        (UpstreamUnreachable("x"), (504, "InternalServerErrorException", "Network error communicating with endpoint")),
        (UpstreamBadAddress("x"), INTERNAL),
        (UpstreamRefused("x"), INTERNAL),
        (UpstreamTlsFailed("x"), INTERNAL),
        (UpstreamTooLarge("x"), INTERNAL),
    ],
)
async def test_a_backend_that_gives_no_answer_becomes_a_gateway_response(
    failure: Exception, expected: tuple[int, str, str]
) -> None:
    door = gateway()
    door.upstream.raises = failure
    assert said(await door.call()) == expected
    assert door.explain()["outcome"] == "error"


async def test_the_backend_is_asked_within_the_integration_s_time() -> None:
    door = gateway(port=8000)
    answer = await door.call("POST", "/", body=b"x", query="a=1")
    sent = door.upstream.requests[0]
    assert (sent.method, sent.scheme, sent.host, sent.port, sent.target) == (
        "POST",
        "http",
        "backend.test",
        8080,
        "/v1?a=1",
    )
    assert (sent.timeout_seconds, sent.body) == (1.5, b"x")
    assert sent.headers.get("x-forwarded-port") == "8000"
    assert answer.body == b'{"ok":true}'
    assert answer.headers.get("x-amzn-trace-id") is None


@pytest.mark.parametrize(("permits", "rule"), [(True, LOCAL_DEVELOPMENT), (False, PUBLIC_ONLY)])
async def test_private_addresses_are_for_loopback_listeners(permits: bool, rule: object) -> None:
    door = gateway(permits_private_upstreams=permits)
    await door.call()
    assert door.upstream.requests[0].network_rule == rule


class Stream:
    length = 70_000

    def __aiter__(self) -> AsyncIterator[bytes]:
        raise AssertionError("the edge's to read")

    def close(self) -> None:
        raise AssertionError("the edge's to close")


async def test_a_body_that_comes_as_a_stream_is_passed_on_and_recorded_at_its_head() -> None:
    door, stream = gateway(), Stream()
    door.upstream.answer = UpstreamResponse(status=206, headers=Headers((("A", "b"),)), body=b"", stream=stream)
    answer = await door.call()
    assert (answer.status, answer.headers.get("a"), answer.body) == (206, "b", b"")
    assert answer.stream is stream
    assert answer.headers.get("x-amzn-requestid") is not None
    assert door.upstream.requests[0].streams_above_bytes == 64 * 1024
    assert door.explain()["status"] == 206
