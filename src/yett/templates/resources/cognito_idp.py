"""AWS::Cognito::*: user pools and what is in them."""

from collections.abc import Mapping
from typing import Any, Final

from yett.ports.stack_store import ResourceRecord
from yett.services.call import ServiceError
from yett.templates.fitting import DoesNotFit, fit
from yett.templates.resources.actor import MARK, Actor, Made, ResourceType, Wanted, exists, gone, names, pages, there

SERVICE: Final = "cognito-idp"
# Parts of a pool that UpdateUserPool cannot change.
FIXED: Final = ("PoolName", "AliasAttributes", "UsernameAttributes", "Schema", "UsernameConfiguration", "UserPoolTags")


def pool_params(actor: Actor, wanted: Wanted, operation: str) -> dict[str, Any]:
    """The members of CreateUserPool. Kinds of MFA that would not be asked for are refused."""
    properties = dict(wanted.properties)
    if properties.pop("EnabledMfas", None):
        raise DoesNotFit("the property `EnabledMfas` is not offered", way=("EnabledMfas",))
    name = properties.pop("UserPoolName", None)
    if operation == "CreateUserPool":
        properties["PoolName"] = name or actor.name(wanted.logical_id, limit=128)
        properties["UserPoolTags"] = {**properties.get("UserPoolTags", {}), MARK: actor.mark(wanted.logical_id)}
    return fit(SERVICE, operation, properties)


async def create_pool(actor: Actor, wanted: Wanted) -> Made:
    made = await actor.do(SERVICE, "CreateUserPool", pool_params(actor, wanted, "CreateUserPool"))
    return describe_pool(actor, made["UserPool"])


def describe_pool(actor: Actor, pool: Mapping[str, Any]) -> Made:
    pool_id = str(pool["Id"])
    attributes = {
        "Arn": str(pool["Arn"]),
        "UserPoolId": pool_id,
        "ProviderName": f"cognito-idp.{actor.region}.amazonaws.com/{pool_id}",
        "ProviderURL": actor.issuer(pool_id),
    }
    return Made(physical_id=pool_id, attributes=attributes)


async def update_pool(actor: Actor, wanted: Wanted, old: ResourceRecord) -> Made | None:
    """In place, unless a part changes that a pool keeps for life."""
    if any(wanted.properties.get(name) != old.properties.get(name) for name in (*FIXED, "UserPoolName")):
        return None
    changeable = {name: one for name, one in wanted.properties.items() if name not in FIXED}
    bare = Wanted(logical_id=wanted.logical_id, type=wanted.type, properties=changeable)
    params = pool_params(actor, bare, "UpdateUserPool") | {"UserPoolId": old.physical_id}
    await actor.do(SERVICE, "UpdateUserPool", params)
    return Made(physical_id=old.physical_id, attributes=old.attributes)


