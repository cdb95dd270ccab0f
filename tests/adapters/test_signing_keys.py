from collections.abc import AsyncIterator
from pathlib import Path

import jwt
import pytest
from tests.services.cognito_idp.world import World

from yett.adapters.signing_keys import StoredSigningKeys
from yett.ports.errors import Unavailable
from yett.rules.cognito_idp.user_pool import PoolPlace


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    yield made
    await made.close()


async def test_each_key_is_made_anew_with_2048_bits(world: World) -> None:
    keys = StoredSigningKeys(world.store)
    made = await keys.make()
    keys.close()
    assert made.id.kid != made.access.kid
    assert made.id.public_jwk["n"] != made.access.public_jwk["n"]
    for key in (made.id, made.access):
        assert jwt.PyJWK(dict(key.public_jwk)).key.key_size == 2048


async def test_a_pool_signs_each_kind_of_token_with_its_own_key(world: World) -> None:
    pool_id = await world.pool()
    place = await world.store.place_of_pool(pool_id)
    assert place is not None
    stored = await world.store.find_keys(place)
    assert stored is not None
    for token_use, key in (("id", stored.id), ("access", stored.access)):
        token = await world.keys.sign(place, {"a": 1}, token_use=token_use)  # type: ignore[arg-type]
        assert jwt.decode(token, jwt.PyJWK(dict(key.public_jwk)), algorithms=["RS256"]) == {"a": 1}
    with pytest.raises(Unavailable):
        await world.keys.sign(PoolPlace("999999999999", "us-east-1", pool_id), {}, token_use="id")
