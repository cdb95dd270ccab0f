"""Groups of users."""

import msgspec

from yett.ports.errors import AlreadyExists
from yett.ports.iam_store import Dependents, Group
from yett.rules.iam.limits import PAGE_ITEMS
from yett.services.call import Call
from yett.services.iam.authorization import authorize_target
from yett.services.iam.entities import (
    GROUP,
    USER,
    Answer,
    Params,
    add_entity,
    arn_of,
    change_entity,
    describe_entity,
    draw_unique_id,
    get_entity,
    more,
    page_entities,
    read_marker,
)
from yett.services.iam.errors import must_first


async def create_group(call: Call, params: Params) -> Answer:
    """Create a group.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateGroup.html
    """
    group = Group(
        account=call.account,
        name=params["GroupName"],
        path=params.get("Path", "/"),
        id=draw_unique_id(call, GROUP.prefix),
        created_at=call.now.replace(microsecond=0),
    )
    await add_entity(call, GROUP, group)
    return {"Group": describe_entity(GROUP, group, whole=True)}


async def get_group(call: Call, params: Params) -> Answer:
    """Describe a group and list its users.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetGroup.html
    """
    group = await get_entity(call, GROUP, params["GroupName"])
    limit = params.get("MaxItems", PAGE_ITEMS)
    members = await call.ports.iam_store.members(call.account, group.name, after=read_marker(params), limit=limit + 1)
    rest = more(members[limit - 1].name if len(members) > limit else None)
    users = [describe_entity(USER, user, whole=False) for user in members[:limit]]
    return {"Group": describe_entity(GROUP, group, whole=True), "Users": users, **rest}


async def update_group(call: Call, params: Params) -> Answer:
    """Give a group another name or path. The caller needs permission on what it becomes, too.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateGroup.html
    """

    def change(group: Group) -> Group:
        name, path = params.get("NewGroupName", group.name), params.get("NewPath", group.path)
        renamed = msgspec.structs.replace(group, name=name, path=path)
        authorize_target(call, "iam:UpdateGroup", arn_of(GROUP, renamed))
        return renamed

    try:
        await change_entity(call, GROUP, params["GroupName"], change)
    except AlreadyExists as error:
        raise GROUP.taken(params["NewGroupName"]) from error
    return {}


async def delete_group(call: Call, params: Params) -> Answer:
    """Delete a group without users and policies.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteGroup.html
    """

    def check(group: Group, dependents: Dependents) -> None:
        if dependents.members:
            raise must_first("remove users from group")
        if group.attached_policies:
            raise must_first("detach all policies")
        if group.inline_policies:
            raise must_first("delete policies")

    if not await call.ports.iam_store.remove(Group, call.account, params["GroupName"], check):
        raise GROUP.missing(params["GroupName"])
    return {}


async def list_groups(call: Call, params: Params) -> Answer:
    """List the account's groups.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroups.html
    """
    groups, rest = await page_entities(call, GROUP, params)
    return {"Groups": [describe_entity(GROUP, group, whole=False) for group in groups], **rest}
