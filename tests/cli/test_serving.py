import os
import re
import signal
import socket
from pathlib import Path

from tests.cli.processes import Process, environment_of


def test_it_waits_for_a_request_in_hand_unless_it_is_told_twice(tmp_path: Path) -> None:
    process = Process("serve", "--port", "0", environment=environment_of(tmp_path / "home"), cwd=tmp_path)
    try:
        url = re.search(r"http://localhost:(\d+)", process.wait_for("in another shell"))
        assert url is not None
        with socket.create_connection(("127.0.0.1", int(url[1]))) as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab")
            # An answer to another connection's request: by then the first is in hand.
            with socket.create_connection(("127.0.0.1", int(url[1]))) as other:
                other.sendall(b"GET /_yett/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                assert b"200" in other.recv(100)
            os.kill(process.pid, signal.SIGINT)
            process.wait_for("stopping")
            assert process.is_running()
            assert process.end(signal.SIGINT) == 130
    finally:
        if process.is_running():
            process.end(signal.SIGKILL)
