"""Roles, and the trust policies that say who may assume them."""

import msgspec

from yett.policy import Kind, PolicyDocument
from yett.ports.iam_store import Role, User
from yett.rules.iam.limits import TRUST_POLICY_CHARACTERS
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
from yett.values.arn import Arn, NotAnArn

DEFAULT_SESSION_SECONDS = 3600


async def create_role(call: Call, params: Params) -> Answer:
    """Create a role that the principals of its trust policy may assume.

    Raises:
        ServiceError: MalformedPolicyDocument, when the trust policy is none or names a principal of the account that
            does not exist; EntityAlreadyExists, when the account has a role of this name, whatever its case.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
    """
    trust_policy = params["AssumeRolePolicyDocument"]
    await check_trust_policy(call, trust_policy)
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
    return {"Role": describe_entity(ROLE, role, whole=True)}


async def check_trust_policy(call: Call, text: str) -> None:
    """Refuse a text that is no trust policy, is too long, or names principals of this account that do not exist."""
    document = read_policy(text, Kind.TRUST)
    if count_characters(text) > TRUST_POLICY_CHARACTERS:
        raise quota_exceeded("ACLSizePerRole", TRUST_POLICY_CHARACTERS)
    for principal in named_principals(document):
        if not await is_principal_here(call, principal):
            raise ServiceError("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{principal}"')


def named_principals(document: PolicyDocument) -> list[str]:
    """The ARNs that a trust policy's statements name as AWS principals."""
    elements = (statement.principal for statement in document.statements)
    entries = [entry for element in elements if element is not None for entry in element.entries]
    return [value for kind, value in entries if kind == "AWS" and value.startswith("arn:")]


async def is_principal_here(call: Call, text: str) -> bool:
    """Whether the principal exists; those of other accounts are taken on trust, since they may live elsewhere."""
    try:
        arn = Arn.parse(text)
    except NotAnArn:
        return False
    if arn.account != call.account:
        return True
    kind, _, rest = arn.resource.partition("/")
    path, _, name = rest.rpartition("/")
    store = call.ports.iam_store
    match arn.service, kind:
        case "iam", "role":
            role = await store.find(Role, call.account, name)
            return role is not None and role.path == (f"/{path}/" if path else "/")
        case "iam", "user":
            user = await store.find(User, call.account, name)
            return user is not None and user.path == (f"/{path}/" if path else "/")
        case "sts", "assumed-role":
            return await store.find(Role, call.account, path) is not None
        case _:
            return True


async def get_role(call: Call, params: Params) -> Answer:
    """Describe a role.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html
    """
    role = await get_entity(call, ROLE, params["RoleName"])
    return {"Role": {**describe_entity(ROLE, role, whole=True), "RoleLastUsed": {}}}


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
    return {"Role": describe_entity(ROLE, role, whole=True)}


async def update_assume_role_policy(call: Call, params: Params) -> Answer:
    """Replace a role's trust policy.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAssumeRolePolicy.html
    """
    trust_policy = params["PolicyDocument"]
    await get_entity(call, ROLE, params["RoleName"])
    await check_trust_policy(call, trust_policy)
    await change_entity(
        call, ROLE, params["RoleName"], lambda role: msgspec.structs.replace(role, trust_policy=trust_policy)
    )
    return {}


async def delete_role(call: Call, params: Params) -> Answer:
    """Delete a role without policies and instance profiles.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html
    """

    def check(role: Role, instance_profiles: int) -> None:
        if instance_profiles:
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
    return {"Roles": [describe_entity(ROLE, role, whole=False) for role in roles], **rest}
