"""User pools: made with two signing keys of their own, described, changed, deleted."""

from typing import Final

from msgspec import structs

from yett.ports.errors import AlreadyExists
from yett.ports.randomness import ALPHANUMERIC
from yett.rules.cognito_idp.errors import Fault, UserPoolRefused, invalid_parameter
from yett.rules.cognito_idp.limits import USER_POOLS_PER_ACCOUNT
from yett.rules.cognito_idp.user_pool import PoolPlace, UserPool, parse_user_pool, render_user_pool, update_user_pool
from yett.services.call import Call
from yett.services.cognito_idp.errors import Answer, Params, pool_not_found
from yett.services.cognito_idp.lookup import decode_page, encode_page, get_pool, page_size
from yett.values.secret import Secret

ID_CHARACTERS: Final = 9  # after the Region and an underscore


async def create_user_pool(call: Call, params: Params) -> Answer:
    """Create a user pool.

    Raises:
        UserPoolRefused: An option is not good, or bears on access and would not be enforced.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPool.html
    """
    store = call.ports.user_pool_store
    pool = parse_user_pool(
        params,
        place=new_place(call),
        simulation_key=Secret(call.ports.randomness.token_bytes(32).hex()),
        now=call.now,
    )
    held = await store.list_pools(call.account, call.region, after="", limit=USER_POOLS_PER_ACCOUNT)
    if len(held) >= USER_POOLS_PER_ACCOUNT:
        raise UserPoolRefused(Fault.LIMIT_EXCEEDED, "Maximum number of user pools has been reached.")
    keys = await call.ports.signing_keys.make()
    while True:
        try:
            await store.add_pool(pool, keys)
        except AlreadyExists:  # one id in 10^16 is taken
            pool = structs.replace(pool, place=new_place(call))
        else:
            return {"UserPool": render_user_pool(pool, users=0)}


def new_place(call: Call) -> PoolPlace:
    """A place for one more pool."""
    name = call.ports.randomness.text(ALPHANUMERIC, ID_CHARACTERS)
    return PoolPlace(call.account, call.region, f"{call.region}_{name}")


async def describe_user_pool(call: Call, params: Params) -> Answer:
    """Describe a user pool.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DescribeUserPool.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    return {"UserPool": render_user_pool(pool, users=await call.ports.user_pool_store.count_users(pool.place))}


async def update_user_pool_options(call: Call, params: Params) -> Answer:
    """Change a user pool; options left out go back to their defaults.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserPool.html
    """
    pool = await get_pool(call, params["UserPoolId"])

    def change(current: UserPool) -> UserPool:
        return update_user_pool(current, params, now=call.now)

    await call.ports.user_pool_store.change_pool(pool.place, change)
    return {}


async def delete_user_pool(call: Call, params: Params) -> Answer:
    """Delete a user pool with all that is in it.

    Raises:
        UserPoolRefused: Deletion protection is on, or the pool still has a domain.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteUserPool.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    if pool.is_deletion_protected:
        raise invalid_parameter(
            "The user pool cannot be deleted because deletion protection is activated. "
            "Deletion protection must be inactivated first."
        )
    if pool.domain is not None:
        raise invalid_parameter("User pool cannot be deleted. It has a domain configured that should be deleted first.")
    if not await call.ports.user_pool_store.remove_pool(pool.place):
        raise pool_not_found(pool.place.pool_id)
    return {}


async def list_user_pools(call: Call, params: Params) -> Answer:
    """List the user pools of the account in this Region.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUserPools.html
    """
    size = page_size(params, "MaxResults")
    after = decode_page(params.get("NextToken"))
    found = await call.ports.user_pool_store.list_pools(call.account, call.region, after=after, limit=size + 1)
    answer: dict[str, object] = {
        "UserPools": [
            {
                "Id": pool.place.pool_id,
                "Name": pool.name,
                "LambdaConfig": {},
                "LastModifiedDate": pool.modified_at,
                "CreationDate": pool.created_at,
            }
            for pool in found[:size]
        ]
    }
    if len(found) > size:
        answer["NextToken"] = encode_page(found[size - 1].place.pool_id)
    return answer


async def get_user_pool_mfa_config(call: Call, params: Params) -> Answer:
    """Say that the pool asks for no second factor: no pool here can be made to.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetUserPoolMfaConfig.html
    """
    await get_pool(call, params["UserPoolId"])
    return {"MfaConfiguration": "OFF"}
