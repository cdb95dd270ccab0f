"""Whoever may do a little in IAM must not make it much: ways that work where a permission row is weak."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.services.aws import ACCOUNT, ADMINISTRATOR, Aws, allow, aws_at, deny, trust

DENIED = "AccessDenied"
LEASH = f"arn:aws:iam::{ACCOUNT}:policy/leash"
HAS_LEASH = {"StringEquals": {"iam:PermissionsBoundary": LEASH}}


@pytest.fixture
async def aws(tmp_path: Path) -> AsyncIterator[Aws]:
    async with aws_at(tmp_path) as made:
        yield made


async def leash(aws: Aws) -> None:
    document = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'
    await aws.do("iam:CreatePolicy", PolicyName="leash", PolicyDocument=document)


async def test_a_user_is_not_moved_to_where_more_is_allowed(aws: Aws) -> None:
    mover = await aws.user("mover", allow("iam:UpdateUser", f"arn:aws:iam::{ACCOUNT}:user/interns/*"))
    await aws.user("eve", path="/interns/")
    refused = await aws.refused("iam:UpdateUser", mover, UserName="eve", NewPath="/admins/")
    assert refused[0] == DENIED
    assert "user/admins/eve" in refused[1]
    assert (await aws.refused("iam:UpdateUser", mover, UserName="eve", NewUserName="x", NewPath="/"))[0] == DENIED
    await aws.do("iam:UpdateUser", mover, UserName="eve", NewPath="/interns/abroad/")


async def test_a_group_is_not_moved_to_where_more_is_allowed(aws: Aws) -> None:
    mover = await aws.user("mover", allow("iam:UpdateGroup", f"arn:aws:iam::{ACCOUNT}:group/interns/*"))
    await aws.do("iam:CreateGroup", GroupName="staff", Path="/interns/")
    assert (await aws.refused("iam:UpdateGroup", mover, GroupName="staff", NewPath="/admins/"))[0] == DENIED


async def test_policies_are_attached_only_to_those_on_the_leash(aws: Aws) -> None:
    """Delegated administration: "you may hand out permissions to principals that carry this boundary"."""
    await leash(aws)
    delegate = await aws.user("delegate", allow(["iam:Attach*", "iam:Put*"], Condition=HAS_LEASH))
    await aws.user("free")
    await aws.do("iam:CreateUser", UserName="held", PermissionsBoundary=LEASH)
    attach = {"PolicyArn": ADMINISTRATOR}
    assert (await aws.refused("iam:AttachUserPolicy", delegate, UserName="free", **attach))[0] == DENIED
    assert (await aws.refused("iam:AttachUserPolicy", delegate, UserName="delegate", **attach))[0] == DENIED
    await aws.do("iam:AttachUserPolicy", delegate, UserName="held", **attach)


async def test_a_leash_is_not_slipped(aws: Aws) -> None:
    await leash(aws)
    eve = await aws.user("eve", allow("iam:*"), deny("iam:Delete*Boundary", Condition=HAS_LEASH))
    await aws.do("iam:CreateUser", UserName="held", PermissionsBoundary=LEASH)
    assert (await aws.refused("iam:DeleteUserPermissionsBoundary", eve, UserName="held"))[0] == DENIED
    assert (await aws.refused("iam:DeleteUserPermissionsBoundary", eve, UserName="HELD"))[0] == DENIED


@pytest.mark.parametrize("key", ["aws:ResourceTag/guarded", "iam:ResourceTag/guarded"])
async def test_a_deny_by_the_tags_of_what_is_changed_holds(aws: Aws, key: str) -> None:
    guard = deny("iam:*", Condition={"StringEquals": {key: "yes"}})
    eve = await aws.user("eve", allow("iam:*"), guard)
    tags = [{"Key": "guarded", "Value": "yes"}]
    await aws.do("iam:CreateUser", UserName="boss", Tags=tags)
    await aws.do("iam:CreateRole", RoleName="boss", AssumeRolePolicyDocument=trust({"AWS": ACCOUNT}), Tags=tags)
    assert (await aws.refused("iam:CreateAccessKey", eve, UserName="boss"))[0] == DENIED
    assert (await aws.refused("iam:UntagUser", eve, UserName="boss", TagKeys=["guarded"]))[0] == DENIED
    trusting = {"RoleName": "boss", "PolicyDocument": trust({"AWS": eve.identity.arn})}
    assert (await aws.refused("iam:UpdateAssumeRolePolicy", eve, **trusting))[0] == DENIED
    assert (await aws.refused("iam:AttachRolePolicy", eve, RoleName="BOSS", PolicyArn=ADMINISTRATOR))[0] == DENIED
    await aws.do("iam:CreateUser", eve, UserName="intern")
    await aws.do("iam:CreateAccessKey", eve, UserName="intern")


async def test_a_role_goes_into_an_instance_profile_by_leave_to_pass_it(aws: Aws) -> None:
    await aws.role("boss", trust({"Service": "ec2.amazonaws.com"}))
    eve = await aws.user("eve", allow(["iam:CreateInstanceProfile", "iam:AddRoleToInstanceProfile"]))
    await aws.do("iam:CreateInstanceProfile", eve, InstanceProfileName="p")
    refused = await aws.refused("iam:AddRoleToInstanceProfile", eve, InstanceProfileName="p", RoleName="boss")
    assert refused[0] == DENIED
    assert "iam:PassRole" in refused[1]


async def test_a_key_named_without_its_user_is_the_caller_s_own_or_nobody_s(aws: Aws) -> None:
    own = {"Effect": "Allow", "Action": "iam:*AccessKey*", "Resource": f"arn:aws:iam::{ACCOUNT}:user/eve"}
    eve = await aws.user("eve", own)
    await aws.user("boss")
    key = (await aws.do("iam:CreateAccessKey", UserName="boss"))["AccessKey"]["AccessKeyId"]
    for operation, more in (("iam:DeleteAccessKey", {}), ("iam:UpdateAccessKey", {"Status": "Inactive"})):
        assert (await aws.refused(operation, eve, AccessKeyId=key, **more))[0] == "NoSuchEntity"
        assert (await aws.refused(operation, eve, UserName="eve", AccessKeyId=key, **more))[0] == "NoSuchEntity"
        assert (await aws.refused(operation, eve, UserName="boss", AccessKeyId=key, **more))[0] == DENIED
    assert (await aws.refused("iam:GetAccessKeyLastUsed", eve, AccessKeyId=key))[0] == DENIED


async def test_a_session_does_not_outgrow_whoever_asked_for_it(aws: Aws) -> None:
    eve = await aws.user("eve", allow("*"), deny("organizations:CreateOrganization"))
    held = await aws.holder(await aws.do("sts:GetSessionToken", eve))
    assert "explicit deny" in (await aws.refused("organizations:CreateOrganization", held))[1]
    federated = await aws.holder(await aws.do("sts:GetFederationToken", eve, Name="guest"))
    assert (await aws.refused("lambda:ListFunctions", federated))[0] == DENIED
    for session in (held, federated):
        assert (await aws.refused("iam:ListRoles", session))[0] == "InvalidClientTokenId"


async def test_a_role_that_trusts_somebody_else_is_not_assumed_by_permission_alone(aws: Aws) -> None:
    eve = await aws.user("eve", allow("sts:*"))
    boss = await aws.user("boss", allow("sts:*"))
    arn = await aws.role("r", trust({"AWS": boss.identity.arn}), allow("*"))
    assume = {"RoleArn": arn, "RoleSessionName": "session"}
    assert (await aws.refused("sts:AssumeRole", eve, **assume))[0] == DENIED
    await aws.do("sts:AssumeRole", boss, **assume)
