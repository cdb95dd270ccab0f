import pytest
from tests.services.cognito_idp.test_auth import refused
from tests.services.cognito_idp.world import World


async def test_groups_are_made_changed_listed_and_deleted(world: World) -> None:
    pool_id = await world.pool()
    await world.user(pool_id)
    for name in ("staff", "staff/night"):
        await world.do("CreateGroup", UserPoolId=pool_id, GroupName=name)
        await world.do("AdminAddUserToGroup", UserPoolId=pool_id, GroupName=name, Username="ann")
    with refused("GroupExistsException", "A group with the name already exists."):
        await world.do("CreateGroup", UserPoolId=pool_id, GroupName="staff")
    changed = await world.do("UpdateGroup", UserPoolId=pool_id, GroupName="staff/night", Precedence=1)
    assert changed["Group"]["Precedence"] == 1
    listed = await world.do("AdminListGroupsForUser", UserPoolId=pool_id, Username="ann")
    assert [group["GroupName"] for group in listed["Groups"]] == ["staff/night", "staff"]
    await world.do("DeleteGroup", UserPoolId=pool_id, GroupName="staff")
    members = await world.do("ListUsersInGroup", UserPoolId=pool_id, GroupName="staff/night")
    assert [user["Username"] for user in members["Users"]] == ["ann"]
    await world.do("CreateGroup", UserPoolId=pool_id, GroupName="staff")  # the name again, without its members
    assert (await world.do("ListUsersInGroup", UserPoolId=pool_id, GroupName="staff"))["Users"] == []
    await world.do("AdminRemoveUserFromGroup", UserPoolId=pool_id, GroupName="staff/night", Username="ann")
    assert (await world.do("AdminListGroupsForUser", UserPoolId=pool_id, Username="ann"))["Groups"] == []


@pytest.mark.parametrize("operation", ["AdminAddUserToGroup", "AdminRemoveUserFromGroup"])
async def test_a_group_that_is_not_there_is_named_as_missing(world: World, operation: str) -> None:
    pool_id = await world.pool()
    await world.user(pool_id)
    with refused("ResourceNotFoundException", "Group not found."):
        await world.do(operation, UserPoolId=pool_id, GroupName="none", Username="ann")
