from typing import Any
from urllib.parse import unquote

from tests.services.aws import ACCOUNT, ADMINISTRATOR, Aws, allow, policy, trust

LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
LOCAL = ["User", "Group", "Role", "LocalManagedPolicy"]


async def details(aws: Aws, **asked: Any) -> dict[str, Any]:
    return await aws.do("iam:GetAccountAuthorizationDetails", **asked)


async def some_of_everything(aws: Aws) -> None:
    await aws.user("alice", allow("s3:*"))
    await aws.user("bob")
    await aws.do("iam:CreateGroup", GroupName="team")
    await aws.do("iam:AddUserToGroup", GroupName="team", UserName="alice")
    await aws.do("iam:AttachGroupPolicy", GroupName="team", PolicyArn=ADMINISTRATOR)
    await aws.role("r", trust({"AWS": f"arn:aws:iam::{ACCOUNT}:user/alice"}), allow("*"))
    await aws.do("iam:CreateInstanceProfile", InstanceProfileName="profile")
    await aws.do("iam:AddRoleToInstanceProfile", InstanceProfileName="profile", RoleName="r")
    await aws.do("iam:CreatePolicy", PolicyName="reads", PolicyDocument=policy(allow("s3:Get*")))


async def test_everything_stands_with_its_policies(aws: Aws) -> None:
    await some_of_everything(aws)
    found = await details(aws, MaxItems=1000)
    assert found["IsTruncated"] is False
    alice, bob = found["UserDetailList"]
    assert (alice["UserName"], alice["GroupList"]) == ("alice", ["team"])
    assert unquote(alice["UserPolicyList"][0]["PolicyDocument"]) == policy(allow("s3:*"))
    assert (bob["UserPolicyList"], bob["AttachedManagedPolicies"]) == ([], [])
    (team,) = found["GroupDetailList"]
    assert team["AttachedManagedPolicies"] == [{"PolicyName": "AdministratorAccess", "PolicyArn": ADMINISTRATOR}]
    (role,) = found["RoleDetailList"]
    assert "user/alice" in unquote(role["AssumeRolePolicyDocument"])
    assert [each["InstanceProfileName"] for each in role["InstanceProfileList"]] == ["profile"]
    assert "MaxSessionDuration" not in role
    policies = {each["PolicyName"]: each for each in found["Policies"]}
    (version,) = policies["reads"]["PolicyVersionList"]
    assert unquote(version["Document"]) == policy(allow("s3:Get*"))
    assert policies["AdministratorAccess"]["AttachmentCount"] == 1


async def test_pages_join_without_gap_or_repeat(aws: Aws) -> None:
    await some_of_everything(aws)
    whole = await details(aws, Filter=LOCAL)
    for size in (1, 2, 3, 5):
        joined: dict[str, list[Any]] = {name: [] for name in LISTS}
        asked: dict[str, Any] = {}
        while True:
            page = await details(aws, Filter=LOCAL, MaxItems=size, **asked)
            assert sum(len(page[name]) for name in LISTS) <= size
            for name in LISTS:
                joined[name] += page[name]
            if not page["IsTruncated"]:
                break
            asked = {"Marker": page["Marker"]}
        assert joined == {name: whole[name] for name in LISTS}


async def test_a_filter_leaves_the_rest_out(aws: Aws) -> None:
    await some_of_everything(aws)
    found = await details(aws, Filter=["Role", "LocalManagedPolicy"])
    assert [len(found[name]) for name in LISTS] == [0, 0, 1, 1]
    marker = (await details(aws, Filter=["User"], MaxItems=1))["Marker"]
    code, _ = await aws.refused("iam:GetAccountAuthorizationDetails", Filter=["Role"], Marker=marker)
    assert code == "ValidationError"
