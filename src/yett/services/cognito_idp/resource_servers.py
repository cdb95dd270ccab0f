"""Resource servers of a pool."""

from yett.ports.errors import AlreadyExists
from yett.rules.cognito_idp.errors import Fault, UserPoolRefused, invalid_parameter
from yett.rules.cognito_idp.limits import RESOURCE_SERVERS_PER_POOL
from yett.rules.cognito_idp.resource_server import parse_resource_server, render_resource_server
from yett.services.call import Call
from yett.services.cognito_idp.errors import Answer, Params
from yett.services.cognito_idp.lookup import decode_page, encode_page, get_pool, page_size


def not_found(identifier: str) -> UserPoolRefused:
    """The pool has no such resource server."""
    return UserPoolRefused(Fault.RESOURCE_NOT_FOUND, f"Resource server {identifier} does not exist.")


async def create_resource_server(call: Call, params: Params) -> Answer:
    """Create a resource server with its scopes.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateResourceServer.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    shelf = call.ports.user_pool_store.resource_servers
    server = parse_resource_server(params)
    if len(await shelf.list(pool.place, limit=RESOURCE_SERVERS_PER_POOL)) >= RESOURCE_SERVERS_PER_POOL:
        raise UserPoolRefused(Fault.LIMIT_EXCEEDED, "Maximum number of resource servers has been reached.")
    try:
        await shelf.add(pool.place, server.identifier, value=server)
    except AlreadyExists:
        pool_id = pool.place.pool_id
        raise invalid_parameter(f"{server.identifier} already exists in user pool {pool_id}.") from None
    return {"ResourceServer": render_resource_server(server, pool.place.pool_id)}


async def describe_resource_server(call: Call, params: Params) -> Answer:
    """Describe a resource server.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DescribeResourceServer.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    server = await call.ports.user_pool_store.resource_servers.find(pool.place, params["Identifier"])
    if server is None:
        raise not_found(params["Identifier"])
    return {"ResourceServer": render_resource_server(server, pool.place.pool_id)}


async def update_resource_server(call: Call, params: Params) -> Answer:
    """Replace the name and scopes of a resource server.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateResourceServer.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    shelf = call.ports.user_pool_store.resource_servers
    if await shelf.find(pool.place, params["Identifier"]) is None:
        raise not_found(params["Identifier"])
    server = parse_resource_server(params)
    await shelf.change(pool.place, server.identifier, change=lambda _: server)
    return {"ResourceServer": render_resource_server(server, pool.place.pool_id)}


async def delete_resource_server(call: Call, params: Params) -> Answer:
    """Delete a resource server.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteResourceServer.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    if not await call.ports.user_pool_store.resource_servers.remove(pool.place, params["Identifier"]):
        raise not_found(params["Identifier"])
    return {}


async def list_resource_servers(call: Call, params: Params) -> Answer:
    """List the resource servers of a pool.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListResourceServers.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    size, after = page_size(params, "MaxResults"), decode_page(params.get("NextToken"))
    found = await call.ports.user_pool_store.resource_servers.list(pool.place, after=after, limit=size + 1)
    answer: dict[str, object] = {
        "ResourceServers": [render_resource_server(server, pool.place.pool_id) for server in found[:size]]
    }
    if len(found) > size:
        answer["NextToken"] = encode_page(found[size - 1].identifier)
    return answer
