"""Server-side request forgery: metadata and neighbours, by every spelling, through integrations, discovery and keys."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.sdk.making import Api
from tests.sdk.running import RunningServer
from tests.security.backend import Backend
from tests.services.cognito_idp.world import World

from yett.adapters.jwks import StoredKeySets
from yett.adapters.upstream.client import PooledUpstream
from yett.ports.errors import Unavailable
from yett.ports.settings import Settings
from yett.ports.upstream import LOCAL_DEVELOPMENT, PUBLIC_ONLY, NetworkRule, UpstreamFailed, UpstreamRequest
from yett.rules.execute_api.http_target import NotAnHttpTarget, parse_http_target

NOW = datetime(2026, 1, 1, tzinfo=UTC)
METADATA = (
    "169.254.169.254", "169.254.169.254.", "2852039166", "0xa9fea9fe", "0xA9.0xFE.0xA9.0xFE", "0251.0376.0251.0376",
    "169.16689662", "169.254.43518", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[::169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1:a9fe:a9:fe00:808:808]", "[2002:a9fe:a9fe::]", "[::ffff:0:a9fe:a9fe]",
    "[fd00:ec2::254]", "[fe80::1]", "169.254.170.2", "100.100.100.200", "168.63.129.16", "0.0.0.0", "0", "[::]",
    "①⑥⑨.②⑤④.①⑥⑨.②⑤④", "metadata@169.254.169.254", "169.254.169.254:80", "169.254.169.254%23.example.com",
)  # fmt: skip


@pytest.fixture
async def upstream() -> AsyncIterator[PooledUpstream]:
    made = PooledUpstream()
    yield made
    await made.close()


class Resolver:
    """Answers instead of DNS, a different answer each time if it is given several; and nobody is connected to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.connected: list[str] = []
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "getaddrinfo", self.getaddrinfo)
        monkeypatch.setattr(loop, "create_connection", self.create_connection)

    async def getaddrinfo(self, host: str, port: int, **_: object) -> list[Any]:
        self.asked.append(host)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answer]

    async def create_connection(self, _factory: object, host: str, *_: object, **__: object) -> Any:
        self.connected.append(host)
        raise OSError("no network here")


def get(host: str, rule: NetworkRule = LOCAL_DEVELOPMENT) -> UpstreamRequest:
    return UpstreamRequest(
        method="GET", scheme="http", host=host, port=80, target="/", timeout_seconds=5.0, network_rule=rule
    )


@pytest.mark.parametrize("spelled", METADATA)
async def test_no_spelling_of_metadata_is_connected_to(
    upstream: PooledUpstream, monkeypatch: pytest.MonkeyPatch, spelled: str
) -> None:
    """The C library's own reading of a spelling is what counts, so it is asked; nothing is ever sent."""
    connected: list[str] = []

    async def refuse(_factory: object, host: str, *_: object, **__: object) -> Any:
        connected.append(host)
        raise OSError("no network here")

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", refuse)
    with pytest.raises((UpstreamFailed, NotAnHttpTarget)):
        target = parse_http_target(f"http://{spelled}/latest/meta-data", stage_variables={})
        await upstream.send(get(target.host))
    assert connected == []


@pytest.mark.parametrize(
    "answer",
    [
        ["169.254.169.254"],
        ["::ffff:169.254.169.254"],
        ["64:ff9b::a9fe:a9fe"],
        ["fe80::1%eth0"],
        ["0.0.0.0"],
        ["fd00:ec2::254"],
    ],
)
async def test_a_name_that_resolves_to_metadata_is_not_connected_to(
    upstream: PooledUpstream, monkeypatch: pytest.MonkeyPatch, answer: list[str]
) -> None:
    resolver = Resolver(monkeypatch, answer)
    with pytest.raises(UpstreamFailed):
        await upstream.send(get("backend.example"))
    assert (resolver.asked, resolver.connected) == (["backend.example"], [])


