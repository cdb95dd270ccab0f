import json
from typing import Any

import jwt
import pytest
from joserfc import jwk as joserfc_jwk
from joserfc import jwt as joserfc_jwt
from tests.services.cognito_idp.test_auth import refused
from tests.services.cognito_idp.world import START, World, secret_hash, shared_keys

from yett.services.call import ServiceError


async def key_set(world: World, pool_id: str) -> dict[str, Any]:
    answer = await world.http("GET", f"/{pool_id}/.well-known/jwks.json")
    assert answer.status == 200
    return dict(json.loads(answer.body))


def by_pyjwt(keys: dict[str, Any], token: str, audience: str | None) -> dict[str, Any]:
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]]
    options: Any = {"verify_exp": False, "verify_iat": False, "verify_aud": audience is not None}
    return dict(jwt.decode(token, key, algorithms=["RS256"], audience=audience, options=options))


async def test_two_other_libraries_verify_the_tokens_with_the_keys_that_are_served(world: World) -> None:
    pool_id = await world.pool()
    client = await world.client(pool_id)
    await world.user(pool_id, email="ann@example.com", email_verified="true")
    result = (await world.sign_in(client))["AuthenticationResult"]
    keys = await key_set(world, pool_id)
    assert [set(key) for key in keys["keys"]] == [{"alg", "e", "kid", "kty", "n", "use"}] * 2
    for token in (result["IdToken"], result["AccessToken"]):
        decoded = joserfc_jwt.decode(token, joserfc_jwk.KeySet.import_key_set(keys), algorithms=["RS256"])
        audience = client["ClientId"] if token == result["IdToken"] else None
        assert decoded.claims == by_pyjwt(keys, token, audience)
    kids = {jwt.get_unverified_header(result[name])["kid"] for name in ("IdToken", "AccessToken")}
    assert kids == {key["kid"] for key in keys["keys"]}


async def test_the_claims_are_all_there(world: World) -> None:
    pool_id = await world.pool(Schema=[{"Name": "level", "AttributeDataType": "Number"}])
    client = await world.client(pool_id)
    attributes = {"email": "ann@example.com", "email_verified": "true", "custom:level": "3"}
    await world.user(pool_id, **attributes)
    for name, role, precedence in (("admin", "arn:aws:iam::1:role/a", 1), ("staff", "arn:aws:iam::1:role/s", 2)):
        await world.do("CreateGroup", UserPoolId=pool_id, GroupName=name, RoleArn=role, Precedence=precedence)
        await world.do("AdminAddUserToGroup", UserPoolId=pool_id, Username="ann", GroupName=name)
    result = (await world.sign_in(client))["AuthenticationResult"]
    keys = await key_set(world, pool_id)
    identity = by_pyjwt(keys, result["IdToken"], client["ClientId"])
    access = by_pyjwt(keys, result["AccessToken"], None)
    moment = int(START.timestamp())
    shared = {
        "sub": identity["sub"],
        "iss": f"http://localhost:4566/{pool_id}",
        "cognito:groups": ["admin", "staff"],
        "origin_jti": identity["origin_jti"],
        "event_id": identity["event_id"],
        "auth_time": moment,
        "iat": moment,
        "exp": moment + 3600,
    }
    assert identity == shared | {
        "jti": identity["jti"],
        "aud": client["ClientId"],
        "token_use": "id",
        "cognito:username": "ann",
        "cognito:roles": ["arn:aws:iam::1:role/a", "arn:aws:iam::1:role/s"],
        "cognito:preferred_role": "arn:aws:iam::1:role/a",
        "email": "ann@example.com",
        "email_verified": True,
        "custom:level": "3",
    }
    assert access == shared | {
        "jti": access["jti"],
        "client_id": client["ClientId"],
        "token_use": "access",
        "scope": "aws.cognito.signin.user.admin",
        "username": "ann",
    }
    assert access["jti"] != identity["jti"]


async def refresh(
    world: World, client: dict[str, Any], token: str, flow: str = "REFRESH_TOKEN_AUTH", **more: str
) -> Any:
    given = {"REFRESH_TOKEN": token} | more
    return await world.do("InitiateAuth", ClientId=client["ClientId"], AuthFlow=flow, AuthParameters=given)


async def test_a_refresh_token_gives_new_tokens_of_the_same_sign_in(world: World) -> None:
    pool_id = await world.pool()
    client = await world.client(pool_id, GenerateSecret=True)
    await world.user(pool_id)
    first = (await world.sign_in(client))["AuthenticationResult"]
    keys = await key_set(world, pool_id)
    world.move(hours=2)
    token, proof = first["RefreshToken"], {"SECRET_HASH": secret_hash(client, "ann")}
    second = (await refresh(world, client, token, "REFRESH_TOKEN", **proof))["AuthenticationResult"]
    assert "RefreshToken" not in second
    before, after = (by_pyjwt(keys, result["AccessToken"], None) for result in (first, second))
    assert all(before[name] == after[name] for name in ("auth_time", "origin_jti", "event_id", "sub"))
    assert after["iat"] == before["iat"] + 7200
    assert after["jti"] != before["jti"]
    with pytest.raises(ServiceError, match="SECRET_HASH was not received"):
        await refresh(world, client, token)
    with pytest.raises(ServiceError, match="Unable to verify secret hash"):
        await refresh(world, client, token, SECRET_HASH=secret_hash(client, "bob"))


