import json
from typing import Any

import pytest
from msgspec import structs
from tests.execute_api.support import AUTHORIZER_BROKEN, ISSUER, UNAUTHORIZED, Gateway, key_set, said
from tests.rules.execute_api.support import POOL, make_plan, method, pool_authorizer, resource

from yett.execute_api.authenticators import cognito
from yett.rules.execute_api.deployment import AuthorizationType
from yett.tokens import verify_jws
from yett.values.errors import Unavailable

COGNITO = AuthorizationType.COGNITO_USER_POOLS
OTHER_POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_zzzzzzzzz"
OTHER_ISSUER = "http://localhost:4566/us-east-1_zzzzzzzzz"
EXPIRED = (401, "UnauthorizedException", "The incoming token has expired")


def resources(*ids: str, scopes: tuple[str, ...] = ()) -> list[Any]:
    guarded = {each: method("GET", COGNITO, authorizer_id=each, authorization_scopes=scopes) for each in ids}
    return [resource(f"/{each}", guarded[each]) for each in ids]


def gateway(**more: Any) -> Gateway:
    return Gateway(*resources("auth2", **more), authorizers=(pool_authorizer(),))


def bearing(token: str) -> tuple[str, str]:
    return ("Authorization", token)


async def test_a_good_token_opens_and_is_verified_once() -> None:
    door = gateway()
    token = door.token()
    for header in (token, f"Bearer {token}", token):
        assert (await door.call("GET", "/auth2", bearing(header))).status == 200
    details = {step["step"]: step["detail"] for step in door.explain()["steps"]}
    assert details["authenticate"].endswith("its signature verified before")


async def test_forged_foreign_and_mangled_tokens_do_not() -> None:
    door = gateway()
    door.key_sets.hold(OTHER_ISSUER, key_set("other"))
    good = door.token()
    head, payload, signature = good.split(".")
    forged = [
        "",
        "abc",
        "a.b.c",
        f"{head}.{payload}.",
        f"{head}.{payload}.{signature[:-4]}AAAA",
        f"{head}.{payload[:-4]}AAAA.{signature}",
        door.token(key="other"),
        door.token(key="other", issuer=OTHER_ISSUER),
        door.token(issuer=f"{ISSUER}/"),
        door.token(token_use="access"),
        "x" * 20_000,
    ]
    for token in forged:
        assert said(await door.call("GET", "/auth2", bearing(token))) == UNAUTHORIZED, token
    assert said(await door.call("GET", "/auth2")) == UNAUTHORIZED
    assert door.upstream.requests == []


async def test_the_trace_names_issuers_and_the_client_learns_nothing_of_them() -> None:
    door = gateway()
    forged = door.token(key="other", issuer="http://evil\r\n\x1b[2J" + "x" * 5_000, email="ann@example.org")
    answer = await door.call("GET", "/auth2", bearing(forged))
    assert said(answer) == UNAUTHORIZED
    assert b"evil" not in answer.body
    (step,) = [each for each in door.explain()["steps"] if each["step"] == "authenticate"]
    assert r"the token's issuer is `http://evil\r\n\x1b[2Jxxx" in step["detail"]
    assert f"wanted is a pool of the authorizer: `{ISSUER}`" in step["detail"]
    assert len(step["detail"]) < 400
    assert "ann@" not in json.dumps(door.explain())
    assert forged.split(".")[1] not in json.dumps(door.explain())


async def test_a_remembered_token_of_a_pool_that_is_gone_is_told_by_issuer() -> None:
    door = gateway()
    token = door.token()
    assert (await door.call("GET", "/auth2", bearing(token))).status == 200
    redeployed = make_plan(*resources("auth2"), authorizers=(pool_authorizer(OTHER_POOL),), deployment_id="dep2")
    door.plans.by_stage[(redeployed.api_id, redeployed.stage)] = redeployed
    assert said(await door.call("GET", "/auth2", bearing(token))) == UNAUTHORIZED
    details = {step["step"]: step["detail"] for step in door.explain()["steps"]}
    assert f"issuer is `{ISSUER}`, wanted is a pool of the authorizer: `{OTHER_ISSUER}`" in details["authenticate"]


