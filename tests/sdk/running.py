"""A real server in a thread of its own, and real clients of it."""

import asyncio
import http.client
import json
import threading
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import boto3
import uvloop
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from yett.server.run import Server
from yett.server.settings import ServerSettings

T = TypeVar("T")
NO_RETRIES = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=60, proxies={})


@dataclass(frozen=True)
class Answer:
    """What a client read."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error_type(self) -> str | None:
        return self.headers.get("x-amzn-errortype")


class RunningServer:
    """A server on a free port, with a home of its own."""

    def __init__(self, home: Path, **settings: Any) -> None:
        self.settings = ServerSettings(home=home, port=0, **settings)
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="yett server")

    def __enter__(self) -> "RunningServer":
        self._thread.start()
        try:
            self.server = self.run(Server.start(self.settings))
        except BaseException:
            self.__exit__()
            raise
        self.root = Credentials(self.server.root.access_key_id, self.server.root.secret_access_key.reveal())
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if hasattr(self, "server"):
                self.run(self.server.stop())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(120)

    def client(self, service: str, credentials: Credentials | None = None) -> Any:
        """A boto3 client, as root unless told otherwise."""
        keys = credentials or self.root
        return boto3.client(
            service,
            endpoint_url=self.server.url,
            region_name=self.settings.region,
            aws_access_key_id=keys.access_key,
            aws_secret_access_key=keys.secret_key,
            aws_session_token=keys.token,
            config=NO_RETRIES,
        )

    def call(
        self,
        api_id: str,
        path: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        signed_by: Credentials | None = None,
        source_ip: str = "127.0.0.1",
    ) -> Answer:
        """Call an API; *path* begins with the stage."""
        port = self.server.port
        sent = {"Host": f"{api_id}.execute-api.localhost:{port}", **(headers or {})}
        if signed_by is not None:
            request = AWSRequest(method=method, url=f"http://{sent['Host']}{path}", data=body, headers=sent)
            SigV4Auth(signed_by, "execute-api", self.settings.region).add_auth(request)
            sent = dict(request.headers.items())
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=(source_ip, 0))
        try:
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, names, answer.read())
        finally:
            connection.close()
