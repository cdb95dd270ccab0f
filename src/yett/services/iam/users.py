"""Users, and the groups that they are in."""

import msgspec

from yett.ports.errors import AlreadyExists
from yett.ports.iam_store import Dependents, Group, User
from yett.rules.iam.limits import GROUPS_PER_USER
from yett.services.call import Call
from yett.services.iam.authorization import authorize_target
from yett.services.iam.entities import (
    GROUP,
    USER,
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
from yett.services.iam.errors import cannot_be_found, must_first, quota_exceeded, validation_error


async def create_user(call: Call, params: Params) -> Answer:
    """Create a user.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html
    """
    user = User(
        account=call.account,
        name=params["UserName"],
        path=params.get("Path", "/"),
        id=draw_unique_id(call, USER.prefix),
        created_at=call.now.replace(microsecond=0),
        tags=add_tags({}, read_tags(params.get("Tags", ())), "TagsPerUser"),
        permissions_boundary=params.get("PermissionsBoundary"),
    )
    await add_entity(call, USER, user)
    return {"User": describe_entity(USER, user, whole=True)}


async def get_user(call: Call, params: Params) -> Answer:
    """Describe a user; without a name, the caller.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUser.html
    """
    name = params.get("UserName") or caller_name(call)
    if name is None:
        return {"User": await describe_root(call)}
    return {"User": describe_entity(USER, await get_entity(call, USER, name), whole=True)}


async def describe_root(call: Call) -> Answer:
    """The account's root user as a user is described. It has no name; it is as old as its oldest access key."""
    keys = await call.ports.iam_store.access_keys(call.account, call.account)
    return {
        "Path": "/",
        "UserId": call.account,
        "Arn": call.iam_arn("root"),
        "CreateDate": keys[0].created_at if keys else call.now,
    }


def caller_name(call: Call) -> str | None:
    """The name of the user who calls; None for root.

    Raises:
        ServiceError: ValidationError, when neither calls.
    """
    caller = call.caller
    if caller is not None and caller.identity.user_name is not None:
        return caller.identity.user_name
    if caller is not None and caller.identity.is_root:
        return None
    # OBSERVED: what a role's session is told.
    raise validation_error("Must specify userName when calling with non-User credentials")


async def owner_of(call: Call, params: Params) -> tuple[str, str | None]:
    """The unique id and name of the user meant: the one named, else the caller. Root has its account, and no name."""
    name = params.get("UserName") or caller_name(call)
    if name is None:
        return call.account, None
    user = await get_entity(call, USER, name)
    return user.id, user.name


async def update_user(call: Call, params: Params) -> Answer:
    """Give a user another name or path. The caller needs permission on what it becomes, too.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html
    """

    def change(user: User) -> User:
        name, path = params.get("NewUserName", user.name), params.get("NewPath", user.path)
        renamed = msgspec.structs.replace(user, name=name, path=path)
        authorize_target(call, "iam:UpdateUser", arn_of(USER, renamed))
        return renamed

    try:
        await change_entity(call, USER, params["UserName"], change)
    except AlreadyExists as error:
        raise USER.taken(params["NewUserName"]) from error
    return {}


async def delete_user(call: Call, params: Params) -> Answer:
    """Delete a user that holds on to nothing any more.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html
    """

    def check(user: User, dependents: Dependents) -> None:
        if dependents.login_profiles:
            raise must_first("delete login profile")
        if user.groups:
            raise must_first("remove users from group")
        if user.attached_policies:
            raise must_first("detach all policies")
        if user.inline_policies:
            raise must_first("delete policies")
        if dependents.access_keys:
            raise must_first("delete access keys")
        if dependents.mfa_devices:
            raise must_first("delete MFA device")

    if not await call.ports.iam_store.remove(User, call.account, params["UserName"], check):
        raise USER.missing(params["UserName"])
    return {}


async def list_users(call: Call, params: Params) -> Answer:
    """List the account's users.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html
    """
    users, rest = await page_entities(call, USER, params)
    return {"Users": [describe_entity(USER, user, whole=False) for user in users], **rest}


async def add_user_to_group(call: Call, params: Params) -> Answer:
    """Let a user join a group; once more does nothing.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddUserToGroup.html
    """
    group = await get_entity(call, GROUP, params["GroupName"])

    def change(user: User) -> User:
        if is_member(user, group):
            return user
        if len(user.groups) >= GROUPS_PER_USER:
            raise quota_exceeded("GroupsPerUser", GROUPS_PER_USER)
        return msgspec.structs.replace(user, groups=(*user.groups, group.name))

    await change_entity(call, USER, params["UserName"], change)
    return {}


async def remove_user_from_group(call: Call, params: Params) -> Answer:
    """Let a user leave a group.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_RemoveUserFromGroup.html
    """
    group = await get_entity(call, GROUP, params["GroupName"])

    def change(user: User) -> User:
        if not is_member(user, group):
            raise cannot_be_found("user", user.name)
        left = tuple(each for each in user.groups if each.lower() != group.name.lower())
        return msgspec.structs.replace(user, groups=left)

    await change_entity(call, USER, params["UserName"], change)
    return {}


def is_member(user: User, group: Group) -> bool:
    """Whether the user is in the group."""
    return group.name.lower() in {each.lower() for each in user.groups}


async def list_groups_for_user(call: Call, params: Params) -> Answer:
    """List the groups that a user is in.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroupsForUser.html
    """
    user = await get_entity(call, USER, params["UserName"])
    names, rest = page_of(user.groups, params, key=str.lower)
    groups = [await get_entity(call, GROUP, name) for name in names]
    return {"Groups": [describe_entity(GROUP, group, whole=False) for group in groups], **rest}
