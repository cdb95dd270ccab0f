"""Bodies that are large, or long on their way, through a whole server."""

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from tests.sdk.making import ECHO, Api, make_function
from tests.sdk.running import RunningServer

MEGABYTE = 1024 * 1024


def test_a_function_may_be_a_zip_of_20_mb(running: RunningServer) -> None:
    arn = make_function(running, ECHO, ballast_bytes=20 * MEGABYTE)
    assert running.client("lambda").get_function_configuration(FunctionName=arn)["CodeSize"] > 20 * MEGABYTE


def test_who_shows_no_credentials_sends_no_large_bodies(running: RunningServer) -> None:
    headers = {"X-Amz-Target": "AWSCognitoIdentityProviderService.SignUp", "Content-Type": "application/x-amz-json-1.1"}
    with closing(http.client.HTTPConnection("127.0.0.1", running.server.port)) as connection:
        connection.request("POST", "/", b" " * (2 * MEGABYTE), headers)
        answer = connection.getresponse()
        answer.read()
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (413, "RequestEntityTooLargeException")


@contextmanager
def backend(*answers: tuple[bytes, ...]) -> Iterator[tuple[int, threading.Semaphore]]:
    """A server that gives one answer to each connection; each of its parts after a permit."""
    permits = threading.Semaphore(0)

    def serve() -> None:
        for parts in answers:
            one, _ = listening.accept()
            with one:
                one.recv(65536)
                for part in parts:
                    permits.acquire(timeout=10)
                    one.sendall(part)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1], permits
        finally:
            thread.join()


def deploy(running: RunningServer, port: int) -> Api:
    api = Api(running)
    api.method(
        "/events",
        {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": f"http://127.0.0.1:{port}/events"},
    )
    api.deploy()
    return api


@contextmanager
def asking(running: RunningServer, api: Api) -> Iterator[http.client.HTTPResponse]:
    with closing(http.client.HTTPConnection("127.0.0.1", running.server.port, timeout=10)) as connection:
        connection.request("GET", "/prod/events", headers={"Host": f"{api.id}.execute-api.localhost"})
        with connection.getresponse() as answer:
            yield answer


def test_events_come_as_the_backend_sends_them(running: RunningServer) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    with backend((head, b"data: 1\n\n", b"data: 2\n\n")) as (port, permits):
        api = deploy(running, port)
        permits.release()
        with asking(running, api) as answer:
            assert (answer.status, answer.headers["Content-Type"]) == (200, "text/event-stream")
            for expected in (b"data: 1\n", b"data: 2\n"):
                permits.release()
                assert answer.readline() == expected
                assert answer.readline() == b"\n"
            assert answer.read() == b""


def test_a_backend_that_breaks_off_is_never_taken_for_whole(running: RunningServer) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with backend((head, b"5\r\nab")) as (port, permits):
        api = deploy(running, port)
        permits.release()
        with asking(running, api) as answer:
            assert answer.status == 200
            permits.release()
            with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
                answer.read()


def test_an_announced_answer_over_10_mb_is_the_gateway_s_error(running: RunningServer) -> None:
    with backend((b"HTTP/1.1 200 OK\r\nContent-Length: 10485761\r\n\r\n",)) as (port, permits):
        api = deploy(running, port)
        permits.release()
        with asking(running, api) as answer:
            assert (answer.status, answer.read()) == (500, b'{"message":"Internal server error"}')
