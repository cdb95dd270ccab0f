import asyncio
import http.client
import json
import re
import socket
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.server.support import BEHIND_A_PROXY, client_of, serving
from tests.server.test_framing import REFUSED

from yett.server.limits import MAX_BODY_BYTES, Limits
from yett.values.http import Headers, HttpRequest, HttpResponse

HOST = b"Host: localhost\r\n"
INVOKE = b"POST /restapis/abc/prod/_user_request_/ HTTP/1.1\r\n" + HOST
GET = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
TOO_LARGE = b"HTTP content length exceeded 10485760 bytes."


def seen_by_handler(answer: tuple[int, dict[str, str], bytes]) -> dict[str, Any]:
    status, _, body = answer
    assert status == 200
    seen: dict[str, Any] = json.loads(body)
    return seen


@pytest.mark.parametrize("name", REFUSED)
async def test_a_refused_head_is_answered_and_the_connection_closed(name: str) -> None:
    raw, status = REFUSED[name]
    reached = []

    async def handler(request: HttpRequest) -> HttpResponse:
        reached.append(request)
        return HttpResponse(status=200)

    async with serving(handler) as listener, client_of(listener) as client:
        await client.send(raw + b"0\r\n\r\nGET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n")
        head, _, body = (await client.read_to_end()).partition(b"\r\n\r\n")
        assert int(head.split()[1]) == status
        assert b"\r\nConnection: close" in head
        assert b"\r\nx-amzn-RequestId: " in head
        assert b"HTTP/1.1" not in body
        assert reached == []
        assert sum(listener.refusals().values()) == 1


async def test_a_request_reaches_the_handler_whole() -> None:
    async with serving() as listener, client_of(listener) as client:
        await client.send(
            b"POST /prod/a%2Fb//?c=d&c HTTP/1.1\r\nhOst: Abc.execute-api.localhost:4566\r\nx-yett-trust: 1\r\n"
            b"X-Forwarded-For: 6.6.6.6\r\nContent-Length: 3\r\n\r\na\r\n"
        )
        seen = seen_by_handler(await client.read_answer())
    request_id = seen.pop("request_id")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", request_id)
    assert seen == {
        "method": "POST",
        "target": "/prod/a%2Fb//?c=d&c",
        "path": "/prod/a%2Fb//",
        "query": "c=d&c",
        "lines": [
            ["hOst", "Abc.execute-api.localhost:4566"],
            ["X-Forwarded-For", "6.6.6.6"],
            ["Content-Length", "3"],
        ],
        "body": "a\r\n",
        "host": "abc.execute-api.localhost",
        "source_ip": "127.0.0.1",
        "scheme": "http",
        "protocol": "HTTP/1.1",
    }


async def test_behind_a_trusted_proxy_the_forwarded_address_is_the_client() -> None:
    async with serving(edge=BEHIND_A_PROXY) as listener, client_of(listener) as client:
        await client.send(
            b"GET / HTTP/1.1\r\n" + HOST + b"X-Forwarded-For: 6.6.6.6, 1.2.3.4\r\nX-Forwarded-Proto: https\r\n\r\n"
        )
        seen = seen_by_handler(await client.read_answer())
    assert (seen["source_ip"], seen["scheme"]) == ("1.2.3.4", "https")


async def test_the_answer_is_the_handlers_lines_and_the_edges_framing() -> None:
    async def handler(request: HttpRequest) -> HttpResponse:
        lines = [("X-B", "1"), ("x-a", "ü"), ("X-B", "2"), ("Transfer-Encoding", "chunked"), ("content-length", "99")]
        return HttpResponse(status=404, headers=Headers.of(lines), body=b"gone")

    async with serving(handler) as listener, client_of(listener) as client:
        await client.send(GET)
        raw = await client.reader.readuntil(b"gone")
    date = re.search(rb"Date: (.*)\r\n", raw)
    assert date is not None
    assert (
        abs(
            (
                datetime.now(UTC) - datetime.strptime(date[1].decode() + "+0000", "%a, %d %b %Y %H:%M:%S GMT%z")
            ).total_seconds()
        )
        < 60
    )
    assert raw.replace(date[0], b"") == (
        b"HTTP/1.1 404 Not Found\r\nX-B: 1\r\nx-a: \xfc\r\nX-B: 2\r\nContent-Length: 4\r\n"
        b"Connection: keep-alive\r\n\r\ngone"
    )


