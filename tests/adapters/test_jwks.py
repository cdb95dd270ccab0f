import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.services.cognito_idp.world import World, shared_keys

from yett.adapters.jwks import StoredKeySets
from yett.ports.errors import Unavailable
from yett.ports.settings import Settings
from yett.ports.upstream import UpstreamRequest, UpstreamResponse, UpstreamTimedOut

ISSUER = "http://idp.example:8080/tenant"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Issuer:
    """An identity provider on the other side of the port."""

    def __init__(self) -> None:
        self.requests: list[UpstreamRequest] = []
        self.is_up = True
        self.name = ISSUER
        self.keys = json.dumps({"keys": [dict(shared_keys().id.public_jwk)]}).encode()
        self.jwks_uri = "http://idp.example:8080/keys"

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        self.requests.append(request)
        await asyncio.sleep(0)
        if not self.is_up:
            raise UpstreamTimedOut("too late")
        if request.target == "/tenant/.well-known/openid-configuration":
            document = {"issuer": self.name, "jwks_uri": self.jwks_uri}
            return UpstreamResponse(status=200, headers=request.headers, body=json.dumps(document).encode())
        return UpstreamResponse(status=200, headers=request.headers, body=self.keys)


class Seconds:
    def __init__(self) -> None:
        self.count = 0.0

    def __call__(self) -> float:
        return self.count


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    yield made
    await made.close()


def key_sets(world: World, issuer: Issuer, seconds: Seconds, **settings: bool) -> StoredKeySets:
    chosen = Settings(public_url="http://localhost:4566", **settings)
    return StoredKeySets(world.store, issuer, chosen, world.database.on_commit, seconds=seconds)


async def test_the_keys_of_our_own_pools_need_no_network_and_go_with_the_pool(world: World) -> None:
    issuer = Issuer()
    sets = key_sets(world, issuer, Seconds())
    pool_id = await world.pool()
    name = f"http://localhost:4566/{pool_id}"
    assert sets.current(name) is None
    resolved = await sets.resolve(name, now=NOW)
    assert resolved is not None
    assert len(resolved[0].keys) == 2
    assert sets.current(name) == resolved
    await world.do("DeleteUserPool", UserPoolId=pool_id)
    assert sets.current(name) is None
    assert await sets.resolve(name, now=NOW) is None
    assert issuer.requests == []


async def test_another_issuer_is_asked_once_however_many_wait(world: World) -> None:
    issuer, seconds = Issuer(), Seconds()
    sets = key_sets(world, issuer, seconds)
    answers = await asyncio.gather(*(sets.resolve(ISSUER, now=NOW) for _ in range(5)))
    assert len({answer and answer[1] for answer in answers}) == 1
    assert [request.target for request in issuer.requests] == ["/tenant/.well-known/openid-configuration", "/keys"]
    assert sets.current(ISSUER) == answers[0]
    seconds.count = 3600
    assert sets.current(ISSUER) is None
    again = await sets.resolve(ISSUER, now=NOW)
    assert again == answers[0]  # the same keys are the same generation
    assert len(issuer.requests) == 4


async def test_an_unknown_kid_makes_for_one_fetch_a_while_and_new_keys_for_a_new_generation(world: World) -> None:
    issuer, seconds = Issuer(), Seconds()
    sets = key_sets(world, issuer, seconds)
    first = await sets.resolve(ISSUER, now=NOW)
    issuer.keys = json.dumps({"keys": [dict(shared_keys().access.public_jwk)]}).encode()
    assert await sets.resolve(ISSUER, now=NOW, unknown_kid=True) == first  # too soon
    seconds.count = 30
    second = await sets.resolve(ISSUER, now=NOW, unknown_kid=True)
    assert first is not None
    assert second is not None
    assert second[1] > first[1]
    assert len(issuer.requests) == 4


async def test_an_issuer_that_is_away_is_believed_for_two_hours_and_no_more(world: World) -> None:
    issuer, seconds = Issuer(), Seconds()
    sets = key_sets(world, issuer, seconds)
    first = await sets.resolve(ISSUER, now=NOW)
    issuer.is_up = False
    seconds.count = 3600
    assert await sets.resolve(ISSUER, now=NOW) == first
    asked = len(issuer.requests)
    assert await sets.resolve(ISSUER, now=NOW) == first
    assert len(issuer.requests) == asked  # not asked again at once
    seconds.count = 7200
    with pytest.raises(Unavailable, match="OIDC discovery endpoint communication error"):
        await sets.resolve(ISSUER, now=NOW)


@pytest.mark.parametrize("fault", ["name", "jwks_uri", "keys", "large"])
async def test_a_discovery_that_does_not_add_up_gives_no_keys(world: World, fault: str) -> None:
    issuer = Issuer()
    match fault:
        case "name":
            issuer.name = "http://someone.example"
        case "jwks_uri":
            issuer.jwks_uri = "file:///etc/passwd"
        case "keys":
            issuer.keys = b"[]"
        case "large":
            issuer.keys = b" " * 150_001
    sets = key_sets(world, issuer, Seconds())
    with pytest.raises(Unavailable):
        await sets.resolve(ISSUER, now=NOW)
    assert sets.current(ISSUER) is None


async def test_where_private_addresses_are_closed_plain_http_is_too(world: World) -> None:
    issuer = Issuer()
    sets = key_sets(world, issuer, Seconds(), permits_private_upstreams=False)
    with pytest.raises(Unavailable):
        await sets.resolve(ISSUER, now=NOW)
    assert issuer.requests == []
