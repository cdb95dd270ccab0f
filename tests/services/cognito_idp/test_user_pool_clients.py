from typing import Any

import pytest
from tests.services.cognito_idp.world import World

from yett.services.call import ServiceError

MACHINE: dict[str, Any] = {
    "GenerateSecret": True,
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["client_credentials"],
    "AllowedOAuthScopes": ["pets/read"],
}


async def pool_with_scopes(world: World) -> str:
    pool_id = await world.pool()
    await world.do(
        "CreateResourceServer",
        UserPoolId=pool_id,
        Identifier="pets",
        Name="Pets",
        Scopes=[{"ScopeName": "read", "ScopeDescription": "Look"}, {"ScopeName": "write", "ScopeDescription": "Do"}],
    )
    return pool_id


async def test_a_client_keeps_its_secret_through_an_update(world: World) -> None:
    pool_id = await pool_with_scopes(world)
    client = await world.client(pool_id, **MACHINE)
    assert len(client["ClientId"]) == 26
    assert len(client["ClientSecret"]) > 50
    named = {"UserPoolId": pool_id, "ClientId": client["ClientId"]}
    assert (await world.do("DescribeUserPoolClient", **named))["UserPoolClient"] == client
    changed = (await world.do("UpdateUserPoolClient", **named, ClientName="b"))["UserPoolClient"]
    assert changed["ClientSecret"] == client["ClientSecret"]
    assert "AllowedOAuthFlows" not in changed  # what is left out goes back to its default
    await world.do("DeleteUserPoolClient", **named)
    with pytest.raises(ServiceError, match="ResourceNotFoundException"):
        await world.do("DescribeUserPoolClient", **named)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (MACHINE | {"AllowedOAuthScopes": ["pets/none"]}, "Custom scope does not exist: pets/none"),
        (MACHINE | {"GenerateSecret": False}, "does not have a client secret"),
        (MACHINE | {"AllowedOAuthScopes": ["openid"]}, "custom scopes"),
        (MACHINE | {"AllowedOAuthFlows": ["client_credentials", "code"]}, "along with code flow"),
        ({"AccessTokenValidity": 2, "TokenValidityUnits": {"AccessToken": "minutes"}}, "5 minutes and 1 day"),
        ({"RefreshTokenValidity": 3651}, "60 minutes and 10 years"),
        ({"ExplicitAuthFlows": ["USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH"]}, "cannot be mixed"),
        ({"SupportedIdentityProviders": ["Google"]}, "The provider Google does not exist"),
        ({"ReadAttributes": ["custom:none"]}, "Invalid read attributes"),
        ({"WriteAttributes": ["email_verified"]}, "Invalid write attributes"),
        ({"RefreshTokenRotation": {"Feature": "ENABLED"}}, "not supported by yett"),
    ],
)
async def test_options_that_do_not_go_together_are_refused(world: World, options: dict[str, Any], message: str) -> None:
    pool_id = await pool_with_scopes(world)
    with pytest.raises(ServiceError, match=message):
        await world.client(pool_id, **options)


async def test_lives_of_tokens_are_as_the_client_says(world: World) -> None:
    pool_id = await world.pool()
    client = await world.client(
        pool_id, AccessTokenValidity=10, TokenValidityUnits={"AccessToken": "minutes"}, RefreshTokenValidity=2
    )
    await world.user(pool_id)
    result = (await world.sign_in(client))["AuthenticationResult"]
    assert result["ExpiresIn"] == 600
    world.move(minutes=10)
    with pytest.raises(ServiceError, match="Access Token has expired"):
        await world.do("GetUser", AccessToken=result["AccessToken"])


async def test_clients_are_listed_by_pages(world: World) -> None:
    pool_id = await world.pool()
    made = {(await world.client(pool_id))["ClientId"] for _ in range(3)}
    first = await world.do("ListUserPoolClients", UserPoolId=pool_id, MaxResults=2)
    second = await world.do("ListUserPoolClients", UserPoolId=pool_id, MaxResults=2, NextToken=first["NextToken"])
    assert {client["ClientId"] for page in (first, second) for client in page["UserPoolClients"]} == made
    assert "NextToken" not in second