@pytest.mark.parametrize("lines", [[("X", "a\r\nSet-Cookie: b=c")], [("X: y\r\nZ", "1")], [("X", "日本")]])
async def test_an_answer_that_would_add_a_line_becomes_an_internal_error(lines: list[tuple[str, str]]) -> None:
    async def handler(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=200, headers=Headers.of(lines))

    with structlog.testing.capture_logs() as logs:
        async with serving(handler) as listener, client_of(listener) as client:
            await client.send(GET)
            status, _, body = await client.read_answer()
    assert (status, body) == (500, b'{"message":"Internal server error"}')
    assert len(logs) == 1


async def test_a_failing_handler_is_logged_and_its_client_gets_an_id_only() -> None:
    async def handler(request: HttpRequest) -> HttpResponse:
        raise RuntimeError("the database password is x")

    with structlog.testing.capture_logs() as logs:
        async with serving(handler) as listener, client_of(listener) as client:
            await client.send(GET + GET)
            for entry in range(2):
                status, headers, body = await client.read_answer()
                assert (status, body) == (500, b'{"message":"Internal server error"}')
                assert headers["x-amzn-RequestId"] == logs[entry]["request_id"]
                assert logs[entry]["exc_info"]


async def test_pipelined_requests_are_answered_in_order_one_at_a_time() -> None:
    at_once = most = 0

    async def handler(request: HttpRequest) -> HttpResponse:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        for _ in range(5 if request.path == "/0" else 1):
            await asyncio.sleep(0)
        at_once -= 1
        return HttpResponse(status=200, body=request.path.encode() + request.body)

    wire = b"".join(
        b"POST /%d HTTP/1.1\r\n" % at
        + HOST
        + (
            b"Content-Length: 2\r\n\r\nab"
            if at % 2
            else b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n"
        )
        for at in range(40)
    )
    async with serving(handler) as listener, client_of(listener) as client:
        await client.send(wire)
        bodies = [(await client.read_answer())[2] for _ in range(40)]
    assert bodies == [b"/%dab" % at for at in range(40)]
    assert most == 1


async def test_what_is_sent_ahead_is_bounded() -> None:
    gate = asyncio.Event()

    async def handler(request: HttpRequest) -> HttpResponse:
        await gate.wait()
        return HttpResponse(status=204)

    count = 200_000
    async with serving(handler) as listener, client_of(listener) as client:
        client.writer.transport.set_write_buffer_limits(high=1)
        client.writer.write(GET + (GET * count))
        while not any(connection._is_paused for connection in listener._shared.connections):  # type: ignore[attr-defined]
            await asyncio.sleep(0)
        (connection,) = listener._shared.connections
        assert len(connection._unread) < 1024 * 1024  # type: ignore[attr-defined]
        gate.set()
        assert (await client.read_head())[0] == 204


async def test_a_half_closed_client_still_gets_all_its_answers() -> None:
    async with serving() as listener, client_of(listener) as client:
        await client.send(GET * 3)
        client.writer.write_eof()
        assert (await client.read_to_end()).count(b"HTTP/1.1 200") == 3


@pytest.mark.parametrize(
    ("head", "connection", "stays"),
    [
        (b"GET / HTTP/1.1\r\n", "keep-alive", True),
        (b"GET / HTTP/1.1\r\nConnection: close\r\n", "close", False),
        (b"GET / HTTP/1.0\r\n", "close", False),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n", "keep-alive", True),
    ],
)
async def test_the_connection_stays_as_the_client_wishes(head: bytes, connection: str, stays: bool) -> None:
    async with serving() as listener, client_of(listener) as client:
        await client.send(head + HOST + b"\r\n")
        _, headers, _ = await client.read_answer()
        assert headers["Connection"] == connection
        if stays:
            await client.send(GET)
            assert (await client.read_answer())[0] == 200
        else:
            assert await client.read_to_end() == b""


async def test_head_has_the_length_and_no_body() -> None:
    async def handler(request: HttpRequest) -> HttpResponse:
        if request.path == "/relayed":
            return HttpResponse(status=200, headers=Headers.of([("Content-Length", "77")]))
        return HttpResponse(status=200, body=b"12345")

    async with serving(handler) as listener, client_of(listener) as client:
        await client.send(
            b"HEAD / HTTP/1.1\r\n" + HOST + b"\r\n" + b"HEAD /relayed HTTP/1.1\r\n" + HOST + b"\r\n" + GET
        )
        assert (await client.read_head())[1]["Content-Length"] == "5"
        assert (await client.read_head())[1]["Content-Length"] == "77"
        assert (await client.read_answer())[2] == b"12345"


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_without_body_by_rule_has_none(status: int) -> None:
    async def handler(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=status, body=b"not sent")

    async with serving(handler) as listener, client_of(listener) as client:
        await client.send(GET + GET)
        for _ in range(2):
            answered, headers = await client.read_head()
            assert answered == status
            assert "Content-Length" not in headers


