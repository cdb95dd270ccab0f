import base64
import json
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from msgspec import structs
from tests.services.cognito_idp.test_user_pool_clients import MACHINE, pool_with_scopes
from tests.services.cognito_idp.world import START, World, shared_keys

from yett.rules.cognito_idp.sessions import RefreshToken
from yett.services.cognito_idp.tokens import issue
from yett.values.http import HttpResponse

HOST = "pets-login.auth.localhost:4566"


async def post(world: World, path: str, form: dict[str, str], *, host: str = HOST, **headers: str) -> HttpResponse:
    lines = tuple((name.title(), value) for name, value in headers.items())
    return await world.http("POST", path, host=host, body=urlencode(form).encode(), headers=lines)


def basic(client: dict[str, Any]) -> str:
    return "Basic " + base64.b64encode(f"{client['ClientId']}:{client['ClientSecret']}".encode()).decode()


async def machine(world: World) -> tuple[str, dict[str, Any]]:
    pool_id = await pool_with_scopes(world)
    await world.do("CreateUserPoolDomain", UserPoolId=pool_id, Domain="pets-login")
    return pool_id, await world.client(pool_id, **MACHINE | {"AllowedOAuthScopes": ["pets/read", "pets/write"]})


def body_of(answer: HttpResponse) -> dict[str, Any]:
    return dict(json.loads(answer.body))


@pytest.mark.parametrize("is_basic", [True, False])
async def test_a_client_gets_a_token_for_itself(world: World, is_basic: bool) -> None:
    pool_id, client = await machine(world)
    form = {"grant_type": "client_credentials", "scope": "pets/read"}
    if is_basic:
        answer = await post(world, "/oauth2/token", form, authorization=basic(client))
    else:
        secret = {"client_id": client["ClientId"], "client_secret": client["ClientSecret"]}
        answer = await post(world, "/oauth2/token", form | secret)
    assert answer.status == 200
    assert answer.headers.get("content-type") == "application/json;charset=UTF-8"
    assert answer.headers.get("cache-control") == "no-store"
    granted = body_of(answer)
    assert set(granted) == {"access_token", "expires_in", "token_type"}
    key = jwt.PyJWK(dict(shared_keys().access.public_jwk))
    options: Any = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(granted["access_token"], key, algorithms=["RS256"], options=options)
    moment = int(START.timestamp())
    assert claims == {
        "sub": client["ClientId"],
        "client_id": client["ClientId"],
        "token_use": "access",
        "scope": "pets/read",
        "iss": f"http://localhost:4566/{pool_id}",
        "auth_time": moment,
        "iat": moment,
        "exp": moment + 3600,
        "version": 2,
        "jti": claims["jti"],
    }


async def test_without_a_scope_all_that_the_client_has_are_granted_as_far_as_they_exist(world: World) -> None:
    pool_id, client = await machine(world)
    form = {"grant_type": "client_credentials"}

    async def scope() -> Any:
        token = body_of(await post(world, "/oauth2/token", form, authorization=basic(client))).get("access_token")
        return token and jwt.decode(token, options={"verify_signature": False})["scope"]

    assert await scope() == "pets/read pets/write"
    read = [{"ScopeName": "read", "ScopeDescription": "Look"}]
    await world.do("UpdateResourceServer", UserPoolId=pool_id, Identifier="pets", Name="Pets", Scopes=read)
    assert await scope() == "pets/read"
    await world.do("DeleteResourceServer", UserPoolId=pool_id, Identifier="pets")
    assert await scope() is None


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "scope": "pets/fly"}, "invalid_scope"),
        ({"grant_type": "client_credentials", "scope": "openid"}, "invalid_scope"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "x", "redirect_uri": "https://a.example"}, "unauthorized_client"),
        ({"grant_type": "client_credentials", "client_secret": "x"}, "invalid_request"),
        ({"grant_type": "client_credentials", "client_id": "another"}, "invalid_request"),
    ],
)
async def test_bad_token_requests_have_their_codes(world: World, form: dict[str, str], error: str) -> None:
    _, client = await machine(world)
    answer = await post(world, "/oauth2/token", form, authorization=basic(client))
    assert (answer.status, body_of(answer)) == (400, {"error": error})


async def test_clients_that_are_not_who_they_say_get_nothing(world: World) -> None:
    pool_id, client = await machine(world)
    other_pool = await world.pool()
    await world.do("CreateUserPoolDomain", UserPoolId=other_pool, Domain="other-login")
    form = {"grant_type": "client_credentials"}
    wrong = client | {"ClientSecret": client["ClientSecret"][:-1] + "-"}
    invalid = (400, {"error": "invalid_client"})
    for credentials in (wrong, client | {"ClientId": "x" * 26}, client | {"ClientSecret": ""}):
        answer = await post(world, "/oauth2/token", form, authorization=basic(credentials))
        assert (answer.status, body_of(answer)) == invalid
    for host in ("other-login.auth.localhost", "none.auth.localhost", "localhost", "pets-login.auth.localhost.evil"):
        answer = await post(world, "/oauth2/token", form, host=host, authorization=basic(client))
        assert (answer.status, body_of(answer)) == invalid
    for header in ("Basic", "Basic !!!", "Bearer x", "Basic " + base64.b64encode(b"no-colon").decode()):
        assert body_of(await post(world, "/oauth2/token", form, authorization=header))["error"] == "invalid_client"
    assert body_of(await post(world, "/oauth2/token", form | {"client_id": client["ClientId"]})) == invalid[1]
    public = await world.client(pool_id)
    answer = await post(world, "/oauth2/token", form | {"client_id": public["ClientId"]})
    assert body_of(answer) == {"error": "unauthorized_client"}


