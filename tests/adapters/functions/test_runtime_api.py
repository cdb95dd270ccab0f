"""The Runtime API as a hostile or broken process would use it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from yett.adapters.functions.runtime_api import OVERSIZED_BYTES, Events, Invocation, RuntimeApi


class Heard:
    """What the API told."""

    def __init__(self) -> None:
        self.said: list[object] = []
        self.events = Events(
            ready=lambda: self.said.append("ready"),
            init_failed=lambda body: self.said.append(("init", body)),
            answered=lambda request_id, body: self.said.append((request_id, body)),
            failed=lambda request_id, body: self.said.append(("failed", request_id, body)),
            oversized=lambda request_id, size: self.said.append(("oversized", request_id, size)),
        )


@pytest.fixture
async def heard() -> Heard:
    return Heard()


@pytest.fixture
async def api(heard: Heard) -> AsyncIterator[RuntimeApi]:
    opened = RuntimeApi(heard.events)
    await opened.open()
    yield opened
    opened.close()


async def send(api: RuntimeApi, method: str, path: str, body: bytes = b"", *, token: str | None = None) -> bytes:
    """One request on a connection of its own; the head and body of its answer."""
    address, _, own = api.address.partition("/")
    host, _, port = address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    target = f"/{own if token is None else token}/2018-06-01/runtime/{path}"
    writer.write(f"{method} {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    answer = head + await reader.readexactly(length)
    writer.close()
    await writer.wait_closed()
    return answer


async def test_an_invocation_waits_for_whoever_asks_next(api: RuntimeApi, heard: Heard) -> None:
    invocation = Invocation(request_id="r", payload=b'{"a":1}', function_arn="arn", trace_header="Root=1-2;\r\nX: y")
    api.give(invocation, deadline_ms=12)
    assert api.is_undelivered()
    answer = await send(api, "GET", "invocation/next")
    assert not api.is_undelivered()
    assert answer.endswith(b'\r\n\r\n{"a":1}')
    assert b"Lambda-Runtime-Aws-Request-Id: r\r\n" in answer
    assert b"Lambda-Runtime-Deadline-Ms: 12\r\n" in answer
    assert b"Trace" not in answer  # what is no header line is left out
    assert heard.said == ["ready"]


@pytest.mark.parametrize("token", ["", "wrong", "2018-06-01"])
async def test_without_its_token_nothing_is_told_and_nothing_believed(
    api: RuntimeApi, heard: Heard, token: str
) -> None:
    api.give(Invocation(request_id="r", payload=b"secret", function_arn="arn"), deadline_ms=1)
    for method, path in [("GET", "invocation/next"), ("POST", "invocation/r/response"), ("POST", "init/error")]:
        answer = await send(api, method, path, b"forged", token=token)
        assert answer.startswith(b"HTTP/1.1 403 ")
        assert b"secret" not in answer
    assert heard.said == []


async def test_answers_errors_and_oversized_payloads_are_told_apart(api: RuntimeApi, heard: Heard) -> None:
    for path, body in [
        ("invocation/r/response", b"1"),
        ("invocation/r/error", b"{}"),
        ("init/error", b"{}"),
        ("invocation/r/response", b"x" * 6_291_557),
    ]:
        assert (await send(api, "POST", path, body)).startswith(b"HTTP/1.1 202 ")
    assert heard.said == [("r", b"1"), ("failed", "r", b"{}"), ("init", b"{}"), ("oversized", "r", 6_291_557)]
    assert (await send(api, "GET", "logs")).startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"GET /" + b"a" * 1_200_000,
        b"GET / HTTP/1.1\r\n" + b"A: " + b"a" * 1_200_000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n" + b"x" * (OVERSIZED_BYTES + 1),
    ],
    ids=["no HTTP", "endless target", "endless header", "endless body"],
)
async def test_what_has_no_end_is_cut_off(api: RuntimeApi, data: bytes) -> None:
    host, _, port = api.address.partition("/")[0].partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(data)
    try:
        assert await reader.read() == b""
    except ConnectionResetError:
        pass
    finally:
        writer.transport.abort()