async def test_options_asterisk_is_answered_by_the_edge() -> None:
    async with serving() as listener, client_of(listener) as client:
        await client.send(b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n")
        status, _, body = await client.read_answer()
    assert (status, body) == (200, b"")


async def test_a_declined_upgrade_leaves_a_usable_connection() -> None:
    upgrade = (
        HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"
    )
    async with serving() as listener, client_of(listener) as client:
        await client.send(b"POST /a HTTP/1.1\r\n" + upgrade + b"Content-Length: 2\r\n\r\nab" + GET)
        assert (seen_by_handler(await client.read_answer()))["body"] == "ab"
        assert (seen_by_handler(await client.read_answer()))["target"] == "/"


async def test_continue_is_said_only_when_the_body_will_be_taken() -> None:
    async with serving() as listener:
        async with client_of(listener) as client:
            await client.send(b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            await client.send(b"ab")
            assert (seen_by_handler(await client.read_answer()))["body"] == "ab"
            await client.send(b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\nab")
            assert (seen_by_handler(await client.read_answer()))["body"] == "ab"
        async with client_of(listener) as client:
            await client.send(
                b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n"
            )
            assert (await client.read_head())[0] == 413


@pytest.mark.parametrize("framing", ["fixed", "chunked"])
async def test_a_body_over_10_mb_is_refused_as_aws_does(framing: str) -> None:
    body = bytes(MAX_BODY_BYTES + 1)
    if framing == "fixed":
        wire = INVOKE + b"Content-Length: %d\r\n\r\n" % len(body) + body
    else:
        wire = INVOKE + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
    async with serving() as listener, client_of(listener) as client:
        await client.send(wire)  # all of it before reading, as most clients do: the answer must survive that
        status, headers, text = await client.read_answer()
        assert (status, headers["Content-Type"], text) == (413, "text/plain", TOO_LARGE)
        assert listener.held_bytes == 0


async def test_a_body_of_exactly_10_mb_is_taken() -> None:
    async def handler(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=200, body=b"%d" % len(request.body))

    async with serving(handler) as listener, client_of(listener) as client:
        await client.send(INVOKE + b"Content-Length: 10485760\r\n\r\n" + bytes(MAX_BODY_BYTES))
        assert (await client.read_answer())[2] == b"10485760"
        assert listener.held_bytes == 0


async def test_all_bodies_together_are_bounded() -> None:
    gate = asyncio.Event()

    async def handler(request: HttpRequest) -> HttpResponse:
        await gate.wait()
        return HttpResponse(status=200)

    post = b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 600\r\n\r\n" + bytes(600)
    async with serving(handler, limits=Limits(buffered_bytes=1000)) as listener:
        async with client_of(listener) as first, client_of(listener) as second:
            await first.send(post)
            while listener.held_bytes != 600:
                await asyncio.sleep(0)
            await second.send(post)
            assert (await second.read_answer())[0] == 503
            gate.set()
            assert (await first.read_answer())[0] == 200
        assert listener.held_bytes == 0


async def test_connections_are_bounded() -> None:
    async with serving(limits=Limits(connections=1)) as listener, client_of(listener) as first:
        await first.send(GET)
        assert (await first.read_answer())[0] == 200
        async with client_of(listener) as second:
            with pytest.raises(ConnectionError):
                await second.send(GET)
                if await second.read_to_end() == b"":
                    raise ConnectionResetError
        await first.send(GET)
        assert (await first.read_answer())[0] == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", None),
        (b"GET / HTTP/1.1\r\nHost: loc", b"HTTP/1.1 408"),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\n\r\na", b"HTTP/1.1 408"),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n1\r\na", b"HTTP/1.1 408"),
    ],
)
async def test_a_slow_sender_is_given_up(sent: bytes, status: bytes | None) -> None:
    limits = Limits(header_timeout_seconds=0.02, body_timeout_seconds=0.02, sweep_seconds=0.01)
    async with serving(limits=limits) as listener, client_of(listener) as client:
        await client.send(sent)
        answer = await client.read_to_end()
        assert answer == b"" if status is None else answer.startswith(status)


