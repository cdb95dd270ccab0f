import pytest
from tests.services.aws import ACCOUNT, ADMINISTRATOR, START, Aws, allow, policy


async def test_a_user_is_described_as_it_was_made(aws: Aws) -> None:
    made = await aws.do("iam:CreateUser", UserName="Alice", Path="/x/", Tags=[{"Key": "a", "Value": "1"}])
    user = made["User"]
    assert user["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/x/Alice"
    assert user["UserId"].startswith("AIDA")
    assert len(user["UserId"]) == 21
    assert user["CreateDate"] == START
    assert await aws.do("iam:GetUser", UserName="alice") == made
    listed = (await aws.do("iam:ListUsers"))["Users"]
    assert listed == [{name: value for name, value in user.items() if name != "Tags"}]


async def test_without_a_name_the_caller_is_described(aws: Aws) -> None:
    alice = await aws.user("alice", allow("iam:GetUser", f"arn:aws:iam::{ACCOUNT}:user/alice"))
    assert (await aws.do("iam:GetUser", alice))["User"]["UserName"] == "alice"
    root = (await aws.do("iam:GetUser"))["User"]
    assert root["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"


async def test_names_are_taken_whatever_their_case(aws: Aws) -> None:
    await aws.do("iam:CreateUser", UserName="alice")
    expected = ("EntityAlreadyExists", "User with name ALICE already exists.")
    assert await aws.refused("iam:CreateUser", UserName="ALICE") == expected
    await aws.do("iam:CreateUser", UserName="bob")
    assert await aws.refused("iam:UpdateUser", UserName="bob", NewUserName="ALICE") == expected


async def test_a_missing_user_is_named(aws: Aws) -> None:
    for operation in ("GetUser", "DeleteUser", "ListUserPolicies", "ListUserTags", "ListGroupsForUser"):
        assert await aws.refused(f"iam:{operation}", UserName="x") == (
            "NoSuchEntity",
            "The user with name x cannot be found.",
        )


async def test_a_user_goes_when_it_holds_on_to_nothing(aws: Aws) -> None:
    await aws.user("alice", allow("s3:*"))
    await aws.do("iam:CreateGroup", GroupName="g")
    await aws.do("iam:AddUserToGroup", UserName="alice", GroupName="g")
    await aws.do("iam:AttachUserPolicy", UserName="alice", PolicyArn=ADMINISTRATOR)
    key = (await aws.do("iam:ListAccessKeys", UserName="alice"))["AccessKeyMetadata"][0]["AccessKeyId"]
    for what, operation, params in (
        ("remove users from group", "RemoveUserFromGroup", {"GroupName": "g"}),
        ("detach all policies", "DetachUserPolicy", {"PolicyArn": ADMINISTRATOR}),
        ("delete policies", "DeleteUserPolicy", {"PolicyName": "own"}),
        ("delete access keys", "DeleteAccessKey", {"AccessKeyId": key}),
    ):
        assert await aws.refused("iam:DeleteUser", UserName="alice") == (
            "DeleteConflict",
            f"Cannot delete entity, must {what} first.",
        )
        await aws.do(f"iam:{operation}", UserName="alice", **params)
    await aws.do("iam:DeleteUser", UserName="alice")


async def test_groups_are_joined_left_and_listed(aws: Aws) -> None:
    await aws.do("iam:CreateUser", UserName="alice")
    for number in range(11):
        await aws.do("iam:CreateGroup", GroupName=f"g{number}")
    for number in [*range(10), 0]:
        await aws.do("iam:AddUserToGroup", UserName="alice", GroupName=f"G{number}")
    assert await aws.refused("iam:AddUserToGroup", UserName="alice", GroupName="g10") == (
        "LimitExceeded",
        "Cannot exceed quota for GroupsPerUser: 10",
    )
    await aws.do("iam:RemoveUserFromGroup", UserName="alice", GroupName="g0")
    groups = (await aws.do("iam:ListGroupsForUser", UserName="alice"))["Groups"]
    assert [group["GroupName"] for group in groups] == [f"g{number}" for number in range(1, 10)]
    users = (await aws.do("iam:GetGroup", GroupName="g1"))["Users"]
    assert [user["UserName"] for user in users] == ["alice"]


async def test_pages_lead_to_the_end(aws: Aws) -> None:
    names = ["Anna", "bert", "Carl", "dora", "Emil"]
    for name in names:
        await aws.do("iam:CreateUser", UserName=name, Path="/p/")
    found: list[str] = []
    marker: dict[str, str] = {}
    while True:
        page = await aws.do("iam:ListUsers", MaxItems=2, PathPrefix="/p/", **marker)
        found += [user["UserName"] for user in page["Users"]]
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page["Marker"]}
    assert found == names
    for marker_of_ours in ("§", "AA==", "eA=="):  # no base 64; U+0000; none of ours
        code, _ = await aws.refused("iam:ListGroupsForUser", UserName="Anna", Marker=marker_of_ours)
        assert code == "ValidationError"


async def test_who_may_is_asked_with_the_path(aws: Aws) -> None:
    alice = await aws.user("alice", allow("iam:*", f"arn:aws:iam::{ACCOUNT}:user/dev/*"))
    await aws.do("iam:CreateUser", alice, UserName="bob", Path="/dev/")
    await aws.do("iam:DeleteUser", alice, UserName="bob")
    code, message = await aws.refused("iam:DeleteUser", alice, UserName="alice")
    assert code == "AccessDenied"
    assert f"iam:DeleteUser on resource: arn:aws:iam::{ACCOUNT}:user/alice" in message
    assert (await aws.refused("iam:CreateUser", alice, UserName="bob"))[0] == "AccessDenied"


@pytest.mark.parametrize("count", [51])
async def test_tags_are_bounded(aws: Aws, count: int) -> None:
    tags = [{"Key": f"k{number}", "Value": "v"} for number in range(count)]
    await aws.do("iam:CreateUser", UserName="alice", Tags=tags[:50])
    code, _ = await aws.refused("iam:TagUser", UserName="alice", Tags=tags[50:])
    assert code == "LimitExceeded"


async def test_what_one_account_has_another_does_not_see(aws: Aws) -> None:
    await aws.do("iam:CreateUser", UserName="alice")
    other = await aws.ports.callers.root("999999999999")
    assert (await aws.do("iam:ListUsers", other))["Users"] == []
    await aws.do("iam:CreateUser", other, UserName="alice")
    assert (await aws.refused("iam:DeletePolicy", other, PolicyArn=await own_policy(aws)))[0] == "AccessDenied"


async def own_policy(aws: Aws) -> str:
    made = await aws.do("iam:CreatePolicy", PolicyName="p", PolicyDocument=policy(allow("s3:*")))
    return str(made["Policy"]["Arn"])
