import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tests.cli.conftest import Shop
from tests.cli.processes import environment_of, run
from tests.sigv4.support import ACCESS_KEY_ID, EXPECTATION, SECRET_TEXT, check, read

from yett.sigv4 import SignedRequest
from yett.values.http import Headers


def curl(shop: Shop, *words: str, text: str | None = None, **environment: str) -> tuple[int, str, str]:
    result = run("yett", "curl", *words, environment=shop.environment | environment, cwd=shop.directory, text=text)
    return result.returncode, result.stdout, result.stderr


def test_a_call_that_is_allowed_ends_with_0(shop: Shop) -> None:
    code, out, err = curl(shop, f"{shop.url}/signed")
    assert (code, json.loads(out), err) == (0, {"path": "/signed", "sent": None}, "")


def test_names_below_localhost_are_this_machine(shop: Shop) -> None:
    found = re.search(r":(\d+)/restapis/(\w+)/|//(\w+)\.execute-api\.localhost:(\d+)", shop.url)
    assert found is not None
    port, api_id = found[1] or found[4], found[2] or found[3]
    code, out, err = curl(shop, f"http://{api_id}.execute-api.localhost:{port}/prod/signed")
    assert (code, err) == (0, "")
    assert json.loads(out)["path"] == "/signed"


def test_a_refused_call_ends_with_22_and_says_how_to_ask_why(shop: Shop) -> None:
    code, out, err = curl(shop, f"{shop.url}/signed", AWS_ACCESS_KEY_ID="AKIAUNKNOWN", AWS_SECRET_ACCESS_KEY="none")
    assert code == 22
    assert json.loads(out) == {"message": "The security token included in the request is invalid."}
    assert re.search(r"refused with 403; why: yett explain [0-9a-f-]{36}", err)


def test_status_and_headers_are_printed_when_asked_for(shop: Shop) -> None:
    code, out, _ = curl(shop, "-i", f"{shop.url}/signed")
    assert code == 0
    assert out.startswith("HTTP/1.1 200\n")
    assert "\nx-amzn-RequestId: " in out


def test_a_body_comes_from_the_line_from_a_file_or_from_standard_input(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "body.json").write_text('{"from": "a file"}')
    url = f"{shop.url}/mine"
    for data in ('{"from": "the line"}', f"@{tmp_path / 'body.json'}", "@-"):
        code, out, _ = curl(shop, "-d", data, url, text='{"from": "standard input"}')
        assert code == 22  # this route wants a token, not a signature
        assert json.loads(out) == {"message": "Unauthorized"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("-H", "no colon", "http://localhost:1/"), 2, "write NAME: VALUE"),
        (("-H", ": no name", "http://localhost:1/"), 2, "write NAME: VALUE"),
        (("-H", "X-A: a\nX-B: b", "http://localhost:1/"), 1, "cannot"),
        (("-X", "GET /x", "http://localhost:1/"), 1, "cannot"),
        (("http://localhost:1/%zz",), 1, "malformed percent escape"),
        (("http://localhost:1/caf\u00e9",), 1, "cannot"),
        (("http:///path",), 1, "is no http or https URL"),
        (("ftp://localhost/",), 1, "is no http or https URL"),
        (("http://localhost:1/",), 1, "cannot reach `http://localhost:1`"),
        (("http://localhost:1/a b",), 1, "cannot send this request"),
        (("-d", "@missing", "http://localhost:1/"), 1, "missing"),
    ],
)
def test_what_cannot_be_sent_is_said_in_clear_words(shop: Shop, words: tuple[str, ...], code: int, said: str) -> None:
    ended, _, err = curl(shop, *words)
    assert ended == code
    assert said in err
    assert "Traceback" not in err


class Listening(HTTPServer):
    """A server that keeps what it was sent."""

    received: list[SignedRequest]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Keep(BaseHTTPRequestHandler):
    server: Listening

    def handle_one_request(self) -> None:
        line = self.rfile.readline().decode("latin-1").split()
        headers = []
        while text := self.rfile.readline().decode("latin-1").rstrip("\r\n"):
            name, _, value = text.partition(":")
            headers.append((name, value.strip()))
        body = self.rfile.read(int(Headers.of(headers).get("content-length") or 0))
        path, _, query = line[1].partition("?")
        self.server.received.append(SignedRequest(line[0], path, query, Headers.of(headers), body))
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        self.close_connection = True


@pytest.fixture
def listening() -> Iterator[Listening]:
    with Listening(("127.0.0.1", 0), Keep) as server:
        server.received = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("words", "target", "method", "body"),
    [
        (("?b=2&a=%2F&a=&c",), "/prod/pets?b=2&a=%2F&a=&c", "GET", b""),
        (("/a%20b/~x",), "/prod/pets/a%20b/~x", "GET", b""),
        (("#part",), "/prod/pets", "GET", b""),
        (("", "-X", "DELETE"), "/prod/pets", "DELETE", b""),
        (("", "-d", ""), "/prod/pets", "POST", b""),
        (("", "-d", "a=1", "-d", "b=2"), "/prod/pets", "POST", b"a=1&b=2"),
        (("", "-X", "PUT", "--data-binary", "@-"), "/prod/pets", "PUT", b"two\nlines\n"),
        (("", "-H", "X-Kind: cat", "-H", "x-kind:  dog  "), "/prod/pets", "GET", b""),
        (("", "-H", "Host: abc.execute-api.localhost"), "/prod/pets", "GET", b""),
        (("", "-H", "Authorization: Bearer x", "-H", "X-Amz-Date: never"), "/prod/pets", "GET", b""),
    ],
)
def test_what_is_sent_is_what_was_signed(
    listening: Listening,
    tmp_path: Path,
    words: tuple[str, ...],
    target: str,
    method: str,
    body: bytes,
) -> None:
    token = "Fwo/Example+token==" if "-H" in words else ""
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_TEXT, "AWS_SESSION_TOKEN": token}
    ended = run(
        "yett", "curl", f"{listening.url}/prod/pets{words[0]}", *words[1:],
        environment=environment_of(tmp_path / "home") | keys, cwd=tmp_path, text="two\nlines\n",
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    (request,) = listening.received
    assert f"{request.path}?{request.query}".rstrip("?") == target
    assert (request.method, request.body) == (method, body)
    now = datetime.now(UTC)
    check(request, now)
    presented = read(request, now=now, expectation=EXPECTATION)
    assert presented is not None
    assert presented.session_token == (token or None)
    given = {word.partition(":")[0].lower() for word in words[1:] if ":" in word} - {"authorization"}
    assert given <= set(presented.signed_headers)
