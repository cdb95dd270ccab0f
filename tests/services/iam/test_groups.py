from tests.services.aws import ADMINISTRATOR, Aws


async def test_a_group_goes_when_it_is_empty(aws: Aws) -> None:
    await aws.do("iam:CreateUser", UserName="alice")
    await aws.do("iam:CreateGroup", GroupName="g")
    await aws.do("iam:AddUserToGroup", UserName="alice", GroupName="g")
    await aws.do("iam:AttachGroupPolicy", GroupName="g", PolicyArn=ADMINISTRATOR)
    assert "remove users" in (await aws.refused("iam:DeleteGroup", GroupName="g"))[1]
    await aws.do("iam:RemoveUserFromGroup", UserName="alice", GroupName="g")
    assert "detach all policies" in (await aws.refused("iam:DeleteGroup", GroupName="g"))[1]
    await aws.do("iam:DetachGroupPolicy", GroupName="g", PolicyArn=ADMINISTRATOR)
    await aws.do("iam:DeleteGroup", GroupName="g")
    assert (await aws.do("iam:ListGroups"))["Groups"] == []


async def test_a_renamed_group_keeps_its_users(aws: Aws) -> None:
    await aws.do("iam:CreateUser", UserName="alice")
    await aws.do("iam:CreateGroup", GroupName="g")
    await aws.do("iam:AddUserToGroup", UserName="alice", GroupName="g")
    await aws.do("iam:UpdateGroup", GroupName="g", NewGroupName="h", NewPath="/x/")
    found = await aws.do("iam:GetGroup", GroupName="h")
    assert found["Group"]["Path"] == "/x/"
    assert [user["UserName"] for user in found["Users"]] == ["alice"]