async def test_awss_form_of_the_host_serves_the_pool_of_its_region_only(world: World) -> None:
    _, client = await machine(world)
    form = {"grant_type": "client_credentials"}
    for region, status in (("us-east-1", 200), ("eu-west-1", 400)):
        host = f"pets-login.auth.{region}.amazoncognito.com"
        answer = await post(world, "/oauth2/token", form, host=host, authorization=basic(client))
        assert answer.status == status


async def test_a_form_that_is_none_or_says_things_twice_is_refused(world: World) -> None:
    _, client = await machine(world)
    twice = b"grant_type=client_credentials&grant_type=client_credentials"
    for body in (twice, b"grant_type=" + b"x" * 70_000, b"\xff=1", b"grant_type=%ff"):
        headers = (("Authorization", basic(client)),)
        answer = await world.http("POST", "/oauth2/token", host=HOST, body=body, headers=headers)
        assert (answer.status, body_of(answer)) == (400, {"error": "invalid_request"})


async def test_refresh_and_revoke_at_the_domain(world: World) -> None:
    pool_id, _ = await machine(world)
    client = await world.client(pool_id)
    await world.user(pool_id)
    result = (await world.sign_in(client))["AuthenticationResult"]
    named = {"client_id": client["ClientId"]}
    form = named | {"grant_type": "refresh_token", "refresh_token": result["RefreshToken"]}
    refreshed = body_of(await post(world, "/oauth2/token", form))
    assert set(refreshed) == {"id_token", "access_token", "expires_in", "token_type"}
    assert body_of(await post(world, "/oauth2/revoke", named)) == {"error": "invalid_request"}
    stranger = await post(world, "/oauth2/revoke", {"client_id": "x", "token": result["RefreshToken"]})
    assert (stranger.status, body_of(stranger)) == (401, {"error": "invalid_client"})
    other = await post(world, "/oauth2/revoke", named | {"token": result["AccessToken"]})
    assert body_of(other) == {"error": "unsupported_token_type"}
    for _ in range(2):
        revoked = await post(world, "/oauth2/revoke", named | {"token": result["RefreshToken"]})
        assert (revoked.status, revoked.body) == (200, b"")
    assert body_of(await post(world, "/oauth2/token", form)) == {"error": "invalid_grant"}


async def test_user_info_is_for_tokens_with_the_scope_openid(world: World) -> None:
    pool_id, _ = await machine(world)
    client = await world.client(pool_id)
    await world.user(pool_id, email="ann@example.com", email_verified="true", given_name="Ann")
    result = (await world.sign_in(client))["AuthenticationResult"]

    async def ask(token: str | None) -> HttpResponse:
        headers = () if token is None else (("Authorization", f"Bearer {token}"),)
        return await world.http("GET", "/oauth2/userInfo", host=HOST, headers=headers)

    api = await ask(result["AccessToken"])
    assert api.status == 401
    assert (api.headers.get("www-authenticate") or "").startswith('error="invalid_token", error_description="')
    assert (await ask(None)).status == 400
    found = await world.store.place_of_pool(pool_id)
    assert found is not None
    pool, app = await world.store.find_pool(found), await world.store.clients.find(found, client["ClientId"])
    token = RefreshToken.parse(result["RefreshToken"])
    assert pool is not None
    assert app is not None
    assert token is not None
    user = await world.store.find_user_by_sub(pool, token.sub)
    sign_in = await world.store.sign_ins.find(found, token.sub, token.event_id)
    assert user is not None
    assert sign_in is not None
    granted = structs.replace(sign_in, scopes=("openid", "email"), is_oauth=True)
    opened = await issue(world.ports, pool, app, user, granted, now=world.clock.now())
    answer = await ask(str(opened["AccessToken"]))
    assert body_of(answer) == {
        "sub": user.sub,
        "username": "ann",
        "email": "ann@example.com",
        "email_verified": "true",
    }
    identity = jwt.decode(str(opened["IdToken"]), options={"verify_signature": False})
    assert identity["email_verified"] is True
    assert "given_name" not in identity
    await world.do("AdminUserGlobalSignOut", UserPoolId=pool_id, Username="ann")
    assert (await ask(str(opened["AccessToken"]))).status == 401


async def test_the_discovery_document_leads_to_the_keys_and_the_domain(world: World) -> None:
    pool_id, _ = await machine(world)
    answer = await world.http("GET", f"/{pool_id}/.well-known/openid-configuration")
    document = body_of(answer)
    issuer = f"http://localhost:4566/{pool_id}"
    assert document["issuer"] == issuer
    assert document["jwks_uri"] == f"{issuer}/.well-known/jwks.json"
    assert document["token_endpoint"] == "http://pets-login.auth.localhost:4566/oauth2/token"
    assert answer.headers.get("access-control-allow-origin") == "*"
    missing = await world.http("GET", "/us-east-1_AAAAAAAAA/.well-known/openid-configuration")
    assert missing.status == 404
    preflight = await world.http("OPTIONS", "/oauth2/token", host=HOST)
    assert (preflight.status, preflight.headers.get("access-control-allow-origin")) == (200, "*")