async def test_a_name_is_resolved_once_and_its_checked_address_is_connected_to(
    upstream: PooledUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the second answer would be metadata."""
    resolver = Resolver(monkeypatch, ["203.0.113.1"], ["169.254.169.254"])
    with pytest.raises(UpstreamFailed):
        await upstream.send(get("backend.example", PUBLIC_ONLY))
    assert (resolver.asked, resolver.connected) == (["backend.example"], ["203.0.113.1"])


async def test_of_several_addresses_the_forbidden_are_left_out(
    upstream: PooledUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver = Resolver(monkeypatch, ["169.254.169.254", "203.0.113.1", "127.0.0.1", "10.0.0.1"])
    with pytest.raises(UpstreamFailed):
        await upstream.send(get("backend.example", PUBLIC_ONLY))
    assert resolver.connected == ["203.0.113.1"]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    yield made
    await made.close()


def key_sets(world: World, upstream: PooledUpstream, *, is_local: bool) -> StoredKeySets:
    settings = Settings(public_url="http://localhost:4566", permits_private_upstreams=is_local)
    return StoredKeySets(world.store, upstream, settings, world.database.on_commit)


@pytest.mark.parametrize("host", ["169.254.169.254", "[::ffff:169.254.169.254]", "2852039166", "fake.example"])
@pytest.mark.parametrize("is_local", [True, False])
async def test_discovery_goes_to_no_forbidden_address(
    world: World, upstream: PooledUpstream, monkeypatch: pytest.MonkeyPatch, host: str, is_local: bool
) -> None:
    resolver = Resolver(monkeypatch, ["169.254.169.254"])
    for scheme in ("https", "http", "file", "gopher"):
        with pytest.raises(Unavailable):
            await key_sets(world, upstream, is_local=is_local).resolve(f"{scheme}://{host}/tenant", now=NOW)
    assert resolver.connected == []


async def test_an_issuer_does_not_send_us_for_its_keys_to_where_it_may_not_go_itself(
    world: World, upstream: PooledUpstream
) -> None:
    """Its discovery document is good, and names keys in the metadata service; or answers with a redirect there."""
    targets = iter(["http://169.254.169.254/latest/meta-data/iam", "file:///etc/passwd", "http://[::ffff:a9fe:a9fe]/x"])
    hits: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hits.append(await reader.readuntil(b"\r\n\r\n"))
        target = next(targets, None)
        if target is None:
            writer.write(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/keys\r\nContent-Length: 0\r\n\r\n")
        else:
            body = json.dumps({"issuer": issuer, "jwks_uri": target}).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    issuer = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        for _ in range(4):
            with pytest.raises(Unavailable):
                await key_sets(world, upstream, is_local=True).resolve(issuer, now=NOW)
        with pytest.raises(Unavailable):  # and a gateway for the world asks nobody on loopback at all
            await key_sets(world, upstream, is_local=False).resolve(issuer, now=NOW)
    finally:
        server.close()
        await server.wait_closed()
    assert len(hits) == 4


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    with Backend() as listening:
        yield listening


@pytest.mark.parametrize("host", ["169.254.169.254", "2852039166", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]"])
def test_an_integration_with_metadata_answers_that_it_is_misconfigured(running: RunningServer, host: str) -> None:
    api = Api(running)
    integration = {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": f"http://{host}/latest/meta-data"}
    api.method("/open", integration)
    api.deploy()
    answer = running.call(api.id, "/prod/open")
    assert (answer.status, answer.json) == (500, {"message": "Internal server error"})


def test_a_caller_fills_in_path_and_query_and_never_the_host(running: RunningServer, backend: Backend) -> None:
    api = Api(running)
    uri = f"{backend.url}/public/{{proxy}}"
    api.method(
        "/{proxy+}",
        {"type": "HTTP_PROXY", "integrationHttpMethod": "ANY", "uri": uri,
         "requestParameters": {"integration.request.path.proxy": "method.request.path.proxy"}},
        verb="ANY", requestParameters={"method.request.path.proxy": True},
    )  # fmt: skip
    api.deploy()
    before = len(backend.requests)
    paths = ("@169.254.169.254/", "/169.254.169.254/x", "..%2f..%2fadmin", "%2e%2e/admin", "../admin", "x%0d%0aX-A:b",
             "a%00b", "http:%2f%2f169.254.169.254", "x%20HTTP/1.1")  # fmt: skip
    for path in paths:
        running.call(api.id, f"/prod/{path}")
    for head in backend.heads()[before:]:
        assert head.startswith("GET /public/"), head
        assert "\r\nX-A:" not in head
        assert f"\r\nhost: 127.0.0.1:{backend.port}" in head.lower()
        assert "/admin" not in head.partition("\r\n")[0]
