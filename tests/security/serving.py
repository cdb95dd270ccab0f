"""`yett serve` as users run it: a process of its own, whose environment, output and files can be looked at."""

import os
import re
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.credentials import Credentials
from tests.sdk.running import NO_RETRIES
from tests.secrecy import check, check_home

START_SECONDS = 60.0


class Served:
    """A server process with a home of its own and root credentials of the environment."""

    def __init__(self, home: Path, *options: str, **environment: str) -> None:
        self.home = home
        self.access_key_id, self.secret_access_key = "YETTROOTKEYOFTHETEST", "a-root-secret-that-nobody-should-see"
        self.environment = {
            "PATH": os.environ["PATH"],
            "YETT_HOME": str(home),
            "YETT_ROOT_ACCESS_KEY_ID": self.access_key_id,
            "YETT_ROOT_SECRET_ACCESS_KEY": self.secret_access_key,
            **environment,
        }
        self._options = options
        self._output = home.parent / f"{home.name}.output"

    def __enter__(self) -> "Served":
        self.home.mkdir(parents=True, exist_ok=True)
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    "from yett.cli.main import main; main()",
                    "serve",
                    "--port",
                    "0",
                    *self._options,
                ],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not (self.home / "running.json").exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the server did not start: {self.output.decode()}")
            with selectors.DefaultSelector() as waiting:
                waiting.select(0.05)
        found = re.search(rb'"url":\s*"([^"]+)"', (self.home / "running.json").read_bytes())
        assert found is not None
        self.url = found[1].decode()
        self.port = int(self.url.rpartition(":")[2])
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        check([("its output", self.output)])
        check_home(self.home)

    @property
    def output(self) -> bytes:
        """All that it has printed."""
        return self._output.read_bytes()

    def client(self, service: str, credentials: Credentials | None = None) -> Any:
        """A boto3 client, as root unless told otherwise."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=credentials.access_key if credentials else self.access_key_id,
            aws_secret_access_key=credentials.secret_key if credentials else self.secret_access_key,
            aws_session_token=credentials.token if credentials else None,
            config=NO_RETRIES,
        )
