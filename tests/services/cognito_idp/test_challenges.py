import asyncio

from tests.services.cognito_idp.test_auth import answer_of, new_password_challenge
from tests.services.cognito_idp.world import World

from yett.services.call import ServiceError


async def outcomes(*calls: object) -> list[str]:
    found = await asyncio.gather(*calls, return_exceptions=True)  # type: ignore[call-overload]
    return sorted(each.message if isinstance(each, ServiceError) else "signed in" for each in found)


async def test_of_many_answers_at_once_one_counts(world: World) -> None:
    pool_id = await world.pool()
    client = await world.client(pool_id)
    challenge = await new_password_challenge(world, pool_id, client)
    answer = answer_of(client, challenge["Session"])
    found = await outcomes(*(world.do("RespondToAuthChallenge", **answer) for _ in range(5)))
    assert found.count("signed in") == 1


async def test_guesses_sent_at_once_are_counted_like_guesses_one_by_one(world: World) -> None:
    pool_id = await world.pool()
    client = await world.client(pool_id)
    await world.user(pool_id)
    guesses = (world.sign_in(client, password=f"Wrong-Horse-{n}") for n in range(20))
    found = await outcomes(*guesses)
    assert found.count("Incorrect username or password.") == 5
    assert found.count("Password attempts exceeded") == 15


async def test_old_challenges_are_cleared_away(world: World) -> None:
    pool_id = await world.pool()
    client = await world.client(pool_id)
    await new_password_challenge(world, pool_id, client)
    world.move(hours=2)
    await world.sign_in(client, password="Temp-Horse-1")
    place = await world.store.place_of_pool(pool_id)
    assert place is not None
    assert len(await world.store.challenges.list(place)) == 1
