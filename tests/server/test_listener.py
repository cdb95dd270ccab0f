import asyncio
import ssl
from pathlib import Path

import pytest
from tests.server.certificates import make_certificate
from tests.server.support import EDGE, RawClient, client_of, echo, serving

from yett.server.edge import Edge, HostRule
from yett.server.listener import bind, listen, listen_on
from yett.values.http import HttpRequest, HttpResponse

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def test_closing_finishes_what_is_in_hand_and_drops_what_is_idle() -> None:
    started, gate = asyncio.Event(), asyncio.Event()

    async def handler(request: HttpRequest) -> HttpResponse:
        started.set()
        await gate.wait()
        return HttpResponse(status=200, body=b"done")

    async with serving(handler) as listener:
        async with client_of(listener) as idle, client_of(listener) as busy:
            await busy.send(GET + GET)
            await started.wait()
            closing = asyncio.create_task(listener.close(grace_seconds=10))
            assert await idle.read_to_end() == b""
            assert not closing.done()
            with pytest.raises(ConnectionError):
                await RawClient.connect(listener.port)
            gate.set()
            _, headers, body = await busy.read_answer()
            assert (headers["Connection"], body) == ("close", b"done")
            await closing
        assert listener.connection_count == 0


async def test_after_the_grace_what_is_left_is_cut_off() -> None:
    started, ended = asyncio.Event(), asyncio.Event()

    async def handler(request: HttpRequest) -> HttpResponse:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError

    async with serving(handler) as listener, client_of(listener) as client:
        await client.send(GET)
        await started.wait()
        await listener.close(grace_seconds=0.01)
        assert ended.is_set()
        assert listener.connection_count == 0
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await client.read_answer()


async def test_a_domain_registered_while_serving_counts_from_the_next_request() -> None:
    async with serving() as listener, client_of(listener) as client:
        wire = b"GET / HTTP/1.1\r\nHost: new.example.com\r\n\r\n"
        async with client_of(listener) as other:
            await other.send(wire)
            assert (await other.read_answer())[0] == 403
        listener.edge = Edge(hosts=HostRule(domains=EDGE.hosts.domains | {"new.example.com"}), trusted_proxies=())
        await client.send(wire)
        assert (await client.read_answer())[0] == 200


async def test_over_tls_the_scheme_is_https(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    listener = await listen(echo, host="127.0.0.1", port=0, edge=EDGE, ssl=context)
    try:
        trusting = ssl.create_default_context(cafile=certificate)
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", listener.port, ssl=trusting, server_hostname="localhost"
        )
        client = RawClient(reader, writer)
        await client.send(GET)
        _, _, body = await client.read_answer()
        assert b'"scheme": "https"' in body
        await client.send(b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")
        assert (await client.read_answer())[0] == 403
        await client.close()
    finally:
        await listener.close(grace_seconds=0.05)


async def test_a_draining_listener_answers_what_comes_and_tells_clients_to_connect_anew() -> None:
    async with serving() as listener, client_of(listener) as client:
        await client.send(GET)
        assert (await client.read_answer())[1]["Connection"] == "keep-alive"
        draining = asyncio.create_task(listener.drain(10))
        await asyncio.sleep(0)
        with pytest.raises(ConnectionError):
            await RawClient.connect(listener.port)
        await client.send(GET)
        status, headers, _ = await client.read_answer()
        assert (status, headers["Connection"]) == (200, "close")
        await draining


async def test_a_connection_without_a_request_is_waited_for_so_long_and_no_longer() -> None:
    async with serving() as listener, client_of(listener) as client:
        await client.send(GET)
        await client.read_answer()
        await listener.drain(0.01)
        await listener.close(10)
        assert await client.read_to_end() == b""


async def test_processes_share_a_port_and_what_one_leaves_the_next_takes() -> None:
    sockets = bind("127.0.0.1", 0, count=2)
    first = await listen_on(echo, [each.dup() for each in sockets[0]], edge=EDGE)
    await first.close(0)
    clients = [await RawClient.connect(first.port) for _ in range(8)]  # nobody accepts yet
    listeners = [await listen_on(echo, one, edge=EDGE) for one in sockets]
    for client in clients:
        await client.send(GET)
        assert (await client.read_answer())[0] == 200
        await client.close()
    for listener in listeners:
        await listener.close(1)


def test_a_port_that_others_listen_on_is_not_shared_with_them_unasked() -> None:
    [[one]] = bind("127.0.0.1", 0, count=1)
    with one, pytest.raises(OSError, match="in use"):
        bind("127.0.0.1", one.getsockname()[1], count=2)
