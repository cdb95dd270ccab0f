"""Groups of a pool's users."""

from msgspec import structs

from yett.ports.errors import AlreadyExists
from yett.rules.cognito_idp.errors import Fault, UserPoolRefused
from yett.rules.cognito_idp.groups import Group, ordered, render_group
from yett.rules.cognito_idp.limits import GROUPS_PER_USER
from yett.rules.cognito_idp.users import render_user
from yett.services.call import Call
from yett.services.cognito_idp.errors import Answer, Params, group_not_found
from yett.services.cognito_idp.lookup import decode_page, encode_page, get_pool, get_user, page_size


async def create_group(call: Call, params: Params) -> Answer:
    """Create a group.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateGroup.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    group = Group(
        name=params["GroupName"],
        created_at=call.now,
        modified_at=call.now,
        description=params.get("Description"),
        role_arn=params.get("RoleArn"),
        precedence=params.get("Precedence"),
    )
    try:
        await call.ports.user_pool_store.groups.add(pool.place, group.name, value=group)
    except AlreadyExists:
        raise UserPoolRefused(Fault.GROUP_EXISTS, "A group with the name already exists.") from None
    return {"Group": render_group(group, pool.place.pool_id)}


async def get_group(call: Call, params: Params) -> Answer:
    """Describe a group.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetGroup.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    group = await call.ports.user_pool_store.groups.find(pool.place, params["GroupName"])
    if group is None:
        raise group_not_found()
    return {"Group": render_group(group, pool.place.pool_id)}


async def update_group(call: Call, params: Params) -> Answer:
    """Change a group; what is left out stays.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateGroup.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    groups = call.ports.user_pool_store.groups
    if await groups.find(pool.place, params["GroupName"]) is None:
        raise group_not_found()

    def change(group: Group) -> Group:
        return structs.replace(
            group,
            modified_at=call.now,
            description=params.get("Description", group.description),
            role_arn=params.get("RoleArn", group.role_arn),
            precedence=params.get("Precedence", group.precedence),
        )

    changed = await groups.change(pool.place, params["GroupName"], change=change)
    return {"Group": render_group(changed, pool.place.pool_id)}


async def delete_group(call: Call, params: Params) -> Answer:
    """Delete a group; its members stay users.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteGroup.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    if not await call.ports.user_pool_store.remove_group(pool.place, params["GroupName"]):
        raise group_not_found()
    return {}


async def list_groups(call: Call, params: Params) -> Answer:
    """List the groups of a pool.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListGroups.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    size, after = page_size(params, "Limit"), decode_page(params.get("NextToken"))
    found = await call.ports.user_pool_store.groups.list(pool.place, after=after, limit=size + 1)
    answer: dict[str, object] = {"Groups": [render_group(group, pool.place.pool_id) for group in found[:size]]}
    if len(found) > size:
        answer["NextToken"] = encode_page(found[size - 1].name)
    return answer


async def admin_add_user_to_group(call: Call, params: Params) -> Answer:
    """Make a user a member of a group.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminAddUserToGroup.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    user = await get_user(call, pool, params["Username"])
    store = call.ports.user_pool_store
    if await store.groups.find(pool.place, params["GroupName"]) is None:
        raise group_not_found()
    if len(await store.groups_of(pool.place, user)) >= GROUPS_PER_USER:
        raise UserPoolRefused(Fault.LIMIT_EXCEEDED, "Maximum number of groups per user has been reached.")
    await store.add_member(pool, params["GroupName"], user)
    return {}


async def admin_remove_user_from_group(call: Call, params: Params) -> Answer:
    """Let a user be no member of a group any more.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminRemoveUserFromGroup.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    user = await get_user(call, pool, params["Username"])
    if await call.ports.user_pool_store.groups.find(pool.place, params["GroupName"]) is None:
        raise group_not_found()
    await call.ports.user_pool_store.remove_member(pool.place, params["GroupName"], user)
    return {}


async def admin_list_groups_for_user(call: Call, params: Params) -> Answer:
    """List the groups of a user, by precedence.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminListGroupsForUser.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    user = await get_user(call, pool, params["Username"])
    size, after = page_size(params, "Limit"), decode_page(params.get("NextToken"))
    groups = ordered(await call.ports.user_pool_store.groups_of(pool.place, user))
    names = [group.name for group in groups]
    start = names.index(after) + 1 if after in names else 0
    page = groups[start : start + size]
    answer: dict[str, object] = {"Groups": [render_group(group, pool.place.pool_id) for group in page]}
    if start + size < len(groups):
        answer["NextToken"] = encode_page(page[-1].name)
    return answer


async def list_users_in_group(call: Call, params: Params) -> Answer:
    """List the members of a group.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsersInGroup.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    store = call.ports.user_pool_store
    if await store.groups.find(pool.place, params["GroupName"]) is None:
        raise group_not_found()
    size, after = page_size(params, "Limit"), decode_page(params.get("NextToken"))
    found = await store.members_of(pool, params["GroupName"], after=after, limit=size + 1)
    answer: dict[str, object] = {"Users": [render_user(user) for user in found[:size]]}
    if len(found) > size:
        answer["NextToken"] = encode_page(found[size - 1].sub)
    return answer
