"""A Redis server of this test process's own."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from typing import Self

import pytest

BINARIES = ("redis-server", "valkey-server")


class RedisServer:
    """A server on a free port that keeps nothing on disk."""

    def __init__(self, binary: str, directory: str) -> None:
        self._binary, self._directory = binary, directory
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> Self:
        options = {"port": self.port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": self._directory}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        self.process = subprocess.Popen([self._binary, *words], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if "Ready to accept connections" in line:
                return self
        raise AssertionError("the Redis server did not start")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


def find_redis() -> str | None:
    """The path of a server that is installed."""
    return next((path for path in map(shutil.which, BINARIES) if path), None)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A running server; a test that stops it starts it again."""
    found = find_redis()
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("no redis-server is installed")
        pytest.skip("NOT TESTED ON REDIS: neither redis-server nor valkey-server is installed")
    with tempfile.TemporaryDirectory() as directory:
        server = RedisServer(found, directory).start()
        try:
            yield server
        finally:
            server.stop()
