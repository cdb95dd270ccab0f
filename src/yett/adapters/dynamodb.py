"""DynamoDB's backend: moto's in a child process, volatile; or any endpoint that was named.

The child is the code of a library and holds no secret of ours. It is bound to the loopback address, has an environment
of its own, leads its own process group, and ends when its standard input closes: that is, with us, however we end.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import structlog

from yett.ports.dynamodb import Backend, BackendCredentials
from yett.ports.upstream import LOCAL_DEVELOPMENT, NetworkRule
from yett.values.errors import Unavailable
from yett.values.secret import Secret

LOOPBACK: Final = "127.0.0.1"
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 5.0
PASSED_ON: Final = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT")  # of our environment, to the child
CHILD: Final = Path(__file__).with_name("dynamodb_child.py")
# DynamoDB Local tells accounts apart by access key: 20 characters, like a real one, and the account in it. It checks no
# secret.
KEY_PREFIX: Final = "AKIAYETT"

log = structlog.get_logger("yett.dynamodb")


def credentials_of(account: str) -> BackendCredentials:
    """The credentials that stand for an account at a backend that checks none."""
    return BackendCredentials(access_key_id=KEY_PREFIX + account, secret_access_key=Secret(f"yett-{account}"))


class RemoteDynamoDb:
    """An endpoint that was named: DynamoDB Local, ScyllaDB, or AWS."""

    def __init__(
        self, url: str, *, network_rule: NetworkRule, credentials: Mapping[str, BackendCredentials] | None = None
    ) -> None:
        """*credentials*, where given, are all the accounts that may be served, each with its own at the backend.

        Raises:
            ValueError: The URL is not http or https, or has no host.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"not the URL of an endpoint: `{url}`")
        self._scheme = parts.scheme
        self._host = parts.hostname
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._network_rule = network_rule
        self._credentials = credentials

    async def backend(self, account: str) -> Backend:
        """The endpoint, with the account's credentials."""
        if self._credentials is None:
            credentials = credentials_of(account)
        elif account in self._credentials:
            credentials = self._credentials[account]
        else:
            raise Unavailable(f"no credentials for the DynamoDB of account {account}")
        return Backend(
            scheme=self._scheme,
            host=self._host,
            port=self._port,
            credentials=credentials,
            network_rule=self._network_rule,
        )

    async def close(self) -> None:
        """Nothing was started."""


class EmbeddedDynamoDb:
    """moto's DynamoDB in a child process, started when first asked for and again if it dies. Tables end with it."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._port = 0
        self._starting = asyncio.Lock()

    async def backend(self, account: str) -> Backend:
        """The child, with credentials that stand for the account."""
        async with self._starting:
            if self._process is None or self._process.returncode is not None:
                await self._start()
        return Backend(
            scheme="http",
            host=LOOPBACK,
            port=self._port,
            credentials=credentials_of(account),
            network_rule=LOCAL_DEVELOPMENT,
        )

    async def close(self) -> None:
        """End the child and whatever it started."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    async def _start(self) -> None:
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(CHILD),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(START_SECONDS):
                self._port = int(await process.stdout.readline())
        except BaseException as error:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, TimeoutError | ValueError):
                raise Unavailable("the embedded DynamoDB did not start") from error
            raise
        self._process = process
        log.warning(
            "dynamodb is embedded and volatile: its tables end with this process",
            backend="moto",
            setting="YETT_ENDPOINT_DYNAMODB",
        )
