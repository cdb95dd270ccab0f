"""What a round of the event loop has read is answered in one go, and nothing is lost or overtaken by it."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest
from tests.server.support import EDGE

from yett.adapters.upstream.connection import ConnectionLost, UpstreamConnection
from yett.adapters.upstream.pool import Pool
from yett.outgoing import MOST, Outgoing, Outlet
from yett.ports.upstream import LOCAL_DEVELOPMENT
from yett.server.limits import Limits
from yett.server.protocol import GatewayProtocol
from yett.server.shared import Shared
from yett.values.http import HttpRequest, HttpResponse

GET = b"GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n"
LAST = b"GET /%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Wire:
    """A transport that notes what is done with it, in one list for all."""

    def __init__(self, done: list[str], name: str) -> None:
        self._done = done
        self._name = name
        self._is_closing = False

    def get_extra_info(self, name: str) -> object:
        return ("127.0.0.1", 50_000) if name == "peername" else None

    def write(self, data: bytes) -> None:
        starts = [part[:3].decode() for part in data.split(b"HTTP/1.1 ")[1:]] or [data.decode()]
        self._done.append(f"{self._name} {' '.join(starts)}")

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self._is_closing

    def can_write_eof(self) -> bool:
        return False

    def close(self) -> None:
        self._end("closed")

    def abort(self) -> None:
        self._end("aborted")

    def _end(self, how: str) -> None:
        self._is_closing = True
        self._done.append(f"{self._name} {how}")


async def answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=404 if request.path == "/nowhere" else 200)


@pytest.fixture
async def done() -> list[str]:
    """What was done with all wires, in order."""
    return []


@pytest.fixture
async def shared() -> Shared:
    loop = asyncio.get_running_loop()
    return Shared(answer, edge=EDGE, limits=Limits(), scheme="http", loop=loop)


def connect(shared: Shared, done: list[str], name: str = "a") -> GatewayProtocol:
    protocol = GatewayProtocol(shared, asyncio.get_running_loop())
    protocol.connection_made(cast("asyncio.Transport", Wire(done, name)))
    return protocol


async def in_one_round(*events: Callable[[], Any]) -> None:
    """Have them happen as an event loop has them that reads from several sockets."""
    loop = asyncio.get_running_loop()
    has_ended = loop.create_future()
    for event in events:
        loop.call_soon(event)
    loop.call_soon(has_ended.set_result, None)
    await has_ended


async def test_what_was_read_in_a_round_is_answered_when_it_has_ended(shared: Shared, done: list[str]) -> None:
    one, other = connect(shared, done, "a"), connect(shared, done, "b")
    await in_one_round(
        lambda: one.data_received(GET % b""),
        lambda: other.data_received(GET % b"nowhere"),
        lambda: done.append("everything is read"),
    )
    assert done == ["everything is read", "a 200", "b 404"]


async def test_an_answer_is_not_overtaken_by_the_refusal_that_follows(shared: Shared, done: list[str]) -> None:
    client = connect(shared, done)
    await in_one_round(lambda: client.data_received(GET % b""), lambda: client.data_received(b"nonsense\r\n\r\n"))
    assert " ".join(done) == "a 200 a 400"


async def test_an_answer_leaves_before_its_connection_closes(shared: Shared, done: list[str]) -> None:
    client = connect(shared, done)
    await in_one_round(lambda: client.data_received(LAST % b""))
    assert done == ["a 200", "a closed"]


async def test_a_half_closed_client_gets_what_was_not_written_yet(shared: Shared, done: list[str]) -> None:
    client = connect(shared, done)
    stays_open: list[bool] = []
    await in_one_round(lambda: client.data_received(GET % b""), lambda: stays_open.append(bool(client.eof_received())))
    assert done == ["a 200"]
    assert stays_open == [False]  # who is asked has nothing more to say: the transport closes


async def test_an_answer_that_is_not_written_yet_goes_with_its_connection(shared: Shared, done: list[str]) -> None:
    client, other = connect(shared, done, "a"), connect(shared, done, "b")
    await in_one_round(
        lambda: client.data_received(GET % b""),
        lambda: other.data_received(GET % b""),
        client.abort,
        lambda: client.connection_lost(None),
    )
    assert done == ["a aborted", "b 200"]


async def test_many_do_not_wait_for_the_end_of_a_long_round(shared: Shared, done: list[str]) -> None:
    clients = [connect(shared, done, str(number)) for number in range(MOST + 1)]
    await in_one_round(
        *(lambda client=client: client.data_received(GET % b"") for client in clients),  # type: ignore[misc]
        lambda: done.append("everything is read"),
    )
    assert done == [*(f"{number} 200" for number in range(MOST)), "everything is read", f"{MOST} 200"]


async def test_one_that_cannot_write_keeps_nobody_from_writing(done: list[str]) -> None:
    loop = asyncio.get_running_loop()
    told: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: told.append(context))
    outgoing = Outgoing(loop)

    class Broken(Wire):
        def write(self, data: bytes) -> None:
            raise RuntimeError(f"no handle for {data!r}")

    for wire in (Broken(done, "a"), Wire(done, "b"), Broken(done, "c"), Wire(done, "d")):
        Outlet(cast("asyncio.Transport", wire), outgoing).keep(b"hello")
    while len(done) < 2:
        await asyncio.sleep(0)
    assert done == ["b hello", "d hello"]
    assert [str(each["exception"]) for each in told] == ["no handle for b'hello'"] * 2


async def test_what_answers_a_request_that_has_not_left_answers_nobody(done: list[str]) -> None:
    """A backend that answers ahead must not have its words taken for the answer to the next request."""
    pool = Pool(("http", "localhost", 80, LOCAL_DEVELOPMENT, False), asyncio.get_running_loop())
    connection = UpstreamConnection(pool)
    connection.connection_made(cast("asyncio.Transport", Wire(done, "backend")))
    pool.connections.add(connection)
    waiter = connection.exchange(b"GET", is_head=False, deadline=0.0, streams_above_bytes=None)
    connection.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
    connection.connection_lost(None)
    with pytest.raises(ConnectionLost):
        await waiter
    assert set(done) == {"backend aborted"}  # and nothing was sent
    assert pool.take() is None


async def test_a_request_leaves_when_the_round_has_ended(done: list[str]) -> None:
    pool = Pool(("http", "localhost", 80, LOCAL_DEVELOPMENT, False), asyncio.get_running_loop())
    connection = UpstreamConnection(pool)
    connection.connection_made(cast("asyncio.Transport", Wire(done, "backend")))
    waiter = connection.exchange(b"GET", is_head=False, deadline=0.0, streams_above_bytes=None)
    assert done == []
    await asyncio.sleep(0)
    assert done == ["backend GET"]
    connection.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert (await waiter).body == b"ok"