async def test_an_idle_connection_is_closed_without_a_word() -> None:
    limits = Limits(idle_timeout_seconds=0.02, sweep_seconds=0.01)
    async with serving(limits=limits) as listener, client_of(listener) as client:
        await client.send(GET)
        assert (await client.read_answer())[0] == 200
        assert await client.read_to_end() == b""


async def test_a_reader_that_takes_nothing_is_cut_off_and_its_bytes_are_given_back() -> None:
    async def handler(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=200, body=bytes(8 * 1024 * 1024))

    async with serving(handler, limits=Limits(write_timeout_seconds=0.05, sweep_seconds=0.01)) as listener:
        with socket.create_connection(("127.0.0.1", listener.port)) as stuck:
            stuck.sendall(GET * 3)
            while listener.held_bytes == 0:
                await asyncio.sleep(0)
            assert listener.held_bytes <= 16 * 1024 * 1024
            while listener.connection_count:
                await asyncio.sleep(0)
            assert listener.held_bytes == 0


async def test_a_reader_that_takes_its_time_gets_everything_in_order() -> None:
    async def handler(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=200, body=request.path.encode() * 1_000_000)

    async with serving(handler) as listener, client_of(listener) as client:
        await client.send(b"".join(b"GET /%d HTTP/1.1\r\n" % at + HOST + b"\r\n" for at in range(6)))
        for at in range(6):
            assert (await client.read_answer())[2] == b"/%d" % at * 1_000_000


async def test_a_client_that_goes_away_cancels_nothing_and_frees_its_place_when_the_work_is_done() -> None:
    started, gate = asyncio.Event(), asyncio.Event()
    finished = []

    async def handler(request: HttpRequest) -> HttpResponse:
        started.set()
        await gate.wait()
        finished.append(request.body)
        return HttpResponse(status=200)

    async with serving(handler) as listener:
        async with client_of(listener) as client:
            await client.send(b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\n\r\nab")
            await started.wait()
        for _ in range(50):
            await asyncio.sleep(0)
        assert listener.connection_count == 1
        gate.set()
        while listener.connection_count:
            await asyncio.sleep(0)
        assert finished == [b"ab"]
        assert listener.held_bytes == 0


async def test_empty_lines_before_a_request_are_ignored() -> None:
    async with serving() as listener, client_of(listener) as client:
        await client.send(b"\r\n\r\n" + GET + b"\r\n" + GET)
        assert (await client.read_answer())[0] == 200
        assert (await client.read_answer())[0] == 200


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bodies=st.lists(st.binary(max_size=50), min_size=1, max_size=4),
    cuts=st.lists(st.integers(1, 60), min_size=1, max_size=30),
    is_chunked=st.booleans(),
)
def test_however_the_bytes_arrive_the_requests_are_the_same(
    bodies: list[bytes], cuts: list[int], is_chunked: bool
) -> None:
    wire = b""
    for body in bodies:
        if is_chunked:
            coded = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
            wire += b"PUT /x HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n" + coded
        else:
            wire += b"PUT /x HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(body) + body

    async def run() -> list[bytes]:
        async with serving() as listener, client_of(listener) as client:
            at = 0
            for cut in cuts:
                await client.send(wire[at : at + cut])
                at += cut
                await asyncio.sleep(0)
            await client.send(wire[at:])
            answers = [await client.read_answer() for _ in bodies]
            return [json.loads(body)["body"].encode("latin-1") for _, _, body in answers]

    assert asyncio.run(run()) == bodies


def _ask(port: int, method: str, target: str, body: Any, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        answers = []
        for _ in range(3):
            connection.request(method, target, body=body() if callable(body) else body, headers=headers)
            answer = connection.getresponse()
            answers.append((answer.status, answer.read()))
        assert len({status for status, _ in answers}) == 1
        return answers[-1]
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("method", "body", "expected"),
    [
        ("GET", None, ""),
        ("POST", b"x" * 100_000, "x" * 100_000),
        ("PATCH", lambda: iter([b"a", b"b" * 70_000]), "a" + "b" * 70_000),
        ("DELETE", None, ""),
    ],
)
async def test_another_client_library_agrees(method: str, body: Any, expected: str) -> None:
    async with serving() as listener:
        status, text = await asyncio.to_thread(_ask, listener.port, method, "/a?b=%20", body, {"X-Y": "z"})
    seen = json.loads(text)
    assert (status, seen["method"], seen["target"], seen["body"]) == (200, method, "/a?b=%20", expected)
    assert ["X-Y", "z"] in seen["lines"]
