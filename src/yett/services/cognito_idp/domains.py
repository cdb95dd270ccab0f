"""The domain of a pool: the host of its OAuth endpoints."""

from msgspec import structs

from yett.ports.errors import AlreadyExists
from yett.rules.cognito_idp.errors import invalid_parameter, not_enforced
from yett.rules.cognito_idp.user_pool import UserPool
from yett.services.call import Call
from yett.services.cognito_idp.errors import Answer, Params
from yett.services.cognito_idp.lookup import get_pool

RESERVED = ("aws", "amazon", "cognito")


async def create_user_pool_domain(call: Call, params: Params) -> Answer:
    """Give the pool a domain: ``{domain}.auth.localhost``, and AWS's own form of it.

    Raises:
        UserPoolRefused: The domain is taken or reserved, the pool has one, or it is one of the owner's own.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolDomain.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    if params.get("CustomDomainConfig"):
        raise not_enforced("CustomDomainConfig")
    domain: str = params["Domain"]
    for word in RESERVED:
        if word in domain:
            raise invalid_parameter(f"Domain cannot contain reserved word: {word}")

    def change(current: UserPool) -> UserPool:
        if current.domain is not None:
            raise invalid_parameter("User pool already has a domain configured.")
        return structs.replace(current, domain=domain)

    try:
        await call.ports.user_pool_store.change_pool(pool.place, change)
    except AlreadyExists:
        raise invalid_parameter("Domain already associated with another user pool.") from None
    return {"ManagedLoginVersion": params.get("ManagedLoginVersion", 1)}


async def describe_user_pool_domain(call: Call, params: Params) -> Answer:
    """Describe a domain; one that no pool of the account has is described by nothing.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DescribeUserPoolDomain.html
    """
    place = await call.ports.user_pool_store.place_of_domain(params["Domain"])
    if place is None or (place.account, place.region) != (call.account, call.region):
        return {"DomainDescription": {}}
    return {
        "DomainDescription": {
            "UserPoolId": place.pool_id,
            "AWSAccountId": place.account,
            "Domain": params["Domain"],
            "Status": "ACTIVE",
            "Version": call.now.strftime("%Y%m%d%H%M%S"),
            "CustomDomainConfig": {},
            "ManagedLoginVersion": 1,
        }
    }


async def delete_user_pool_domain(call: Call, params: Params) -> Answer:
    """Take the domain from the pool.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteUserPoolDomain.html
    """
    pool = await get_pool(call, params["UserPoolId"])

    def change(current: UserPool) -> UserPool:
        if current.domain != params["Domain"]:
            raise invalid_parameter("No such domain or user pool exists.")
        return structs.replace(current, domain=None)

    await call.ports.user_pool_store.change_pool(pool.place, change)
    return {}