async def test_refresh_tokens_that_are_forged_foreign_revoked_or_old_are_refused(world: World) -> None:
    pool_id = await world.pool()
    client, other = await world.client(pool_id), await world.client(pool_id)
    await world.user(pool_id)
    token = (await world.sign_in(client))["AuthenticationResult"]["RefreshToken"]
    invalid = refused("NotAuthorizedException", "Invalid Refresh Token")
    flipped = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    for forged in (flipped, "x", "a.b", ".", token.split(".")[0] + ".", "é.é"):
        with invalid:
            await refresh(world, client, forged)
    with invalid:
        await refresh(world, other, token)
    await world.do("RevokeToken", ClientId=other["ClientId"], Token=token)  # not the other client's to revoke
    await refresh(world, client, token)
    await world.do("AdminDisableUser", UserPoolId=pool_id, Username="ann")
    await world.do("AdminEnableUser", UserPoolId=pool_id, Username="ann")
    with refused("NotAuthorizedException", "Refresh Token has been revoked"):
        await refresh(world, client, token)
    token = (await world.sign_in(client))["AuthenticationResult"]["RefreshToken"]
    world.move(days=30)
    with refused("NotAuthorizedException", "Refresh Token has expired"):
        await refresh(world, client, token)


async def test_an_access_token_opens_the_user_api_until_the_sign_in_ends(world: World) -> None:
    pool_id = await world.pool()
    client = await world.client(pool_id)
    await world.user(pool_id, email="ann@example.com")
    result = (await world.sign_in(client))["AuthenticationResult"]
    user = await world.do("GetUser", AccessToken=result["AccessToken"])
    assert user["Username"] == "ann"
    assert {"Name": "email", "Value": "ann@example.com"} in user["UserAttributes"]
    with refused("NotAuthorizedException", "Invalid Access Token"):
        await world.do("GetUser", AccessToken=result["IdToken"])
    await world.do("RevokeToken", ClientId=client["ClientId"], Token=result["RefreshToken"])
    revoked = refused("NotAuthorizedException", "Access Token has been revoked")
    with revoked:
        await world.do("GetUser", AccessToken=result["AccessToken"])
    token = (await world.sign_in(client))["AuthenticationResult"]["AccessToken"]
    await world.do("GlobalSignOut", AccessToken=token)
    with revoked:
        await world.do("GetUser", AccessToken=token)
    late = (await world.sign_in(client))["AuthenticationResult"]["AccessToken"]
    world.move(hours=1)
    with refused("NotAuthorizedException", "Access Token has expired"):
        await world.do("GetUser", AccessToken=late)


async def test_access_tokens_that_others_signed_are_refused(world: World) -> None:
    pool_id, other_id = await world.pool(), await world.pool()
    client = await world.client(pool_id)
    await world.user(pool_id)
    token = (await world.sign_in(client))["AuthenticationResult"]["AccessToken"]
    claims = jwt.decode(token, options={"verify_signature": False})
    kid = jwt.get_unverified_header(token)["kid"]
    from cryptography.hazmat.primitives.asymmetric import rsa

    forger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forged = [
        jwt.encode(claims, forger, algorithm="RS256", headers={"kid": kid}),
        jwt.encode(claims, None, algorithm="none", headers={"kid": kid}),
        jwt.encode(claims, "s" * 64, algorithm="HS256", headers={"kid": kid}),
        token[:-6] + "AAAAAA",
        token.rpartition(".")[0] + ".",
        "a.b.c",
        "",
    ]
    for text in forged:
        with pytest.raises(ServiceError, match="NotAuthorizedException"):
            await world.do("GetUser", AccessToken=text)
    # Both pools of this test sign with the same keys: only the issuer tells them apart.
    moved = claims | {"iss": f"http://localhost:4566/{other_id}"}
    pem = shared_keys().access.private_pem.reveal()
    with pytest.raises(ServiceError, match="NotAuthorizedException"):
        await world.do("GetUser", AccessToken=jwt.encode(moved, pem, algorithm="RS256", headers={"kid": kid}))


async def test_revocation_asks_for_a_client_and_a_refresh_token(world: World) -> None:
    pool_id = await world.pool()
    client = await world.client(pool_id, GenerateSecret=True)
    fixed = await world.client(pool_id, EnableTokenRevocation=False)
    await world.user(pool_id)
    result = (await world.sign_in(client))["AuthenticationResult"]
    with pytest.raises(ServiceError, match="UnauthorizedException"):
        await world.do("RevokeToken", ClientId=client["ClientId"], Token=result["RefreshToken"])
    with pytest.raises(ServiceError, match="UnsupportedTokenTypeException"):
        await world.do(
            "RevokeToken",
            ClientId=client["ClientId"],
            ClientSecret=client["ClientSecret"],
            Token=result["AccessToken"],
        )
    plain = (await world.sign_in(fixed))["AuthenticationResult"]
    assert "origin_jti" not in jwt.decode(plain["IdToken"], options={"verify_signature": False})
    with pytest.raises(ServiceError, match="UnsupportedOperationException"):
        await world.do("RevokeToken", ClientId=fixed["ClientId"], Token=plain["RefreshToken"])
