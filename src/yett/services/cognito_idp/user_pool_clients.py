"""App clients of a pool."""

from typing import Final

from msgspec import structs

from yett.ports.errors import AlreadyExists
from yett.ports.randomness import LOWER_ALPHANUMERIC
from yett.rules.cognito_idp.app_client import AppClient, parse_app_client, render_app_client
from yett.rules.cognito_idp.errors import Fault, UserPoolRefused, invalid_parameter
from yett.rules.cognito_idp.limits import CLIENTS_PER_POOL
from yett.rules.cognito_idp.resource_server import check_scopes
from yett.rules.cognito_idp.user_pool import UserPool
from yett.services.call import Call
from yett.services.cognito_idp.errors import Answer, Params, client_not_found
from yett.services.cognito_idp.lookup import decode_page, encode_page, get_client, get_pool, page_size
from yett.values.secret import Secret

ID_CHARACTERS: Final = 26
SECRET_CHARACTERS: Final = 51


async def create_user_pool_client(call: Call, params: Params) -> Answer:
    """Create an app client, with a secret if one is asked for.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    store, randomness = call.ports.user_pool_store, call.ports.randomness
    client = parse_app_client(
        params,
        client_id=randomness.text(LOWER_ALPHANUMERIC, ID_CHARACTERS),
        secret=new_secret(call, params),
        created_at=call.now,
        now=call.now,
    )
    await check_against_pool(call, pool, client)
    if len(await store.clients.list(pool.place, limit=CLIENTS_PER_POOL)) >= CLIENTS_PER_POOL:
        raise UserPoolRefused(Fault.LIMIT_EXCEEDED, "Maximum number of user pool clients has been reached.")
    while True:
        try:
            await store.add_client(pool.place, client)
        except AlreadyExists:
            client = structs.replace(client, id=randomness.text(LOWER_ALPHANUMERIC, ID_CHARACTERS))
        else:
            return {"UserPoolClient": render_app_client(client, pool.place.pool_id)}


def new_secret(call: Call, params: Params) -> Secret | None:
    """The secret of a new client: given, drawn, or none."""
    given = params.get("ClientSecret")
    if given and params.get("GenerateSecret"):
        raise invalid_parameter("ClientSecret and GenerateSecret cannot be used together.")
    if given:
        return Secret(given)
    if not params.get("GenerateSecret"):
        return None
    return Secret(call.ports.randomness.text(LOWER_ALPHANUMERIC, SECRET_CHARACTERS))


async def check_against_pool(call: Call, pool: UserPool, client: AppClient) -> None:
    """Refuse what the pool does not have: scopes, identity providers, attributes.

    Raises:
        UserPoolRefused: ScopeDoesNotExistException or InvalidParameterException.
    """
    check_scopes(client.oauth_scopes, await call.ports.user_pool_store.resource_servers.list(pool.place))
    for provider in client.echo.get("SupportedIdentityProviders", ()):
        if provider != "COGNITO":
            raise invalid_parameter(f"The provider {provider} does not exist for User Pool {pool.place.pool_id}.")
    known = {attribute.name for attribute in pool.schema}
    for kind, names in (("read", client.read_attributes), ("write", client.write_attributes)):
        for name in names or ():
            if name not in known or (kind == "write" and name in ("sub", "email_verified", "phone_number_verified")):
                raise invalid_parameter(f"Invalid {kind} attributes specified while creating a client")


async def describe_user_pool_client(call: Call, params: Params) -> Answer:
    """Describe an app client.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DescribeUserPoolClient.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    client = await get_client(call, pool, params["ClientId"])
    return {"UserPoolClient": render_app_client(client, pool.place.pool_id)}


async def update_user_pool_client(call: Call, params: Params) -> Answer:
    """Change an app client; options left out go back to their defaults.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserPoolClient.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    client = await get_client(call, pool, params["ClientId"])

    def change(current: AppClient) -> AppClient:
        return parse_app_client(
            {"ClientName": current.name, **params},
            client_id=current.id,
            secret=current.secret,
            created_at=current.created_at,
            now=call.now,
        )

    await check_against_pool(call, pool, change(client))
    changed = await call.ports.user_pool_store.clients.change(pool.place, client.id, change=change)
    return {"UserPoolClient": render_app_client(changed, pool.place.pool_id)}


async def delete_user_pool_client(call: Call, params: Params) -> Answer:
    """Delete an app client.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteUserPoolClient.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    if not await call.ports.user_pool_store.remove_client(pool.place, params["ClientId"]):
        raise client_not_found(params["ClientId"])
    return {}


async def list_user_pool_clients(call: Call, params: Params) -> Answer:
    """List the app clients of a pool.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUserPoolClients.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    size, after = page_size(params, "MaxResults"), decode_page(params.get("NextToken"))
    found = await call.ports.user_pool_store.clients.list(pool.place, after=after, limit=size + 1)
    answer: dict[str, object] = {
        "UserPoolClients": [
            {"ClientId": client.id, "UserPoolId": pool.place.pool_id, "ClientName": client.name}
            for client in found[:size]
        ]
    }
    if len(found) > size:
        answer["NextToken"] = encode_page(found[size - 1].id)
    return answer
