import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.server.certificates import make_certificate

from yett.adapters.upstream import client
from yett.adapters.upstream import pool as pool_module
from yett.adapters.upstream.client import PooledUpstream, render_request
from yett.adapters.upstream.limits import MAX_RESPONSE_BODY_BYTES, MAX_RESPONSE_HEAD_BYTES
from yett.adapters.upstream.pool import Pool
from yett.ports.upstream import (
    LOCAL_DEVELOPMENT,
    PUBLIC_ONLY,
    UpstreamBadAddress,
    UpstreamRefused,
    UpstreamRequest,
    UpstreamTimedOut,
    UpstreamTlsFailed,
    UpstreamTooLarge,
    UpstreamUnreachable,
)
from yett.values.http import Headers

Serve = Callable[["Backend", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Backend:
    """A raw server that writes what it is told, and remembers what it read."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0
        self.requests: list[bytes] = []

    async def read(self, reader: asyncio.StreamReader) -> bool:
        """Read one request; False at the end of the connection."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return False
        length = next((int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length:")), 0)
        self.requests.append(head + await reader.readexactly(length))
        return True


@asynccontextmanager
async def backend(serve: Serve, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Backend]:
    state = Backend()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state.connections += 1
        try:
            await serve(state, reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()


def answering(*answers: bytes, closes: bool = False) -> Serve:
    """Answer each request on a connection with the next of these, then the last one again."""

    async def serve(state: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        at = 0
        while await state.read(reader):
            writer.write(answers[min(at, len(answers) - 1)])
            await writer.drain()
            at += 1
            if closes:
                return

    return serve


def request_to(port: int, method: str = "GET", /, **members: object) -> UpstreamRequest:
    given: dict[str, object] = {
        "method": method, "scheme": "http", "host": "127.0.0.1", "port": port, "target": "/a?b=c",
        "timeout_seconds": 10.0, "network_rule": LOCAL_DEVELOPMENT,
    } | members  # fmt: skip
    return UpstreamRequest(**given)  # type: ignore[arg-type]


@pytest.fixture
async def upstream() -> AsyncIterator[PooledUpstream]:
    client = PooledUpstream()
    yield client
    await client.close()
    while client.connection_count:
        await asyncio.sleep(0)


async def test_a_request_goes_out_with_our_framing_and_without_hop_by_hop_lines(upstream: PooledUpstream) -> None:
    lines = [
        ("X-Kept", "1"), ("Connection", "X-Named, close"), ("x-named", "2"), ("Transfer-Encoding", "chunked"),
        ("Content-Length", "99"), ("TE", "trailers"), ("Upgrade", "h2c"), ("Keep-Alive", "1"),
        ("Expect", "100-continue"),        ("Proxy-Authorization", "x"), ("Trailer", "x"), ("x-kept", "3"),
    ]  # fmt: skip
    async with backend(answering(OK)) as there:
        answer = await upstream.send(request_to(there.port, "POST", headers=Headers.of(lines), body=b"abc"))
    assert (answer.status, answer.body) == (200, b"ok")
    assert there.requests == [
        b"POST /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nX-Kept: 1\r\nx-kept: 3\r\nContent-Length: 3\r\n\r\nabc"
        % there.port
    ]


async def test_a_host_line_that_is_given_is_sent(upstream: PooledUpstream) -> None:
    async with backend(answering(OK)) as there:
        await upstream.send(request_to(there.port, headers=Headers.of([("host", "api.example.com")])))
    assert there.requests == [b"GET /a?b=c HTTP/1.1\r\nhost: api.example.com\r\n\r\n"]


ANSWERS = {
    "fixed": (OK, b"ok"),
    "chunked": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n1;x=y\r\no\r\n1\r\nk\r\n0\r\nT: 1\r\n\r\n",
        b"ok",
    ),
    "interim answers first": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\nX: 1\r\n\r\n" + OK,
        b"ok",
    ),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    "not modified": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", b""),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_is_read_to_its_end_and_the_connection_used_again(name: str, upstream: PooledUpstream) -> None:
    wire, body = ANSWERS[name]
    async with backend(answering(wire)) as there:
        for _ in range(3):
            answer = await upstream.send(request_to(there.port))
            assert answer.body == body
            assert not {"transfer-encoding", "trailer", "link", "t"} & answer.headers.names()
        assert there.connections == 1


async def test_lines_that_the_backends_connection_names_are_dropped(upstream: PooledUpstream) -> None:
    wire = (
        b"HTTP/1.1 200 OK\r\nX-B: 1 \r\nConnection: keep-alive, X-Hop\r\nx-hop: 2\r\nKeep-Alive: 5\r\n"
        b"Content-Length: 2\r\nx-b: 3\r\n\r\nok"
    )
    async with backend(answering(wire)) as there:
        answer = await upstream.send(request_to(there.port))
    assert answer.headers.lines == (
        ("X-B", "1"), ("Connection", "keep-alive, X-Hop"), ("Content-Length", "2"), ("x-b", "3"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wire", "closes", "method", "body"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", True, "GET", b"until the end"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", False, "GET", b"ok"),
        (b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nok", False, "GET", b"ok"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n", False, "HEAD", b""),
        (OK + b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", False, "GET", b"ok"),
        (OK + b"garbage", False, "GET", b"ok"),
        (OK + b"\r\n", False, "GET", b"ok"),
    ],
)
async def test_a_connection_of_doubtful_state_is_dropped(
    wire: bytes, closes: bool, method: str, body: bytes, upstream: PooledUpstream
) -> None:
    async with backend(answering(wire, closes=closes)) as there:
        for _ in range(2):
            answer = await upstream.send(request_to(there.port, method))
            assert (answer.status, answer.body) == (200, body)
        assert there.connections == 2


async def test_an_answer_nobody_asked_for_answers_nobody(upstream: PooledUpstream) -> None:
    gate = asyncio.Event()

    async def serve(state: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await state.read(reader):
            writer.write(OK)
            if state.connections == 1:
                await gate.wait()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")

    async with backend(serve) as there:
        assert (await upstream.send(request_to(there.port))).body == b"ok"
        gate.set()
        while upstream.connection_count:
            await asyncio.sleep(0)
        assert (await upstream.send(request_to(there.port))).body == b"ok"
        assert there.connections == 2


@pytest.mark.parametrize(
    "wire",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
        b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * MAX_RESPONSE_HEAD_BYTES + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * (MAX_RESPONSE_HEAD_BYTES * 9),
        b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: " + b"a" * (MAX_RESPONSE_HEAD_BYTES * 9),
    ],
    ids=range(17),
)  # fmt: skip
async def test_an_answer_that_is_not_sound_http_is_not_relayed(wire: bytes, upstream: PooledUpstream) -> None:
    async with backend(answering(wire)) as there:
        with pytest.raises(UpstreamUnreachable):
            await upstream.send(request_to(there.port))
        while upstream.connection_count:
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    "wire",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10485761\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + bytes(MAX_RESPONSE_BODY_BYTES + 1),
    ],
    ids=["announced", "sent"],
)
async def test_an_answer_that_is_too_large_is_not_relayed(wire: bytes, upstream: PooledUpstream) -> None:
    async with backend(answering(wire)) as there:
        with pytest.raises(UpstreamTooLarge):
            await upstream.send(request_to(there.port))


async def test_the_length_of_what_head_leaves_out_is_bounded_by_nobody(upstream: PooledUpstream) -> None:
    async with backend(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n")) as there:
        answer = await upstream.send(request_to(there.port, "HEAD", streams_above_bytes=0))
    assert (answer.headers.get("content-length"), answer.body, answer.stream) == ("99999999", b"", None)


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"HTTP/1.1 200 O",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
async def test_an_answer_that_ends_too_early_is_not_relayed(wire: bytes, upstream: PooledUpstream) -> None:
    async with backend(answering(wire, closes=True)) as there:
        with pytest.raises(UpstreamUnreachable):
            await upstream.send(request_to(there.port))
        assert len(there.requests) == 1  # a fresh connection is no reason to ask again


@pytest.mark.parametrize(
    ("method", "body", "is_retried"),
    [("GET", b"", True), ("DELETE", b"", True), ("POST", b"", False), ("PATCH", b"", False), ("PUT", b"x", False)],
)
async def test_only_what_may_be_sent_twice_is_sent_again_on_a_fresh_connection(
    method: str, body: bytes, is_retried: bool, upstream: PooledUpstream
) -> None:
    async def serve(state: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await state.read(reader)
        writer.write(OK)
        if state.connections == 1:
            await state.read(reader)  # and close without an answer
        else:
            while await state.read(reader):
                writer.write(OK)

    async with backend(serve) as there:
        await upstream.send(request_to(there.port))
        second = upstream.send(request_to(there.port, method, body=body))
        if is_retried:
            assert (await second).body == b"ok"
            assert len(there.requests) == 3
        else:
            with pytest.raises(UpstreamUnreachable):
                await second
            assert len(there.requests) == 2


async def test_an_early_answer_to_a_body_that_is_not_taken_is_relayed(upstream: PooledUpstream) -> None:
    async def serve(state: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await gate.wait()

    gate = asyncio.Event()
    async with backend(serve) as there:
        answer = await upstream.send(request_to(there.port, "POST", body=bytes(9_000_000)))
        assert answer.status == 413
        while upstream.connection_count:
            await asyncio.sleep(0)
        gate.set()


async def test_time_is_up_for_an_answer_that_does_not_come(upstream: PooledUpstream) -> None:
    async def serve(state: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await state.read(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no")
        await reader.read()

    async with backend(serve) as there:
        with pytest.raises(UpstreamTimedOut):
            await upstream.send(request_to(there.port, timeout_seconds=0.02))
        while upstream.connection_count:
            await asyncio.sleep(0)


async def test_a_cancelled_request_takes_its_connection_with_it(upstream: PooledUpstream) -> None:
    asked = asyncio.Event()

    async def serve(state: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await state.read(reader)
        asked.set()
        await reader.read()

    async with backend(serve) as there:
        task = asyncio.create_task(upstream.send(request_to(there.port)))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        while upstream.connection_count:
            await asyncio.sleep(0)


async def test_requests_at_the_same_time_never_share_a_connection(upstream: PooledUpstream) -> None:
    async with backend(answering(OK)) as there:
        answers = await asyncio.gather(*(upstream.send(request_to(there.port)) for _ in range(10)))
        assert [answer.body for answer in answers] == [b"ok"] * 10
        assert there.connections == 10
        await asyncio.gather(*(upstream.send(request_to(there.port)) for _ in range(10)))
        assert there.connections == 10


async def test_a_connection_made_under_one_rule_serves_no_other(upstream: PooledUpstream) -> None:
    async with backend(answering(OK)) as there:
        await upstream.send(request_to(there.port))
        for host in ("127.0.0.1", "localhost"):
            with pytest.raises(UpstreamRefused):
                await upstream.send(request_to(there.port, host=host, network_rule=PUBLIC_ONLY))
        assert len(there.requests) == 1


async def test_a_name_is_resolved_once_and_a_checked_address_connected_to(
    upstream: PooledUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookups: list[str] = []

    async def getaddrinfo(host: str, port: int, **_: object) -> list[object]:
        lookups.append(host)
        addresses = ["169.254.169.254", "127.0.0.1"] if len(lookups) == 1 else ["169.254.169.254"]
        return [(2, 1, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    async with backend(answering(OK, closes=True)) as there:
        request = request_to(there.port, host="rebinding.example")
        assert (await upstream.send(request)).body == b"ok"
        assert there.requests[0].split(b"\r\n")[1] == b"Host: rebinding.example:%d" % there.port
        while upstream.connection_count:
            await asyncio.sleep(0)
        with pytest.raises(UpstreamRefused):
            await upstream.send(request)
    assert lookups == ["rebinding.example"] * 2


async def test_as_many_connections_are_kept_as_were_needed_at_one_time(upstream: PooledUpstream) -> None:
    async with backend(answering(OK)) as there:
        for _ in range(3):
            await asyncio.gather(*(upstream.send(request_to(there.port)) for _ in range(100)))
        assert there.connections == 100


async def test_what_never_left_is_sent_again_whatever_it_is(upstream: PooledUpstream) -> None:
    async with backend(answering(OK)) as there:
        assert (await upstream.send(request_to(there.port, "POST", body=b"1"))).body == b"ok"
        (connection,) = upstream._connections()
        assert connection._transport is not None
        connection._transport.abort()  # as at the end of the backend's side, of which nobody has heard yet
        assert (await upstream.send(request_to(there.port, "POST", body=b"2"))).body == b"ok"
        assert [request[-1:] for request in there.requests] == [b"1", b"2"]
        assert there.connections == 2


async def test_connections_that_wait_give_way_to_those_of_another_origin(
    upstream: PooledUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MAX_CONNECTIONS", 3)
    async with backend(answering(OK)) as one, backend(answering(OK)) as other:
        for there, count in ((one, 3), (other, 2), (one, 3)):
            await asyncio.gather(*(upstream.send(request_to(there.port)) for _ in range(count)))
            assert upstream.connection_count == 3
        assert (one.connections, other.connections) == (5, 2)  # one of the first three was still there


async def test_connections_at_work_give_way_to_nobody(
    upstream: PooledUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MAX_CONNECTIONS", 2)
    gate = asyncio.Event()

    async def serve(state: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await state.read(reader):
            await gate.wait()
            writer.write(OK)

    async with backend(serve) as there, backend(answering(OK)) as other:
        busy = [asyncio.ensure_future(upstream.send(request_to(there.port))) for _ in range(2)]
        while upstream.connection_count < 2:
            await asyncio.sleep(0)
        with pytest.raises(UpstreamUnreachable, match="too many connections"):
            await upstream.send(request_to(other.port))
        gate.set()
        assert [answer.body for answer in await asyncio.gather(*busy)] == [b"ok", b"ok"]


async def test_nobody_there_and_no_such_name_are_unreachable(upstream: PooledUpstream) -> None:
    async with backend(answering(OK)) as there:
        port = there.port
    for host in ("127.0.0.1", "nobody.invalid"):
        with pytest.raises(UpstreamUnreachable):
            await upstream.send(request_to(port, host=host))


async def test_redirects_are_relayed_and_proxy_variables_ignored(
    upstream: PooledUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    wire = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    async with backend(answering(wire)) as there:
        answer = await upstream.send(request_to(there.port))
    assert (answer.status, answer.headers.get("location")) == (302, "http://169.254.169.254/")


async def test_idle_connections_are_closed_in_time(upstream: PooledUpstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "IDLE_TIMEOUT_SECONDS", 0.0)
    async with backend(answering(OK)) as there:
        await upstream.send(request_to(there.port))
        assert upstream.connection_count == 1
        while upstream.connection_count:
            await asyncio.sleep(0)


async def test_tls_is_verified_unless_the_integration_says_otherwise(tmp_path: Path, upstream: PooledUpstream) -> None:
    certificate = make_certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    trusting = PooledUpstream(tls_context=ssl.create_default_context(cafile=certificate))
    async with backend(answering(OK), tls=context) as there:
        secure = request_to(there.port, scheme="https", host="localhost")
        assert (await trusting.send(secure)).body == b"ok"
        with pytest.raises(UpstreamTlsFailed):
            await upstream.send(secure)
        insecure = request_to(there.port, scheme="https", host="localhost", insecure_skip_verification=True)
        assert (await upstream.send(insecure)).body == b"ok"
        with pytest.raises(UpstreamTlsFailed):
            await upstream.send(secure)
        await trusting.close()


@pytest.mark.parametrize(
    "members",
    [
        {"target": "/a b"}, {"target": "/a\r\nX: 1"}, {"target": "a"}, {"target": "/ü"}, {"target": "/a#b"},
        {"target": ""},
        {"method": "GET /"}, {"method": ""}, {"method": "CONNECT"},
        {"scheme": "ftp"}, {"port": 0}, {"port": 65536},
        {"host": ""}, {"host": "a b"}, {"host": "a/b"}, {"host": "a@b"}, {"host": "a..b"}, {"host": "a:1"},
        {"headers": Headers.of([("X", "a\r\nY: b")])}, {"headers": Headers.of([("X\r\nY", "b")])},
        {"headers": Headers.of([("X", "日")])},
    ],
)  # fmt: skip
async def test_what_cannot_be_put_on_the_wire_is_refused_before_anything_is_sent(
    upstream: PooledUpstream, members: dict[str, object]
) -> None:
    with pytest.raises(UpstreamBadAddress):
        await upstream.send(request_to(80, **members))
    assert upstream.connection_count == 0


async def test_the_host_line_names_a_port_that_is_not_the_schemes() -> None:
    cases = {
        ("http", "a", 80): b"a",
        ("http", "a", 81): b"a:81",
        ("https", "a", 443): b"a",
        ("http", "::1", 8): b"[::1]:8",
    }
    for (scheme, host, port), expected in cases.items():
        request = request_to(port, scheme=scheme, host=host)
        pool = Pool((scheme, host, port, request.network_rule, False), asyncio.get_running_loop())
        assert render_request(request, pool.authority) == b"GET /a?b=c HTTP/1.1\r\nHost: " + expected + b"\r\n\r\n"