async def test_a_token_header_that_stands_twice_is_refused() -> None:
    """A backend might read the line that nobody verified."""
    door = gateway()
    good = bearing(door.token())
    assert said(await door.call("GET", "/auth2", good, ("authorization", "x.y.z"))) == UNAUTHORIZED


async def test_an_expired_token_is_told_so_even_when_it_was_verified_before() -> None:
    door = gateway()
    token = door.token(life_seconds=60)
    assert (await door.call("GET", "/auth2", bearing(token))).status == 200
    door.clock.advance(59)
    assert (await door.call("GET", "/auth2", bearing(token))).status == 200
    door.clock.advance(1)
    assert said(await door.call("GET", "/auth2", bearing(token))) == EXPIRED


async def test_what_was_verified_for_one_pool_never_opens_another_authorizer() -> None:
    door = Gateway(
        *resources("auth2", "auth3"),
        authorizers=(pool_authorizer(), pool_authorizer(OTHER_POOL, id="auth3", name="others")),
    )
    door.key_sets.hold(OTHER_ISSUER, key_set("other"))
    token = door.token()
    assert (await door.call("GET", "/auth2", bearing(token))).status == 200
    assert said(await door.call("GET", "/auth3", bearing(token))) == UNAUTHORIZED
    other = door.token(key="other", issuer=OTHER_ISSUER)
    assert (await door.call("GET", "/auth3", bearing(other))).status == 200
    assert said(await door.call("GET", "/auth2", bearing(other))) == UNAUTHORIZED


async def test_a_pool_that_the_authorizer_lost_opens_nothing_any_more() -> None:
    door = gateway()
    token = door.token()
    assert (await door.call("GET", "/auth2", bearing(token))).status == 200
    redeployed = make_plan(*resources("auth2"), authorizers=(pool_authorizer(OTHER_POOL),), deployment_id="dep2")
    door.plans.by_stage[(redeployed.api_id, redeployed.stage)] = redeployed
    assert said(await door.call("GET", "/auth2", bearing(token))) == UNAUTHORIZED


async def test_a_token_is_verified_anew_when_the_key_set_moves() -> None:
    door = gateway()
    token = door.token()
    assert (await door.call("GET", "/auth2", bearing(token))).status == 200
    door.key_sets.hold(ISSUER, key_set("next"))
    assert said(await door.call("GET", "/auth2", bearing(token))) == UNAUTHORIZED
    door.key_sets.hold(ISSUER, key_set("pool", "next"))
    assert (await door.call("GET", "/auth2", bearing(token))).status == 200


async def test_keys_are_fetched_again_for_a_kid_that_is_not_known() -> None:
    door = gateway()
    assert said(await door.call("GET", "/auth2", bearing(door.token(key="next")))) == UNAUTHORIZED
    assert door.key_sets.resolved == [(ISSUER, True)]


async def test_scopes_want_an_access_token_that_has_one() -> None:
    door = gateway(scopes=("pets/read",))
    access = {"token_use": "access", "client_id": "client1", "aud": "client1"}
    assert said(await door.call("GET", "/auth2", bearing(door.token()))) == UNAUTHORIZED
    assert said(await door.call("GET", "/auth2", bearing(door.token(**access, scope="pets/write")))) == UNAUTHORIZED
    assert (await door.call("GET", "/auth2", bearing(door.token(**access, scope="pets/read")))).status == 200


