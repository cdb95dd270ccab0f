import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.server.framing import MAX_HEAD_BYTES, ChunkedBody, HeadParser, RequestRefused, check_partial_head
from yett.server.limits import MAX_HEADER_BYTES, MAX_HEADER_COUNT, MAX_TARGET_BYTES

HOST = b"Host: localhost\r\n"

# Two recipients could read these differently, or they are no HTTP/1.1: name -> (head, status)
REFUSED = {
    "content-length beside transfer-encoding": (
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        400,
    ),
    "transfer-encoding beside content-length": (
        b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
        400,
    ),
    "two lengths": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\n", 400),
    "two equal lengths": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\ncontent-length: 3\r\n\r\n", 400),
    "a list of lengths": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 3, 3\r\n\r\n", 400),
    "a signed length": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: +3\r\n\r\n", 400),
    "a negative length": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -3\r\n\r\n", 400),
    "a hexadecimal length": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 0x3\r\n\r\n", 400),
    "an empty length": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length:\r\n\r\n", 400),
    "a length beyond 64 bits": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999999999999999\r\n\r\n", 400),
    "another coding first": (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 400),
    "identity": (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: identity\r\n\r\n", 400),
    "chunked twice": (
        b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        400,
    ),
    "chunked with a parameter": (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked;a=b\r\n\r\n", 400),
    "chunked after a vertical tab": (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: \x0bchunked\r\n\r\n", 400),
    "chunked in HTTP/1.0": (b"POST / HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n", 400),
    "a bare LF after a line": (b"GET / HTTP/1.1\r\nHost: localhost\nX: 1\r\n\r\n", 400),
    "a bare LF after the request line": (b"GET / HTTP/1.1\n" + HOST + b"\r\n", 400),
    "a bare CR in a value": (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\rb\r\n\r\n", 400),
    "a folded line": (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n", 400),
    "a line folded with a tab": (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n\tb\r\n\r\n", 400),
    "a space before the first line": (b"GET / HTTP/1.1\r\n X: a\r\n" + HOST + b"\r\n", 400),
    "a space before the colon": (b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length : 3\r\n\r\n", 400),
    "a tab before the colon": (b"GET / HTTP/1.1\r\n" + HOST + b"X\t: 3\r\n\r\n", 400),
    "no colon": (b"GET / HTTP/1.1\r\n" + HOST + b"X\r\n\r\n", 400),
    "no name": (b"GET / HTTP/1.1\r\n" + HOST + b": x\r\n\r\n", 400),
    "a name that is no token": (b"GET / HTTP/1.1\r\n" + HOST + b"X(a): x\r\n\r\n", 400),
    "a NUL in a value": (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\x00b\r\n\r\n", 400),
    "a control character in a value": (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\x01b\r\n\r\n", 400),
    "a DEL in a value": (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\x7fb\r\n\r\n", 400),
    "two spaces in the request line": (b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a space in the target": (b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a tab in the request line": (b"GET\t/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a space after the version": (b"GET / HTTP/1.1 \r\n" + HOST + b"\r\n", 400),
    "HTTP/0.9": (b"GET /\r\n\r\n", 400),
    "HTTP/1.2": (b"GET / HTTP/1.2\r\n" + HOST + b"\r\n", 505),
    "HTTP/2.0": (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 505),
    "HTTP/2's preface": (b"PRI * HTTP/2.0\r\n\r\n", 505),
    "another protocol": (b"SOURCE / ICE/1.0\r\n" + HOST + b"\r\n", 505),
    "an unknown method": (b"FOO / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a method in lower case": (b"get / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "CONNECT": (b"CONNECT localhost:443 HTTP/1.1\r\n" + HOST + b"\r\n", 405),
    "no Host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "no Host in HTTP/1.0": (b"GET / HTTP/1.0\r\n\r\n", 400),
    "two Hosts": (b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
    "another authority in the target": (b"GET http://evil.example/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "user information in the target": (b"GET http://a@localhost/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "another port in the target": (b"GET http://localhost:81/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "another scheme in the target": (b"GET ftp://localhost/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a target without a slash": (b"GET pets HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "an asterisk with GET": (b"GET * HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a fragment": (b"GET /a#b HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a byte beyond ASCII in the target": (b"GET /\xc3\xbc HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "an expectation of another kind": (b"GET / HTTP/1.1\r\n" + HOST + b"Expect: 200-ok\r\n\r\n", 417),
    "a target beyond its bound": (b"GET /" + b"a" * MAX_TARGET_BYTES + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    "too many lines": (b"GET / HTTP/1.1\r\n" + HOST + b"X: 1\r\n" * MAX_HEADER_COUNT + b"\r\n", 431),
    "too many bytes of lines": (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * MAX_HEADER_BYTES + b"\r\n\r\n", 431),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_could_be_read_two_ways_is_refused(name: str) -> None:
    raw, status = REFUSED[name]
    with pytest.raises(RequestRefused) as refused:
        HeadParser().parse(raw)
    assert refused.value.status == status


def test_a_head_keeps_casing_order_and_repeats() -> None:
    raw = b"GET /a?b=c HTTP/1.1\r\nhOST: LocalHost:1\r\nX-B:2\r\nx-a: \t1 \r\nX-B:\r\nX-C: \xfc\r\n\r\n"
    head = HeadParser().parse(raw)
    assert head.lines == (("hOST", "LocalHost:1"), ("X-B", "2"), ("x-a", "1"), ("X-B", ""), ("X-C", "ü"))
    assert (head.method, head.target, head.protocol, head.host_value) == ("GET", "/a?b=c", "HTTP/1.1", "LocalHost:1")
    assert (head.content_length, head.keep_alive, head.expects_continue) == (0, True, False)


def test_one_parser_reads_head_after_head_whatever_their_bodies() -> None:
    parser = HeadParser()
    fixed = b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\nExpect: 100-Continue\r\n\r\n"
    chunked = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: Chunked\r\n\r\n"
    for _ in range(2):
        assert parser.parse(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n").content_length == 0
        assert parser.parse(fixed).content_length == 3
        assert parser.parse(fixed).expects_continue
        assert parser.parse(chunked).content_length is None
        assert not parser.parse(b"GET / HTTP/1.0\r\n" + HOST + b"\r\n").keep_alive
        assert parser.parse(b"GET / HTTP/1.0\r\n" + HOST + b"Connection: Keep-Alive\r\n\r\n").keep_alive
        assert not parser.parse(b"GET / HTTP/1.1\r\n" + HOST + b"Connection: x, Close\r\n\r\n").keep_alive


@pytest.mark.parametrize("framing", [b"", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_an_offer_to_upgrade_is_declined_by_staying_with_http_1_1(framing: bytes) -> None:
    raw = b"POST / HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: h2c\r\n" + framing + b"\r\n"
    parser = HeadParser()
    expected = {b"": 0, b"Content-Length: 5\r\n": 5}.get(framing)
    assert [parser.parse(raw).content_length for _ in range(2)] == [expected, expected]


@pytest.mark.parametrize(
    ("target", "expected"),
    [("http://localhost/a?b", "/a?b"), ("HTTP://LOCALHOST", "/"), ("http://localhost?a=/b", "/?a=/b")],
)
def test_an_absolute_target_of_the_same_authority_becomes_origin_form(target: str, expected: str) -> None:
    assert HeadParser().parse(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()).target == expected


def test_what_no_further_byte_can_mend_is_refused_early() -> None:
    check_partial_head(b"GET / HTTP/1.1\r\nHost: loc")
    check_partial_head(b"GET / HTTP/1.1\r")
    for raw, status in [
        (b"GET / HTTP/1.1\nHost: localhost\n\n", 400),
        (b"GET /" + b"a" * MAX_HEAD_BYTES, 414),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * MAX_HEAD_BYTES, 431),
    ]:
        with pytest.raises(RequestRefused) as refused:
            check_partial_head(raw)
        assert refused.value.status == status


@pytest.mark.parametrize(
    "raw",
    [
        b"1\nx\n0\n\n",
        b"1 \r\nx\r\n0\r\n\r\n",
        b"0x1\r\nx\r\n0\r\n\r\n",
        b"1\r\nxy\r\n0\r\n\r\n",
        b"-1\r\nx\r\n0\r\n\r\n",
        b"11111111111111111\r\nx\r\n0\r\n\r\n",
        b"1;a=b\nc\r\nx\r\n0\r\n\r\n",
        b"1;a\x00\r\nx\r\n0\r\n\r\n",
        b"0\r\nT: 1\n\r\n",
        b"\r\n0\r\n\r\n",
        b"1;" + b"a" * 20_000,
        b"0\r\nT: " + b"a" * 20_000,
        b"0\r\n" + b"T: a\r\n" * 3_000 + b"\r\n",
    ],
)
def test_a_broken_or_bloated_chunk_is_refused(raw: bytes) -> None:
    body = ChunkedBody()
    with pytest.raises(RequestRefused):
        for at in range(0, len(raw), 1000):
            body.feed(raw[at : at + 1000])


@given(
    pieces=st.lists(st.one_of(st.binary(min_size=1, max_size=9), st.just(b"\r\n\r\n"), st.just(b"0\r\n\r\n"))),
    trailers=st.sampled_from([b"", b"T: 1\r\n", b"T: 1\r\nX-Sum: 5\r\n"]),
    rest=st.sampled_from([b"", b"GET / HTTP/1.1\r\n\r\n", b"\r\n\r\n", b"0\r\n\r\n"]),
    step=st.integers(1, 40),
)
def test_a_chunked_body_ends_exactly_where_it_ends(
    pieces: list[bytes], trailers: bytes, rest: bytes, step: int
) -> None:
    coded = b"".join(b"%x;ext=1\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n" + trailers + b"\r\n"
    wire = coded + rest
    body = ChunkedBody()
    for at in range(0, len(wire), step):
        left = body.feed(wire[at : at + step])
        if left is not None:
            assert left + wire[at + step :] == rest
            break
    assert body.body() == b"".join(pieces)
