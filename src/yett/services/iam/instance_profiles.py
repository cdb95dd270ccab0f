"""Instance profiles. No EC2 instance will use them here; templates name them all the same."""

from typing import Final

import msgspec

from yett.ports.iam_store import Dependents, InstanceProfile, Role
from yett.rules.iam.limits import ROLES_PER_INSTANCE_PROFILE
from yett.services.call import Call
from yett.services.iam.authorization import authorize_target
from yett.services.iam.entities import (
    INSTANCE_PROFILE,
    ROLE,
    Answer,
    Params,
    add_entity,
    add_tags,
    arn_of,
    change_entity,
    describe_entity,
    draw_unique_id,
    get_entity,
    page_entities,
    page_of,
    read_tags,
)
from yett.services.iam.errors import cannot_be_found, must_first, quota_exceeded
from yett.services.iam.principals import show_trust

EC2: Final = "ec2.amazonaws.com"


async def create_instance_profile(call: Call, params: Params) -> Answer:
    """Create an instance profile.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateInstanceProfile.html
    """
    profile = InstanceProfile(
        account=call.account,
        name=params["InstanceProfileName"],
        path=params.get("Path", "/"),
        id=draw_unique_id(call, INSTANCE_PROFILE.prefix),
        created_at=call.now.replace(microsecond=0),
        tags=add_tags({}, read_tags(params.get("Tags", ())), "TagsPerInstanceProfile"),
    )
    await add_entity(call, INSTANCE_PROFILE, profile)
    return {"InstanceProfile": await describe_profile(call, profile, whole=True)}


async def describe_profile(call: Call, profile: InstanceProfile, *, whole: bool) -> dict[str, object]:
    """An instance profile with its roles."""
    found = [await call.ports.iam_store.find(Role, call.account, name) for name in profile.roles]
    roles = [describe_entity(ROLE, await show_trust(call, role), whole=False) for role in found if role is not None]
    return {**describe_entity(INSTANCE_PROFILE, profile, whole=whole), "Roles": roles}


async def get_instance_profile(call: Call, params: Params) -> Answer:
    """Describe an instance profile.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetInstanceProfile.html
    """
    profile = await get_entity(call, INSTANCE_PROFILE, params["InstanceProfileName"])
    return {"InstanceProfile": await describe_profile(call, profile, whole=True)}


async def delete_instance_profile(call: Call, params: Params) -> Answer:
    """Delete an instance profile without roles.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteInstanceProfile.html
    """

    def check(profile: InstanceProfile, _: Dependents) -> None:
        if profile.roles:
            raise must_first("remove roles from instance profile")

    name = params["InstanceProfileName"]
    if not await call.ports.iam_store.remove(InstanceProfile, call.account, name, check):
        raise INSTANCE_PROFILE.missing(name)
    return {}


async def add_role_to_instance_profile(call: Call, params: Params) -> Answer:
    """Put the one role in, which the caller must be permitted to pass.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddRoleToInstanceProfile.html
    """
    role = await get_entity(call, ROLE, params["RoleName"])
    authorize_target(call, "iam:PassRole", arn_of(ROLE, role), {"iam:PassedToService": (EC2,)})

    def change(profile: InstanceProfile) -> InstanceProfile:
        if profile.roles:
            raise quota_exceeded("InstanceSessionsPerInstanceProfile", ROLES_PER_INSTANCE_PROFILE)
        return msgspec.structs.replace(profile, roles=(role.name,))

    await change_entity(call, INSTANCE_PROFILE, params["InstanceProfileName"], change)
    return {}


async def remove_role_from_instance_profile(call: Call, params: Params) -> Answer:
    """Take the role out.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_RemoveRoleFromInstanceProfile.html
    """

    def change(profile: InstanceProfile) -> InstanceProfile:
        left = tuple(each for each in profile.roles if each.lower() != params["RoleName"].lower())
        if len(left) == len(profile.roles):
            raise cannot_be_found("role", params["RoleName"])
        return msgspec.structs.replace(profile, roles=left)

    await change_entity(call, INSTANCE_PROFILE, params["InstanceProfileName"], change)
    return {}


async def list_instance_profiles(call: Call, params: Params) -> Answer:
    """List the account's instance profiles.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListInstanceProfiles.html
    """
    profiles, rest = await page_entities(call, INSTANCE_PROFILE, params)
    return {"InstanceProfiles": [await describe_profile(call, each, whole=False) for each in profiles], **rest}


async def list_instance_profiles_for_role(call: Call, params: Params) -> Answer:
    """List the instance profiles that a role is in.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListInstanceProfilesForRole.html
    """
    role = await get_entity(call, ROLE, params["RoleName"])
    count = await call.ports.iam_store.count(InstanceProfile, call.account)
    every = await call.ports.iam_store.page(InstanceProfile, call.account, path_prefix="/", after="", limit=count + 1)
    page, rest = page_of(
        [each for each in every if role.name in each.roles], params, key=lambda profile: profile.name.lower()
    )
    return {"InstanceProfiles": [await describe_profile(call, each, whole=False) for each in page], **rest}
