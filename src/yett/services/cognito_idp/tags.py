"""Tags of user pools."""

from collections.abc import Mapping

from msgspec import structs

from yett.rules.cognito_idp.errors import Fault, UserPoolRefused
from yett.rules.cognito_idp.user_pool import PoolPlace, UserPool
from yett.services.call import Call
from yett.services.cognito_idp.errors import Answer, Params
from yett.services.cognito_idp.lookup import get_pool
from yett.services.iam.authorization import resource_tag_keys


async def get_tagged_pool(call: Call, arn: str) -> UserPool:
    """The pool of this ARN.

    Raises:
        UserPoolRefused: The ARN is none of a pool of this account and Region.
    """
    prefix = call.arn("cognito-idp", "userpool/")
    if not arn.startswith(prefix):
        raise UserPoolRefused(Fault.RESOURCE_NOT_FOUND, f"Resource {arn} does not exist.")
    return await get_pool(call, arn.removeprefix(prefix))


async def resource_keys(call: Call, params: Params) -> Mapping[str, tuple[str, ...]]:
    """The condition keys of the tags that the pool has now."""
    pool_id = params.get("UserPoolId") or str(params.get("ResourceArn") or "").rpartition("/")[2]
    if not pool_id:
        return {}
    pool = await call.ports.user_pool_store.find_pool(PoolPlace(call.account, call.region, str(pool_id)))
    return {} if pool is None else resource_tag_keys(pool.tags)


async def tag_resource(call: Call, params: Params) -> Answer:
    """Tag a user pool.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_TagResource.html
    """
    pool = await get_tagged_pool(call, params["ResourceArn"])
    await call.ports.user_pool_store.change_pool(
        pool.place, lambda current: structs.replace(current, tags={**current.tags, **params["Tags"]})
    )
    return {}


async def untag_resource(call: Call, params: Params) -> Answer:
    """Take tags off a user pool.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UntagResource.html
    """
    pool = await get_tagged_pool(call, params["ResourceArn"])
    gone = set(params["TagKeys"])
    await call.ports.user_pool_store.change_pool(
        pool.place,
        lambda current: structs.replace(current, tags={k: v for k, v in current.tags.items() if k not in gone}),
    )
    return {}


async def list_tags_for_resource(call: Call, params: Params) -> Answer:
    """List the tags of a user pool.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListTagsForResource.html
    """
    pool = await get_tagged_pool(call, params["ResourceArn"])
    return {"Tags": dict(pool.tags)}