async def test_a_remembered_token_opens_no_method_that_wants_another_kind_or_scope() -> None:
    paths = {"/id": (), "/read": ("pets/read",), "/write": ("pets/write",), "/admin": ("pets/admin",)}
    guarded = [
        resource(path, method("GET", COGNITO, authorizer_id="auth2", authorization_scopes=scopes))
        for path, scopes in paths.items()
    ]
    door = Gateway(*guarded, authorizers=(pool_authorizer(),))
    tokens = {"id": door.token(), "access": door.token(token_use="access", scope="pets/read pets/write")}
    opens = {"id": {"/id"}, "access": {"/read", "/write"}}
    for kind in ("id", "access", "access", "id", "id", "access"):
        for path in (*paths, *reversed(paths)):
            answer = await door.call("GET", path, bearing(tokens[kind]))
            assert answer.status == (200 if path in opens[kind] else 401), (kind, path)


async def test_a_remembered_token_is_good_from_the_second_that_it_names_until_the_other() -> None:
    door = gateway()
    now = door.clock.now().timestamp()
    token = door.token(exp=now + 2.5, nbf=now)
    for wanted in (200, 200, 200):
        assert (await door.call("GET", "/auth2", bearing(token))).status == wanted
    door.clock.advance(2.4)
    assert (await door.call("GET", "/auth2", bearing(token))).status == 200
    door.clock.advance(-2.5)
    assert said(await door.call("GET", "/auth2", bearing(token))) == UNAUTHORIZED
    door.clock.advance(2.6)
    assert said(await door.call("GET", "/auth2", bearing(token))) == EXPIRED


async def test_what_another_authorizer_of_the_api_took_is_looked_at_anew() -> None:
    picky = pool_authorizer(POOL, id="auth3", name="picky", identity_validation_expression="client2")
    door = Gateway(*resources("auth2", "auth3"), authorizers=(pool_authorizer(), picky))
    token = door.token()
    for _ in range(3):
        assert (await door.call("GET", "/auth2", bearing(token))).status == 200
        assert said(await door.call("GET", "/auth3", bearing(token))) == UNAUTHORIZED


async def test_a_signature_is_verified_once_even_if_the_token_is_not_for_the_method(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verified = []

    def verify(*arguments: Any, **options: Any) -> object:
        verified.append(arguments)
        return verify_jws(*arguments, **options)

    monkeypatch.setattr(cognito, "verify_jws", verify)
    for scopes, wanted in ((), 200), (("pets/read",), 401):
        door = gateway(scopes=scopes)
        token = door.token()
        verified.clear()
        for _ in range(3):
            assert (await door.call("GET", "/auth2", bearing(token))).status == wanted
        assert len(verified) == 1


async def test_forgeries_of_a_remembered_token_are_refused() -> None:
    door = gateway()
    good = door.token()
    for _ in range(3):
        assert (await door.call("GET", "/auth2", bearing(good))).status == 200
    head, payload, signature = good.split(".")
    other = door.token(sub="u2").split(".")
    for forged in (
        f"{head}.{payload}.{other[2]}",
        f"{head}.{other[1]}.{signature}",
        f"{head}.{payload}.{signature[:-1]}",
        f"{head}.{payload}.",
        f"{good}=",
        f"x{good}",
    ):
        assert said(await door.call("GET", "/auth2", bearing(forged))) == UNAUTHORIZED


@pytest.mark.parametrize("warm", [True, False])
async def test_keys_that_cannot_be_had_are_a_500_and_open_nothing(warm: bool) -> None:
    door = gateway()
    token = door.token()
    if warm:
        await door.call("GET", "/auth2", bearing(token))
    door.upstream.requests.clear()
    door.key_sets.fails = Unavailable("no route")
    assert said(await door.call("GET", "/auth2", bearing(token))) == AUTHORIZER_BROKEN
    assert door.upstream.requests == []


async def test_another_header_may_hold_the_token() -> None:
    authorizer = structs.replace(pool_authorizer(POOL), identity_source="method.request.header.X-Id")
    door = Gateway(*resources("auth2"), authorizers=(authorizer,))
    assert said(await door.call("GET", "/auth2", bearing(door.token()))) == UNAUTHORIZED
    assert (await door.call("GET", "/auth2", ("x-id", door.token()))).status == 200