async def find_pool(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    """The pool that bears this creation's mark."""
    found = await pages(actor, SERVICE, "ListUserPools", {"MaxResults": 60}, items="UserPools", cursor="NextToken")
    marked = []
    for one in found:
        pool = await there(actor, SERVICE, "DescribeUserPool", {"UserPoolId": one["Id"]}) or {}
        if pool.get("UserPool", {}).get("UserPoolTags", {}).get(MARK) == actor.mark(wanted.logical_id):
            marked.append(str(one["Id"]))
    return tuple(marked)


async def delete_pool(actor: Actor, old: ResourceRecord) -> None:
    await gone(actor, SERVICE, "DeleteUserPool", {"UserPoolId": old.physical_id})


async def create_client(actor: Actor, wanted: Wanted) -> Made:
    given = {"ClientName": actor.name(wanted.logical_id, limit=128), **wanted.properties}
    made = await actor.do(SERVICE, "CreateUserPoolClient", fit(SERVICE, "CreateUserPoolClient", given))
    client = made["UserPoolClient"]
    client_id = str(client["ClientId"])
    attributes = {"ClientId": client_id, "Name": str(client["ClientName"])}
    if client.get("ClientSecret"):
        attributes["ClientSecret"] = str(client["ClientSecret"])
    return Made(physical_id=client_id, attributes=attributes)


async def find_client(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    """All clients of the name, which need not be unique: a new one is one that was not there."""
    name = wanted.properties.get("ClientName") or actor.name(wanted.logical_id, limit=128)
    asked = {"UserPoolId": wanted.properties["UserPoolId"], "MaxResults": 60}
    found = await pages(actor, SERVICE, "ListUserPoolClients", asked, items="UserPoolClients", cursor="NextToken")
    return tuple(str(one["ClientId"]) for one in found if one["ClientName"] == name)


async def update_client(actor: Actor, wanted: Wanted, old: ResourceRecord) -> Made | None:
    """In place: its id and secret stay; unless it moves to another pool, or comes to have a secret."""
    if any(wanted.properties.get(name) != old.properties.get(name) for name in ("UserPoolId", "GenerateSecret")):
        return None
    given = {name: one for name, one in wanted.properties.items() if name != "GenerateSecret"}
    params = fit(SERVICE, "UpdateUserPoolClient", given | {"ClientId": old.physical_id})
    await actor.do(SERVICE, "UpdateUserPoolClient", params)
    return Made(physical_id=old.physical_id, attributes=old.attributes)


async def delete_client(actor: Actor, old: ResourceRecord) -> None:
    params = {"UserPoolId": old.properties["UserPoolId"], "ClientId": old.physical_id}
    await gone(actor, SERVICE, "DeleteUserPoolClient", params)


async def create_resource_server(actor: Actor, wanted: Wanted) -> Made:
    params = fit(SERVICE, "CreateResourceServer", wanted.properties)
    await actor.do(SERVICE, "CreateResourceServer", params)
    return Made(physical_id=str(params["Identifier"]))


async def find_resource_server(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    place = {name: str(wanted.properties[name]) for name in ("UserPoolId", "Identifier")}
    return (place["Identifier"],) if await exists(actor, SERVICE, "DescribeResourceServer", place) else ()


async def update_resource_server(actor: Actor, wanted: Wanted, old: ResourceRecord) -> Made | None:
    if any(wanted.properties.get(name) != old.properties.get(name) for name in ("UserPoolId", "Identifier")):
        return None
    await actor.do(SERVICE, "UpdateResourceServer", fit(SERVICE, "UpdateResourceServer", wanted.properties))
    return Made(physical_id=old.physical_id)


async def delete_resource_server(actor: Actor, old: ResourceRecord) -> None:
    params = {"UserPoolId": old.properties["UserPoolId"], "Identifier": old.physical_id}
    await gone(actor, SERVICE, "DeleteResourceServer", params)


async def create_domain(actor: Actor, wanted: Wanted) -> Made:
    params = fit(SERVICE, "CreateUserPoolDomain", wanted.properties)
    await actor.do(SERVICE, "CreateUserPoolDomain", params)
    return Made(physical_id=str(params["Domain"]))


async def find_domain(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    domain = str(wanted.properties["Domain"])
    found = await there(actor, SERVICE, "DescribeUserPoolDomain", {"Domain": domain}) or {}
    is_of_pool = found.get("DomainDescription", {}).get("UserPoolId") == wanted.properties["UserPoolId"]
    return (domain,) if is_of_pool else ()


async def delete_domain(actor: Actor, old: ResourceRecord) -> None:
    params = {"UserPoolId": old.properties["UserPoolId"], "Domain": old.physical_id}
    await gone(actor, SERVICE, "DeleteUserPoolDomain", params)


async def create_user(actor: Actor, wanted: Wanted) -> Made:
    made = await actor.do(SERVICE, "AdminCreateUser", fit(SERVICE, "AdminCreateUser", wanted.properties))
    return Made(physical_id=str(made["User"]["Username"]))


async def find_user(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    """The user's own name, which the pool may have made, by the one that the template gives."""
    if "Username" not in wanted.properties:
        return ()
    place = {name: str(wanted.properties[name]) for name in ("UserPoolId", "Username")}
    found = await there(actor, SERVICE, "AdminGetUser", place)
    return () if found is None else (str(found["Username"]),)


async def delete_user(actor: Actor, old: ResourceRecord) -> None:
    params = {"UserPoolId": old.properties["UserPoolId"], "Username": old.physical_id}
    await gone(actor, SERVICE, "AdminDeleteUser", params)


async def create_group(actor: Actor, wanted: Wanted) -> Made:
    given = {"GroupName": actor.name(wanted.logical_id, limit=128), **wanted.properties}
    made = await actor.do(SERVICE, "CreateGroup", fit(SERVICE, "CreateGroup", given))
    return Made(physical_id=str(made["Group"]["GroupName"]))


async def find_group(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    name = str(wanted.properties.get("GroupName") or actor.name(wanted.logical_id, limit=128))
    place = {"UserPoolId": wanted.properties["UserPoolId"], "GroupName": name}
    return (name,) if await exists(actor, SERVICE, "GetGroup", place) else ()


async def update_group(actor: Actor, wanted: Wanted, old: ResourceRecord) -> Made | None:
    if any(wanted.properties.get(name) != old.properties.get(name) for name in ("UserPoolId", "GroupName")):
        return None
    params = fit(SERVICE, "UpdateGroup", {**wanted.properties, "GroupName": old.physical_id})
    await actor.do(SERVICE, "UpdateGroup", params)
    return Made(physical_id=old.physical_id)


async def delete_group(actor: Actor, old: ResourceRecord) -> None:
    params = {"UserPoolId": old.properties["UserPoolId"], "GroupName": old.physical_id}
    await gone(actor, SERVICE, "DeleteGroup", params)


async def add_to_group(actor: Actor, wanted: Wanted) -> Made:
    params = fit(SERVICE, "AdminAddUserToGroup", wanted.properties)
    await actor.do(SERVICE, "AdminAddUserToGroup", params)
    return Made(physical_id=actor.name(wanted.logical_id, limit=128))


async def remove_from_group(actor: Actor, old: ResourceRecord) -> None:
    try:
        params = fit(SERVICE, "AdminRemoveUserFromGroup", old.properties)
        await gone(actor, SERVICE, "AdminRemoveUserFromGroup", params)
    except ServiceError as error:
        if error.code != "UserNotFoundException":
            raise


async def find_membership(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    """The group's name, if the user is in it."""
    place = {name: str(wanted.properties[name]) for name in ("UserPoolId", "Username")}
    found = await pages(actor, SERVICE, "AdminListGroupsForUser", place, items="Groups", cursor="NextToken")
    group = str(wanted.properties["GroupName"])
    return (group,) if any(one["GroupName"] == group for one in found) else ()


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::Cognito::UserPool": ResourceType(
        reads=names(
            "UserPoolName Policies LambdaConfig AutoVerifiedAttributes AliasAttributes UsernameAttributes Schema"
        )
        | names("VerificationMessageTemplate EmailVerificationMessage EmailVerificationSubject SmsVerificationMessage")
        | names("SmsAuthenticationMessage MfaConfiguration EnabledMfas UserAttributeUpdateSettings DeviceConfiguration")
        | names("EmailConfiguration SmsConfiguration UserPoolTags AdminCreateUserConfig UserPoolAddOns")
        | names("UsernameConfiguration AccountRecoverySetting DeletionProtection UserPoolTier"),
        create=create_pool,
        update=update_pool,
        delete=delete_pool,
        find=find_pool,
    ),
    "AWS::Cognito::UserPoolClient": ResourceType(
        reads=names("UserPoolId ClientName GenerateSecret RefreshTokenValidity AccessTokenValidity IdTokenValidity")
        | names("TokenValidityUnits ReadAttributes WriteAttributes ExplicitAuthFlows SupportedIdentityProviders")
        | names("CallbackURLs LogoutURLs DefaultRedirectURI AllowedOAuthFlows AllowedOAuthScopes AuthSessionValidity")
        | names("AllowedOAuthFlowsUserPoolClient PreventUserExistenceErrors EnableTokenRevocation RefreshTokenRotation")
        | names("EnablePropagateAdditionalUserContextData"),
        ignores=names("AnalyticsConfiguration"),
        create=create_client,
        update=update_client,
        delete=delete_client,
        find=find_client,
        stands_alone=False,
    ),
    "AWS::Cognito::UserPoolResourceServer": ResourceType(
        reads=names("UserPoolId Identifier Name Scopes"),
        create=create_resource_server,
        update=update_resource_server,
        delete=delete_resource_server,
        find=find_resource_server,
    ),
    "AWS::Cognito::UserPoolDomain": ResourceType(
        reads=names("UserPoolId Domain CustomDomainConfig ManagedLoginVersion"),
        create=create_domain,
        delete=delete_domain,
        find=find_domain,
    ),
    "AWS::Cognito::UserPoolUser": ResourceType(
        reads=names("UserPoolId Username UserAttributes MessageAction DesiredDeliveryMediums ForceAliasCreation")
        | names("ClientMetadata ValidationData"),
        create=create_user,
        delete=delete_user,
        find=find_user,
    ),
    "AWS::Cognito::UserPoolGroup": ResourceType(
        reads=names("UserPoolId GroupName Description Precedence RoleArn"),
        create=create_group,
        update=update_group,
        delete=delete_group,
        find=find_group,
    ),
    "AWS::Cognito::UserPoolUserToGroupAttachment": ResourceType(
        reads=names("UserPoolId GroupName Username"),
        create=add_to_group,
        delete=remove_from_group,
        find=find_membership,
    ),
}
