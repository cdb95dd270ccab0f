"""The compiled readers and writers answer as those that they stand in for, or leave the answer to them."""

import asyncio
from collections.abc import Iterator
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.server.test_framing import REFUSED
from tests.twins import needs_twin

from yett import compiled
from yett.adapters.upstream import client, connection
from yett.adapters.upstream.connection import UpstreamConnection
from yett.outgoing import Outgoing
from yett.ports.upstream import PUBLIC_ONLY, UpstreamBadAddress, UpstreamRequest, UpstreamResponse
from yett.server import framing, responses
from yett.server.edge import strip_own_headers
from yett.server.framing import Head, HeadParser
from yett.values.errors import Refusal
from yett.values.http import Headers, HttpResponse

MODULE = "yett.values.plain_heads"
pytestmark = needs_twin(MODULE)


def test_the_twins_are_built_where_the_whole_suite_must_run() -> None:
    assert compiled.is_there(MODULE)


# Pieces of which messages are made: what is plain, what is nearly so, and what is hostile.

NAMES = st.sampled_from(
    [
        b"Host", b"host", b"Accept", b"X-A",
        b"x-a", b"User-Agent", b"Authorization", b"Content-Type", b"Content-Length",
        b"content-length", b"Transfer-Encoding", b"Connection", b"Expect",
        b"Upgrade", b"Keep-Alive", b"TE", b"Trailer",
        b"Proxy-Connection", b"x-yett-source-vpc", b"X-Amz-Apigw-Id", b"Date", b"Server",
        b"X A", b"X\t", b"X(", b"", b" X",
        b"X\x00", b"\xc3\xbc", b"a" * 64, b"a" * 65, b"!#$%&'*+-.^_`|~9", b"X\r", b"X\n",
    ]
)  # fmt: skip
VALUES = st.sampled_from(
    [
        b"a", b"", b" ", b"localhost", b"localhost:4566", b"a b", b"a\tb",
        b" a ", b"\ta\t", b"0", b"3", b"+3", b"-1", b"0x3",
        b"3 3", b"3,3", b"03",
        b"999999999999999", b"9999999999999999999", b"99999999999999999999", b"keep-alive",
        b"Keep-Alive", b"close", b"chunked", b"100-continue",
        b"keep-alive, upgrade", b"a\x7f", b"a\x00", b"a\rb", b"a\nb",
        b"a\r\n b", b"\xfc", b"a:b", b"x" * 300, b"h2c", b"websocket",
    ]
)  # fmt: skip
LINES = st.lists(st.tuples(NAMES, VALUES, st.sampled_from([b": ", b":", b" :", b":\t "])), max_size=5)
ENDS = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\r\n\r\n", b""])


@st.composite
def blocks(draw: st.DrawFn) -> bytes:
    """Header lines, most of them sound, and an empty line."""
    lines = b"".join(name + colon + value + draw(ENDS) for name, value, colon in draw(LINES))
    first = draw(st.sampled_from([b"Host: localhost\r\n", b"Host: localhost\r\n", b""]))
    return first + lines + draw(st.sampled_from([b"\r\n", b"\r\n", b"\n", b"", b" \r\n"]))


@st.composite
def request_heads(draw: st.DrawFn) -> bytes:
    """A request, perhaps with a body or another request after it."""
    method = draw(
        st.sampled_from([b"GET", b"GET", b"POST", b"PUT", b"OPTIONS", b"CONNECT", b"get", b"FOO", b"", b"GET "])
    )
    target = draw(
        st.sampled_from(
            [
                b"/",
                b"/a?b=c",
                b"/?",
                b"/a?b?c",
                b"*",
                b"/a#b",
                b"/a b",
                b"/\xfc",
                b"//x",
                b"/%00",
                b"http://localhost/",
                b"a",
            ]
        )
        | st.binary(max_size=12).map(lambda rest: b"/" + rest)
    )
    version = draw(st.sampled_from([b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"http/1.1"]))
    line_end = draw(st.sampled_from([b"\r\n", b"\r\n", b"\n", b" \r\n"]))
    after = draw(st.sampled_from([b"", b"abc", b"GET / HTTP/1.1\r\n\r\n", b"\r\n"]))
    return method + b" " + target + b" " + version + line_end + draw(blocks()) + after


@st.composite
def changed(draw: st.DrawFn, messages: st.SearchStrategy[bytes]) -> bytes:
    """A message, or one with a byte that is another."""
    message = bytearray(draw(messages))
    if message and draw(st.booleans()):
        message[draw(st.integers(0, len(message) - 1))] = draw(st.integers(0, 255))
    return bytes(message)


def read_plain_head(raw: bytes) -> tuple[int, Head] | None:
    """What the twin says of a request."""
    found = framing._read_request_head(raw)
    return None if found is None else (found[0], Head(*found[1:]))


