"""Attaching managed policies to users, groups and roles, as policies or as permissions boundaries.

Each operation is made for one kind of entity in `operations.py`.
"""

from collections.abc import Mapping

import msgspec

from yett.rules.iam.limits import MANAGED_POLICIES_PER_ENTITY
from yett.services.call import Call
from yett.services.iam.entities import (
    Answer,
    E,
    Noun,
    Params,
    change_entity,
    get_entity,
    page_of,
    scope_not_found,
)
from yett.services.iam.errors import (
    no_such_entity,
    policy_not_attachable,
    policy_not_found,
    quota_exceeded,
    validation_error,
)
from yett.values.arn import Arn, NotAnArn


def check_policy_arn(text: str) -> None:
    """Refuse what is no ARN, in AWS's words (two spaces)."""
    try:
        Arn.parse(text)
    except NotAnArn as error:
        raise validation_error("Invalid ARN:  Could not be parsed!") from error


async def attach_policy(noun: Noun[E], call: Call, params: Params) -> Answer:
    """Attach a managed policy; once more does nothing.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html
    """
    arn = params["PolicyArn"]
    await check_attachable(call, arn)

    def change(entity: E) -> E:
        if arn in entity.attached_policies:
            return entity
        if len(entity.attached_policies) >= MANAGED_POLICIES_PER_ENTITY:
            raise quota_exceeded(f"PoliciesPer{noun.title}", MANAGED_POLICIES_PER_ENTITY)
        return msgspec.structs.replace(entity, attached_policies=(*entity.attached_policies, arn))

    await change_entity(call, noun, params[noun.name_member], change)
    return {}


async def check_attachable(call: Call, arn: str) -> None:
    """Refuse a policy that does not exist, or is another account's."""
    check_policy_arn(arn)
    policy = await call.ports.iam_store.find_policy(arn)
    if policy is None or policy.account not in {call.account, "aws"}:
        raise policy_not_attachable(arn)


async def detach_policy(noun: Noun[E], call: Call, params: Params) -> Answer:
    """Detach a managed policy.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DetachRolePolicy.html
    """
    arn = params["PolicyArn"]
    check_policy_arn(arn)

    def change(entity: E) -> E:
        if arn not in entity.attached_policies:
            raise policy_not_found(arn)
        attached = tuple(each for each in entity.attached_policies if each != arn)
        return msgspec.structs.replace(entity, attached_policies=attached)

    await change_entity(call, noun, params[noun.name_member], change)
    return {}


async def list_attached_policies(noun: Noun[E], call: Call, params: Params) -> Answer:
    """List the managed policies that are attached.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAttachedRolePolicies.html
    """
    entity = await get_entity(call, noun, params[noun.name_member])
    prefix = params.get("PathPrefix", "/")
    arns = [arn for arn in entity.attached_policies if path_of(arn).startswith(prefix)]
    page, rest = page_of(arns, params, key=str)
    return {"AttachedPolicies": [describe_attached(arn) for arn in page], **rest}


def describe_attached(arn: str) -> Mapping[str, str]:
    """An attached policy as the API lists it."""
    return {"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn}


def path_of(arn: str) -> str:
    """The path of a managed policy, which its ARN tells."""
    return Arn.parse(arn).resource.removeprefix("policy").rpartition("/")[0] + "/"


async def put_permissions_boundary(noun: Noun[E], call: Call, params: Params) -> Answer:
    """Let a managed policy bound what the user or role may do.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePermissionsBoundary.html
    """
    arn = params["PermissionsBoundary"]
    check_policy_arn(arn)
    policy = await call.ports.iam_store.find_policy(arn)
    if policy is None or policy.account not in {call.account, "aws"}:
        raise scope_not_found(arn)
    await change_entity(
        call, noun, params[noun.name_member], lambda entity: msgspec.structs.replace(entity, permissions_boundary=arn)
    )
    return {}


async def delete_permissions_boundary(noun: Noun[E], call: Call, params: Params) -> Answer:
    """Take the permissions boundary away.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRolePermissionsBoundary.html
    """

    def change(entity: E) -> E:
        if entity.permissions_boundary is None:
            raise no_such_entity(f"{noun.title} {entity.name} does not have permission boundary set")
        return msgspec.structs.replace(entity, permissions_boundary=None)

    await change_entity(call, noun, params[noun.name_member], change)
    return {}
