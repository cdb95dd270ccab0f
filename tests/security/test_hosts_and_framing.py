"""What a page in a browser, or a proxy that reads HTTP otherwise, could smuggle in: tried end to end, to a backend."""

import re
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from tests.sdk.making import Api
from tests.sdk.running import RunningServer
from tests.security.backend import Backend


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    with Backend() as listening:
        yield listening


@pytest.fixture(scope="module")
def api(running: RunningServer, backend: Backend) -> Api:
    """Anyone may POST to the backend; nobody may reach ``/admin`` there."""
    made = Api(running)
    made.method(
        "/open", {"type": "HTTP_PROXY", "integrationHttpMethod": "ANY", "uri": f"{backend.url}/open"}, verb="ANY"
    )
    made.method("/admin", {"type": "HTTP_PROXY", "integrationHttpMethod": "ANY", "uri": f"{backend.url}/admin"},
                verb="ANY", authorizationType="AWS_IAM")  # fmt: skip
    made.deploy()
    return made


def send(running: RunningServer, raw: bytes) -> bytes:
    """All that the server answers before it closes, or falls silent for half a second."""
    with closing(socket.create_connection(("127.0.0.1", running.server.port), timeout=10)) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while more := connection.recv(65536):
            answer += more
        return answer


def post(host: str, *lines: str, body: str = "", path: str = "/prod/open") -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", f"Host: {host}", *lines, "", body]).encode("latin-1")


def host_of(running: RunningServer, api: Api) -> str:
    return f"{api.id}.execute-api.localhost:{running.server.port}"


SMUGGLED = "GET /admin HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Smuggled: yes\r\n\r\n"
ENDED = f"0\r\n\r\n{SMUGGLED}"
CHUNKED = f"5\r\nhello\r\n{ENDED}"


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        (("Content-Length: 5", "Transfer-Encoding: chunked"), ENDED),
        (("Transfer-Encoding: chunked", "Content-Length: 5"), ENDED),
        (("Content-Length: 5", "Content-Length: 6"), "hello" + SMUGGLED),
        (("Content-Length: 5", "Content-Length: 5"), "hello" + SMUGGLED),
        (("Content-Length: 5, 5",), "hello" + SMUGGLED),
        (("Content-Length: +5",), "hello" + SMUGGLED),
        (("Content-Length: 0x5",), "hello" + SMUGGLED),
        (("Content-Length: 5 5",), "hello" + SMUGGLED),
        (("Content-Length : 5",), "hello" + SMUGGLED),
        (("Content-Length:\x0b5",), "hello" + SMUGGLED),
        (("Transfer-Encoding: xchunked",), CHUNKED),
        (("Transfer-Encoding: chunked, identity",), CHUNKED),
        (("Transfer-Encoding: identity, chunked",), CHUNKED),
        (("Transfer-Encoding: chunked", "Transfer-Encoding: identity"), CHUNKED),
        (("Transfer-Encoding : chunked",), CHUNKED),
        (("Transfer-Encoding:\x0bchunked",), CHUNKED),
        (("Transfer-Encoding: \x00chunked",), CHUNKED),
        (('Transfer-Encoding: "chunked"',), CHUNKED),
        (("X: y\nTransfer-Encoding: chunked",), CHUNKED),
        (("X: y\rTransfer-Encoding: chunked",), CHUNKED),
        (("Content-Length: 5", " Transfer-Encoding: chunked"), CHUNKED),
        (("Transfer-Encoding:", " chunked"), CHUNKED),
        (("Transfer-Encoding: chunked",), f"5;x\n\r\nhello\r\n{ENDED}"),
        (("Transfer-Encoding: chunked",), f"5\nhello\r\n{ENDED}"),
        (("Transfer-Encoding: chunked",), f"0x5\r\nhello\r\n{ENDED}"),
        (("Transfer-Encoding: chunked",), f"fffffffffffffffff\r\n{SMUGGLED}"),
        (("Transfer-Encoding: chunked",), f"5\r\nhelloXX{ENDED}"),
        (("Content-Length: 5", "Host: evil.example"), "hello"),
    ],
)
def test_what_two_readers_could_read_differently_reaches_no_backend(
    running: RunningServer, api: Api, backend: Backend, lines: tuple[str, ...], body: str
) -> None:
    before = len(backend.requests)
    answer = send(running, post(host_of(running, api), *lines, body=body))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1") == 1
    assert b"connection: close" in answer.lower()
    assert len(backend.requests) == before