def check_head(raw: bytes) -> bool:
    """Hold what the twin says of a request to what the parser says; whether it said anything."""
    plain = read_plain_head(raw)
    if plain is None:
        return False
    size, head = plain
    assert raw[size - 4 : size] == b"\r\n\r\n"
    assert raw.find(b"\r\n\r\n") == size - 4
    defined = HeadParser().parse(raw[:size])
    for field in ("method", "target", "path", "query", "lines", "host_value", "content_length"):
        assert getattr(head, field) == getattr(defined, field)
    assert (head.protocol, head.keep_alive, head.expects_continue) == (
        defined.protocol,
        defined.keep_alive,
        defined.expects_continue,
    )
    assert strip_own_headers(defined.lines) == defined.lines
    headers = Headers(defined.lines)
    assert head.index == {name: headers.get(name) for name in headers.names()}
    return True


@given(changed(request_heads()))
@example(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
@example(b"GET /")
@example(b"")
def test_a_request_is_read_as_the_parser_reads_it(raw: bytes) -> None:
    check_head(raw)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_never_plain(name: str) -> None:
    assert read_plain_head(REFUSED[name][0]) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /prod/pets?a=b HTTP/1.1\r\nHost: localhost:4566\r\nUser-Agent: curl/8.1\r\nAccept: */*\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost:a\r\nContent-Length: 3\r\nContent-Type: application/json\r\nX:\r\n\r\nabc",
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nCookie: a=b; c=d\r\nCookie: e \t\r\n\r\n",
    ],
)
def test_what_clients_send_is_plain(raw: bytes) -> None:
    assert check_head(raw)
    assert all(read_plain_head(raw[:size]) is None for size in range(raw.index(b"\r\n\r\n") + 4))


def test_the_largest_that_is_plain_is_within_every_bound() -> None:
    """Whoever lowers a bound of the edge's has to lower those of the twin's with it."""
    begin = b"GET /%s HTTP/1.1\r\nHost: a\r\n%s\r\n"
    room = 8192 - len(begin % (b"", b""))
    for raw in (
        begin % (b"a" * room, b""),
        begin % (b"", b"X:" + b"a" * (room - 4) + b"\r\n"),
        begin % (b"", b"X:\r\n" * 63),
    ):
        assert check_head(raw)
    for raw in (begin % (b"a" * (room + 1), b""), begin % (b"", b"X:\r\n" * 64)):
        assert read_plain_head(raw) is None


def test_a_name_that_was_kept_is_not_taken_for_another() -> None:
    """More names than are kept, some of which share a place."""
    for number in range(3000):
        raw = b"GET / HTTP/1.1\r\nHost: a\r\nX-%d: 1\r\nx-%d: 2\r\n\r\n" % (number, number)
        assert check_head(raw)


# Answers of backends


class Wire:
    """What a connection asks of a transport and of its pool."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.outgoing = Outgoing(loop)
        self.is_aborted = False

    def write(self, data: bytes) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self.is_aborted

    def abort(self) -> None:
        self.is_aborted = True

    def keep(self, _: object) -> None:
        pass

    def forget(self, _: object) -> None:
        pass


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


def outcome_of(data: bytes, loop: asyncio.AbstractEventLoop, *, reader: Any) -> tuple[object, ...]:
    """What becomes of an exchange whose answer is *data*."""
    wire = Wire(loop)
    asked = UpstreamConnection(wire)
    asked.connection_made(cast("asyncio.Transport", wire))
    kept, connection._read_answer = connection._read_answer, reader  # type: ignore[misc]
    try:
        waiter = asked.exchange(b"", is_head=False, deadline=0.0, streams_above_bytes=None)
        asked.data_received(data)
    finally:
        connection._read_answer = kept  # type: ignore[misc]
    if not waiter.done():
        return ("unfinished",)
    if waiter.exception() is not None:
        return ("failed", str(waiter.exception()))
    answer: UpstreamResponse = waiter.result()
    names = {name: answer.headers.get(name) for name in answer.headers.names()}
    return (answer.status, answer.headers.lines, names, answer.body, asked.is_usable, wire.is_aborted)


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """An answer, its body and what may follow."""
    status_line = draw(
        st.sampled_from(
            [
                b"HTTP/1.1 200 OK", b"HTTP/1.1 200 ",
                b"HTTP/1.1 200", b"HTTP/1.1 404 Not Found", b"HTTP/1.1 204 No Content",
                b"HTTP/1.1 304 Not Modified", b"HTTP/1.1 100 Continue",
                b"HTTP/1.1 999 X", b"HTTP/1.0 200 OK", b"HTTP/1.1 2000 A",
                b"HTTP/1.1  200 OK", b"HTTP/2 200",
                b"HTTP/1.1 200 \xfc", b"HTTP/1.1 200 a\x00", b"HTTP/1.1 101 Switching",
            ]
        )
    )  # fmt: skip
    length = draw(st.sampled_from([b"Content-Length: 3\r\n", b"Content-Length: 3\r\n", b"content-length:3 \r\n", b""]))
    body = draw(st.sampled_from([b"abc", b"abc", b"ab", b"abcd", b"", b"abc\r\n\r\n"]))
    return status_line + draw(st.sampled_from([b"\r\n", b"\r\n", b"\n"])) + length + draw(blocks()) + body


@given(raw=changed(answers()))
@example(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc")
@example(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
@example(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nServer: a\r\nConnection: keep-alive\r\nX:\r\n\r\n\r\n\r\n\r\n")
def test_an_answer_is_read_as_the_parser_reads_it(raw: bytes) -> None:
    loop = asyncio.new_event_loop()
    try:
        if connection._read_answer(raw) is not None:
            with_twin = outcome_of(raw, loop, reader=connection._read_answer)
            assert with_twin == outcome_of(raw, loop, reader=lambda _: None)
    finally:
        loop.close()


def test_what_backends_answer_is_plain(loop: asyncio.AbstractEventLoop) -> None:
    raw = b"HTTP/1.1 201 Created\r\nServer: a\r\nContent-Length: 3\r\nSet-Cookie: a\r\nset-cookie: b\r\n\r\nabc"
    assert connection._read_answer(raw) is not None
    assert outcome_of(raw, loop, reader=connection._read_answer) == outcome_of(raw, loop, reader=lambda _: None)


def test_one_connection_may_have_plain_answers_and_others(loop: asyncio.AbstractEventLoop) -> None:
    wire = Wire(loop)
    asked = UpstreamConnection(wire)
    asked.connection_made(cast("asyncio.Transport", wire))
    plain = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n0\r\n\r\n"
    for raw, body in [(plain, b"a"), (chunked, b"b"), (plain, b"a"), (plain, b"a"), (chunked, b"b")]:
        waiter = asked.exchange(b"", is_head=False, deadline=0.0, streams_above_bytes=None)
        asked.data_received(raw)
        assert waiter.result().body == body
        assert asked.is_usable


# What is written

TEXTS = st.sampled_from(["a", "", " ", "a b", "a\r\nX: b", "a\n", "\x00", "ü", "日", "\x7f", "a\tb", "x" * 500])
LINE_NAMES = st.sampled_from(
    [
        "Host", "host", "Content-Type", "X-A", "x-a",
        "Content-Length", "Connection", "Transfer-Encoding", "Date", "Server",
        "Keep-Alive", "TE", "Expect", "Upgrade",
        "Trailer", "Proxy-Connection", "Proxy-Authorization", "Proxy-Authenticate",
        "X A", "", "X:", "X\r\n", "ü", "a" * 65, "x-yett-a", "apigw-requestid",
    ]
)  # fmt: skip
PAIRS = st.lists(st.tuples(LINE_NAMES, TEXTS), max_size=6)
BODIES = st.sampled_from([b"", b"abc", b"\r\n\r\n", b"x" * 65_536, b"x" * 65_537])


@given(status=st.sampled_from([200, 204, 304, 404, 500, 299, 600]), pairs=PAIRS, body=BODIES, keep_alive=st.booleans())
def test_an_answer_is_written_as_its_definition_writes_it(
    status: int, pairs: list[tuple[str, str]], body: bytes, keep_alive: bool
) -> None:
    response = HttpResponse(status=status, headers=Headers.of(pairs), body=body)
    for _ in range(3):  # the Date line may change in between
        plain = responses._render_plainly(response, keep_alive=keep_alive)
        if plain is None:
            return
        if plain == responses.render_head(response, is_head=False, keep_alive=keep_alive) + body:
            return
    raise AssertionError(plain)


@given(
    method=st.sampled_from(["GET", "POST", "DELETE", "BREW", "CONNECT", "G T"]),
    target=st.sampled_from(["/", "/a?b=c", "*", "/a b", "/ü", "/a#b", "a", "", '/"', "/\x7f"]),
    pairs=PAIRS,
    body=BODIES,
)
def test_a_request_is_written_as_its_definition_writes_it(
    method: str, target: str, pairs: list[tuple[str, str]], body: bytes
) -> None:
    request = UpstreamRequest(
        method=method,
        scheme="http",
        host="a",
        port=1,
        target=target,
        headers=Headers.of(pairs),
        body=body,
        timeout_seconds=1.0,
        network_rule=PUBLIC_ONLY,
    )
    written = written_by(request)
    kept, client._render_plainly = client._render_plainly, lambda *_: None  # type: ignore[misc]
    try:
        assert written_by(request) == written
    finally:
        client._render_plainly = kept  # type: ignore[misc]


def written_by(request: UpstreamRequest) -> bytes | None:
    """The request on the wire; None where it is refused."""
    try:
        message = client.render_request(request, "a:1")
    except UpstreamBadAddress:
        return None
    return message if isinstance(message, bytes) else b"".join(message)


def test_what_is_usual_is_written_by_the_twins() -> None:
    lines = Headers((("Content-Type", "application/json"), ("X-Amzn-Trace-Id", "Root=1-a"), ("User-Agent", "a")))
    assert responses._render_plainly(HttpResponse(status=200, headers=lines, body=b"{}"), keep_alive=True) is not None
    assert client._render_plainly("GET", "/a", lines.lines, "a:1", b"", False) is not None


def test_switched_off_they_leave_everything_to_the_definitions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "IS_WANTED", False)
    assert not compiled.is_there(MODULE)
    assert compiled.twin(MODULE, "read_request_head")(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n") is None
    assert issubclass(framing.RequestRefused, Refusal)
