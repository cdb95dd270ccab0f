"""Roles, and the trust policies that say who may assume them."""

import msgspec

from yett.policy import Kind, PolicyDocument
from yett.ports.iam_store import Dependents, Role
from yett.rules.iam.limits import ROLE_TRACKING, TRUST_POLICY_CHARACTERS
from yett.services.call import Call, ServiceError
from yett.services.iam.entities import (
    ROLE,
    Answer,
    Params,
    add_entity,
    add_tags,
    change_entity,
    describe_entity,
    draw_unique_id,
    get_entity,
    page_entities,
    read_tags,
)
from yett.services.iam.errors import count_characters, must_first, quota_exceeded, read_policy
from yett.services.iam.principals import UnknownPrincipal, is_kept_here, keep_principals, show_trust
from yett.values.arn import Arn

DEFAULT_SESSION_SECONDS = 3600


async def create_role(call: Call, params: Params) -> Answer:
    """Create a role that the principals of its trust policy may assume.

    Raises:
        ServiceError: MalformedPolicyDocument, when the trust policy is none or names a principal of the account that
            does not exist; EntityAlreadyExists, when the account has a role of this name, whatever its case.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
    """
    trust_policy = await keep_trust_policy(call, params["AssumeRolePolicyDocument"])
    role = Role(
        account=call.account,
        name=params["RoleName"],
        path=params.get("Path", "/"),
        id=draw_unique_id(call, ROLE.prefix),
        created_at=call.now.replace(microsecond=0),
        tags=add_tags({}, read_tags(params.get("Tags", ())), "TagsPerRole"),
        permissions_boundary=params.get("PermissionsBoundary"),
        trust_policy=trust_policy,
        description=params.get("Description"),
        max_session_seconds=params.get("MaxSessionDuration", DEFAULT_SESSION_SECONDS),
    )
    await add_entity(call, ROLE, role)
    return {"Role": describe_entity(ROLE, await show_trust(call, role), whole=True)}


async def keep_trust_policy(call: Call, text: str) -> str:
    """The trust policy as it is kept.

    Raises:
        ServiceError: The text is no trust policy, is too long, or names a principal that does not exist.
    """
    document = read_policy(text, Kind.TRUST)
    if count_characters(text) > TRUST_POLICY_CHARACTERS:
        raise quota_exceeded("ACLSizePerRole", TRUST_POLICY_CHARACTERS)
    for principal in assumed_roles(document):
        if not await is_role_here(call, principal):
            raise invalid_principal(principal)
    try:
        return await keep_principals(call, text)
    except UnknownPrincipal as error:
        raise invalid_principal(error.principal) from error


def invalid_principal(principal: str) -> ServiceError:
    """A trust policy names nobody."""
    return ServiceError("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{principal}"')


def assumed_roles(document: PolicyDocument) -> list[str]:
    """The ARNs of sessions that a trust policy's statements name as AWS principals."""
    elements = (statement.principal for statement in document.statements)
    entries = [entry for element in elements if element is not None for entry in element.entries]
    return [value for kind, value in entries if kind == "AWS" and ":assumed-role/" in value]


async def is_role_here(call: Call, session: str) -> bool:
    """Whether the role of the session exists; those of accounts that live elsewhere are taken on trust."""
    arn = Arn.parse(session)
    if not await is_kept_here(call, arn.account):
        return True
    name = arn.resource.split("/")[1]
    return await call.ports.iam_store.find(Role, arn.account, name) is not None


async def get_role(call: Call, params: Params) -> Answer:
    """Describe a role.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html
    """
    role = await show_trust(call, await get_entity(call, ROLE, params["RoleName"]))
    return {"Role": {**describe_entity(ROLE, role, whole=True), "RoleLastUsed": await describe_last_use(call, role)}}


async def describe_last_use(call: Call, role: Role) -> Answer:
    """When and in which Region the role's sessions last signed a call, whether or not policies let it pass.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleLastUsed.html
    """
    use = await call.ports.iam_store.last_use(role.id)
    if use is None or call.now - use.at > ROLE_TRACKING:
        return {}
    return {"LastUsedDate": use.at, "Region": use.region}


async def update_role(call: Call, params: Params) -> Answer:
    """Change a role's description or longest session.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html
    """

    def change(role: Role) -> Role:
        # UpdateRole sets what it is not given back to its default for the longest session only.
        longest = params.get("MaxSessionDuration", role.max_session_seconds)
        description = params.get("Description", role.description)
        return msgspec.structs.replace(role, max_session_seconds=longest, description=description)

    await change_entity(call, ROLE, params["RoleName"], change)
    return {}


async def update_role_description(call: Call, params: Params) -> Answer:
    """Change a role's description.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRoleDescription.html
    """
    description = params["Description"]
    role = await change_entity(
        call, ROLE, params["RoleName"], lambda role: msgspec.structs.replace(role, description=description)
    )
    return {"Role": describe_entity(ROLE, await show_trust(call, role), whole=True)}


async def update_assume_role_policy(call: Call, params: Params) -> Answer:
    """Replace a role's trust policy.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAssumeRolePolicy.html
    """
    await get_entity(call, ROLE, params["RoleName"])
    trust_policy = await keep_trust_policy(call, params["PolicyDocument"])
    await change_entity(
        call, ROLE, params["RoleName"], lambda role: msgspec.structs.replace(role, trust_policy=trust_policy)
    )
    return {}


async def delete_role(call: Call, params: Params) -> Answer:
    """Delete a role without policies and instance profiles.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html
    """

    def check(role: Role, dependents: Dependents) -> None:
        if dependents.instance_profiles:
            raise must_first("remove roles from instance profile")
        if role.attached_policies:
            raise must_first("detach all policies")
        if role.inline_policies:
            raise must_first("delete policies")

    if not await call.ports.iam_store.remove(Role, call.account, params["RoleName"], check):
        raise ROLE.missing(params["RoleName"])
    return {}


async def list_roles(call: Call, params: Params) -> Answer:
    """List the account's roles.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html
    """
    roles, rest = await page_entities(call, ROLE, params)
    return {"Roles": [describe_entity(ROLE, await show_trust(call, role), whole=False) for role in roles], **rest}