def test_a_body_is_all_body_to_the_backend(running: RunningServer, api: Api, backend: Backend) -> None:
    """A whole request within a body, and one within chunks, arrive as bytes of one request."""
    host = host_of(running, api)
    for lines, body in (
        ((f"Content-Length: {len(SMUGGLED)}",), SMUGGLED),
        (("Transfer-Encoding: chunked",), f"{len(SMUGGLED):x}\r\n{SMUGGLED}\r\n0\r\nX-Smuggled: trailer\r\n\r\n"),
    ):
        before = len(backend.requests)
        assert send(running, post(host, *lines, body=body)).count(b"HTTP/1.1 200") == 1
        [(head, received)] = backend.requests[before:]
        assert received == SMUGGLED.encode()
        assert b"smuggled" not in head.lower()
        assert head.startswith(b"POST /open HTTP/1.1")


def test_requests_in_a_row_are_authorized_one_by_one(running: RunningServer, api: Api, backend: Backend) -> None:
    host, before = host_of(running, api), len(backend.requests)
    raw = post(host, "Content-Length: 2", body="ok") + post(host, "Content-Length: 0", path="/prod/admin")
    answer = send(running, raw + post(host, "Content-Length: 2", body="ok"))
    statuses = re.findall(rb"HTTP/1\.1 (\d{3})", answer)
    assert statuses == [b"200", b"403", b"200"]
    assert [head.partition(b" HTTP")[0] for head, _ in backend.requests[before:]] == [b"POST /open", b"POST /open"]


@pytest.mark.parametrize(
    "line",
    [
        "Connection: close, Authorization, X-Forwarded-For, X-Amzn-Apigateway-Api-Id",
        "Keep-Alive: timeout=1000",
        "Proxy-Connection: keep-alive",
        "TE: trailers",
        "Upgrade: h2c",
        "Max-Forwards: 0",
        "X-Amzn-Apigateway-Api-Id: forged",
        "x_amzn_apigateway_api_id: forged",
        "X-Forwarded-Proto: https-forged",
        "X_Forwarded_Port: 1-forged",
        "Expect: 100-continue",
    ],
)
def test_headers_about_the_connection_or_in_our_name_end_here(
    running: RunningServer, api: Api, backend: Backend, line: str
) -> None:
    before = len(backend.requests)
    assert b" 200 " in send(running, post(host_of(running, api), line, "Content-Length: 0"))
    [(head, _)] = backend.requests[before:]
    text = head.decode("latin-1").lower()
    assert "forged" not in text
    name = line.partition(":")[0].lower()
    assert f"\r\n{name}: {line.partition(':')[2].strip().lower()}" not in text
    assert f"x-amzn-apigateway-api-id: {api.id}" in text
    assert "x-forwarded-for: 127.0.0.1" in text


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.nip.io",
        "execute-api.localhost.evil.example",
        "localhost@evil.example",
        "evil.example#.localhost",
        "localhost:4566:80",
        "[::ffff:8.8.8.8]",
        "169.254.169.254",
        "0.0.0.0",
        "0x7f000001",
        "2130706433",
        "localhost%00.evil.example",
        "",
        "a.execute-api.us-east-1.amazonaws.com.evil.example",
    ],
)
@pytest.mark.parametrize("path", ["/", "/_yett/health", "/_yett/api/decisions/x", "/prod/open"])
def test_a_page_that_rebinds_its_name_to_this_machine_reaches_nothing(
    running: RunningServer, backend: Backend, host: str, path: str
) -> None:
    before = len(backend.requests)
    answer = send(running, f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert answer.split(b" ", 2)[1] in {b"400", b"403"}
    assert len(backend.requests) == before


def test_an_absolute_target_does_not_overrule_the_host(running: RunningServer, api: Api, backend: Backend) -> None:
    host, before = host_of(running, api), len(backend.requests)
    for target in (
        "http://evil.example/prod/open",
        "//evil.example/prod/open",
        f"http://x@{host}/prod/open",
        "http:///",
    ):
        answer = send(running, f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert b" 200 " not in answer.split(b"\r\n")[0]
    assert len(backend.requests) == before


@pytest.mark.parametrize(
    "name", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP"]
)
def test_a_stranger_does_not_say_where_it_comes_from(running: RunningServer, name: str) -> None:
    """A resource policy that opens the API to one address is not opened by a header that names it."""
    policy = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke",'
        ' "Resource": "execute-api:/*", "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.7"}}}]}'
    )
    guarded = Api(running, policy=policy)
    guarded.method("/open", {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'},
                             "responses": {"200": {}}})  # fmt: skip
    guarded.deploy()
    value = "for=203.0.113.7" if name == "Forwarded" else "203.0.113.7"
    assert running.call(guarded.id, "/prod/open", headers={name: value}).status == 403
    assert running.call(guarded.id, "/prod/open", headers={name: f"{value}, 127.0.0.1"}).status == 403
