"""IAM by boto3 on a running server: each kind of entity from its making to its end, with AWS's refusals on the way."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.sdk.making import unique
from tests.sdk.running import RunningServer

from yett.rules.iam.limits import (
    ACCESS_KEYS_PER_USER,
    GROUP_INLINE_CHARACTERS,
    GROUPS_PER_USER,
    MANAGED_POLICIES_PER_ENTITY,
    MANAGED_POLICY_CHARACTERS,
    POLICY_VERSIONS,
    ROLE_INLINE_CHARACTERS,
    TAGS_PER_ENTITY,
    TRUST_POLICY_CHARACTERS,
    USER_INLINE_CHARACTERS,
)

READ_ONLY = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
TAG = [{"Key": "Team", "Value": "blue"}]


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trusting(principal: Any = None) -> str:
    who = principal or {"Service": "lambda.amazonaws.com"}
    return document({"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"})


def denying(*, characters: int = 0) -> str:
    """A policy; with a number, of exactly so many characters, of which none is white space."""
    statement = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))
    return text.replace('"s3:*"', f'"s3:{"x" * (characters - len(text))}*"') if characters else text


def refusal(call: Any, **params: Any) -> tuple[str, str]:
    """Code and text of the refusal that a call must come to."""
    with pytest.raises(ClientError) as refused:
        call(**params)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.fixture
def iam(running: RunningServer) -> Any:
    return running.client("iam")


@pytest.fixture
def policy_arn(iam: Any) -> str:
    """A managed policy."""
    return str(iam.create_policy(PolicyName=unique("policy"), PolicyDocument=denying())["Policy"]["Arn"])


def test_a_user_from_its_making_to_its_end(iam: Any, policy_arn: str, running: RunningServer) -> None:
    name, later = unique("User"), unique("Later")
    made = iam.create_user(UserName=name, Path="/staff/", Tags=TAG, PermissionsBoundary=READ_ONLY)["User"]
    assert made["Arn"] == f"arn:aws:iam::{running.settings.account}:user/staff/{name}"
    assert made["UserId"].startswith("AIDA")
    assert len(made["UserId"]) == 21
    assert refusal(iam.create_user, UserName=name.upper())[0] == "EntityAlreadyExists"
    iam.update_user(UserName=name.lower(), NewUserName=later, NewPath="/left/")
    found = iam.get_user(UserName=later)["User"]
    assert (found["UserId"], found["Path"], found["Tags"]) == (made["UserId"], "/left/", TAG)
    assert found["PermissionsBoundary"]["PermissionsBoundaryArn"] == READ_ONLY
    iam.delete_user_permissions_boundary(UserName=later)
    iam.put_user_permissions_boundary(UserName=later, PermissionsBoundary=policy_arn)
    assert iam.get_user(UserName=later)["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == policy_arn
    iam.tag_user(UserName=later, Tags=[{"Key": "team", "Value": "red"}])
    assert iam.list_user_tags(UserName=later)["Tags"] == [{"Key": "team", "Value": "red"}]
    iam.untag_user(UserName=later, TagKeys=["TEAM"])
    assert iam.list_user_tags(UserName=later)["Tags"] == []

    iam.put_user_policy(UserName=later, PolicyName="own", PolicyDocument=denying())
    assert iam.get_user_policy(UserName=later, PolicyName="own")["PolicyDocument"]["Statement"][0]["Action"] == "s3:*"
    assert refusal(iam.delete_user, UserName=later) == (
        "DeleteConflict",
        "Cannot delete entity, must delete policies first.",
    )
    iam.delete_user_policy(UserName=later, PolicyName="own")
    iam.attach_user_policy(UserName=later, PolicyArn=policy_arn)
    assert refusal(iam.delete_user, UserName=later) == (
        "DeleteConflict",
        "Cannot delete entity, must detach all policies first.",
    )
    iam.detach_user_policy(UserName=later, PolicyArn=policy_arn)
    key = iam.create_access_key(UserName=later)["AccessKey"]
    assert (len(key["SecretAccessKey"]), key["AccessKeyId"][:4], key["Status"]) == (40, "AKIA", "Active")
    assert refusal(iam.delete_user, UserName=later) == (
        "DeleteConflict",
        "Cannot delete entity, must delete access keys first.",
    )
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    assert (used["UserName"], used["AccessKeyLastUsed"]["ServiceName"]) == (later, "N/A")
    iam.delete_access_key(UserName=later, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=later)
    assert refusal(iam.get_user, UserName=later) == ("NoSuchEntity", f"The user with name {later} cannot be found.")


def test_a_group_from_its_making_to_its_end(iam: Any, policy_arn: str) -> None:
    name, later, user = unique("Group"), unique("Later"), unique("user")
    assert iam.create_group(GroupName=name, Path="/g/")["Group"]["GroupId"].startswith("AGPA")
    iam.create_user(UserName=user)
    iam.add_user_to_group(GroupName=name, UserName=user)
    iam.update_group(GroupName=name, NewGroupName=later)
    assert [each["UserName"] for each in iam.get_group(GroupName=later)["Users"]] == [user]
    assert [each["GroupName"] for each in iam.list_groups_for_user(UserName=user)["Groups"]] == [later]
    iam.put_group_policy(GroupName=later, PolicyName="own", PolicyDocument=denying())
    assert iam.get_group_policy(GroupName=later, PolicyName="own")["GroupName"] == later
    iam.attach_group_policy(GroupName=later, PolicyArn=policy_arn)
    for undo in (
        lambda: iam.remove_user_from_group(GroupName=later, UserName=user),
        lambda: iam.delete_group_policy(GroupName=later, PolicyName="own"),
        lambda: iam.detach_group_policy(GroupName=later, PolicyArn=policy_arn),
    ):
        assert refusal(iam.delete_group, GroupName=later)[0] == "DeleteConflict"
        undo()
    iam.delete_group(GroupName=later)
    assert refusal(iam.get_group, GroupName=later)[0] == "NoSuchEntity"


def test_a_role_from_its_making_to_its_end(iam: Any, policy_arn: str, running: RunningServer) -> None:
    name, profile = unique("Role"), unique("profile")
    made = iam.create_role(
        RoleName=name,
        Path="/service/",
        AssumeRolePolicyDocument=trusting(),
        Description="first",
        MaxSessionDuration=7200,
        PermissionsBoundary=policy_arn,
        Tags=TAG,
    )["Role"]
    assert made["Arn"] == f"arn:aws:iam::{running.settings.account}:role/service/{name}"
    assert refusal(iam.create_role, RoleName=name.lower(), AssumeRolePolicyDocument=trusting())[0] == (
        "EntityAlreadyExists"
    )
    found = iam.get_role(RoleName=name)["Role"]
    assert (found["RoleId"], found["MaxSessionDuration"], found["Tags"]) == (made["RoleId"], 7200, TAG)
    iam.update_role(RoleName=name, Description="second", MaxSessionDuration=3600)
    assert iam.update_role_description(RoleName=name, Description="third")["Role"]["Description"] == "third"
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trusting({"AWS": running.settings.account}))
    principal = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
    assert principal == {"AWS": f"arn:aws:iam::{running.settings.account}:root"}
    iam.delete_role_permissions_boundary(RoleName=name)
    iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=READ_ONLY)
    iam.tag_role(RoleName=name, Tags=[{"Key": "a", "Value": "1"}])
    iam.untag_role(RoleName=name, TagKeys=["team"])
    assert iam.list_role_tags(RoleName=name)["Tags"] == [{"Key": "a", "Value": "1"}]
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=denying())
    assert iam.get_role_policy(RoleName=name, PolicyName="own")["PolicyName"] == "own"
    iam.attach_role_policy(RoleName=name, PolicyArn=policy_arn)

    iam.create_instance_profile(InstanceProfileName=profile, Path="/p/", Tags=TAG)
    iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=name)
    second = refusal(iam.add_role_to_instance_profile, InstanceProfileName=profile, RoleName=name)
    assert second == ("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
    iam.tag_instance_profile(InstanceProfileName=profile, Tags=[{"Key": "b", "Value": "2"}])
    iam.untag_instance_profile(InstanceProfileName=profile, TagKeys=["Team"])
    shown = iam.get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]
    assert ([each["RoleName"] for each in shown["Roles"]], shown["Tags"]) == ([name], [{"Key": "b", "Value": "2"}])
    assert refusal(iam.delete_instance_profile, InstanceProfileName=profile)[0] == "DeleteConflict"
    for undo in (
        lambda: iam.delete_role_policy(RoleName=name, PolicyName="own"),
        lambda: iam.detach_role_policy(RoleName=name, PolicyArn=policy_arn),
        lambda: iam.remove_role_from_instance_profile(InstanceProfileName=profile, RoleName=name),
    ):
        assert refusal(iam.delete_role, RoleName=name)[0] == "DeleteConflict"
        undo()
    iam.delete_instance_profile(InstanceProfileName=profile)
    iam.delete_role(RoleName=name)
    assert refusal(iam.get_role, RoleName=name) == ("NoSuchEntity", f"The role with name {name} cannot be found.")


def test_a_managed_policy_from_its_making_to_its_end(iam: Any) -> None:
    name, user = unique("Policy"), unique("user")
    made = iam.create_policy(PolicyName=name, Path="/p/", PolicyDocument=denying(), Description="d", Tags=TAG)["Policy"]
    arn = made["Arn"]
    assert (made["PolicyId"][:4], made["DefaultVersionId"], made["AttachmentCount"]) == ("ANPA", "v1", 0)
    assert refusal(iam.create_policy, PolicyName=name.upper(), PolicyDocument=denying())[0] == "EntityAlreadyExists"
    version = iam.create_policy_version(PolicyArn=arn, PolicyDocument=denying())["PolicyVersion"]
    assert (version["VersionId"], version["IsDefaultVersion"]) == ("v2", False)
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v2")
    shown = iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]
    assert (shown["IsDefaultVersion"], shown["Document"]["Statement"][0]["Effect"]) == (True, "Deny")
    assert refusal(iam.delete_policy_version, PolicyArn=arn, VersionId="v2")[0] == "DeleteConflict"
    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "a", "Value": "1"}])
    iam.untag_policy(PolicyArn=arn, TagKeys=["Team"])
    assert iam.list_policy_tags(PolicyArn=arn)["Tags"] == [{"Key": "a", "Value": "1"}]
    iam.create_user(UserName=user, PermissionsBoundary=arn)
    found = iam.get_policy(PolicyArn=arn)["Policy"]
    assert (found["PermissionsBoundaryUsageCount"], found["DefaultVersionId"]) == (1, "v2")
    assert refusal(iam.delete_policy, PolicyArn=arn)[0] == "DeleteConflict"  # it has a version more, and is in use
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    assert refusal(iam.delete_policy, PolicyArn=arn)[0] == "DeleteConflict"
    iam.delete_user(UserName=user)
    iam.delete_policy(PolicyArn=arn)
    assert refusal(iam.get_policy, PolicyArn=arn) == ("NoSuchEntity", f"Policy {arn} was not found.")


def test_a_provider_from_its_making_to_its_end(iam: Any, running: RunningServer) -> None:
    host = f"{unique('provider')}.example.com"
    arn = iam.create_open_id_connect_provider(Url=f"https://{host}/", ClientIDList=["one"])["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::{running.settings.account}:oidc-provider/{host}/"
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="two")
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="one")
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=["a" * 40])
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=TAG)
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert (found["ClientIDList"], found["ThumbprintList"], found["Tags"]) == (["two"], ["a" * 40], TAG)
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=arn, TagKeys=["Team"])
    assert {"Arn": arn} in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert refusal(iam.get_open_id_connect_provider, OpenIDConnectProviderArn=arn)[0] == "NoSuchEntity"


def test_a_device_from_its_making_to_its_end(iam: Any) -> None:
    name = unique("device")
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName=name, Tags=TAG)["VirtualMFADevice"]["SerialNumber"]
    iam.tag_mfa_device(SerialNumber=serial, Tags=[{"Key": "a", "Value": "1"}])
    iam.untag_mfa_device(SerialNumber=serial, TagKeys=["Team"])
    assert iam.list_mfa_device_tags(SerialNumber=serial)["Tags"] == [{"Key": "a", "Value": "1"}]
    assert refusal(iam.get_mfa_device, SerialNumber=serial, **make(iam, "User"))[0] == "NoSuchEntity"  # nobody's yet
    iam.delete_virtual_mfa_device(SerialNumber=serial)
    assert refusal(iam.list_mfa_device_tags, SerialNumber=serial)[0] == "NoSuchEntity"


def test_the_account_has_an_alias_and_a_summary(iam: Any) -> None:
    alias = unique("alias")
    iam.create_account_alias(AccountAlias=alias)
    assert iam.list_account_aliases()["AccountAliases"] == [alias]
    iam.delete_account_alias(AccountAlias=alias)
    before = iam.get_account_summary()["SummaryMap"]
    iam.create_user(UserName=unique("counted"))
    after = iam.get_account_summary()["SummaryMap"]
    assert after["Users"] == before["Users"] + 1
    assert (after["AccessKeysPerUserQuota"], after["VersionsPerPolicyQuota"]) == (ACCESS_KEYS_PER_USER, POLICY_VERSIONS)


# -- limits
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html


@pytest.mark.parametrize("kind", ["User", "Group", "Role"])
def test_ten_managed_policies_are_attached_at_most(iam: Any, kind: str) -> None:
    named = make(iam, kind)
    attach = getattr(iam, f"attach_{kind.lower()}_policy")
    arns = [
        iam.create_policy(PolicyName=unique("many"), PolicyDocument=denying())["Policy"]["Arn"]
        for _ in range(MANAGED_POLICIES_PER_ENTITY + 1)
    ]
    for arn in arns[:-1]:
        attach(**named, PolicyArn=arn)
    assert refusal(attach, **named, PolicyArn=arns[-1]) == (
        "LimitExceeded",
        f"Cannot exceed quota for PoliciesPer{kind}: {MANAGED_POLICIES_PER_ENTITY}",
    )


@pytest.mark.parametrize(
    ("kind", "most"),
    [("User", USER_INLINE_CHARACTERS), ("Group", GROUP_INLINE_CHARACTERS), ("Role", ROLE_INLINE_CHARACTERS)],
)
def test_inline_policies_have_a_size_together(iam: Any, kind: str, most: int) -> None:
    named = make(iam, kind)
    put = getattr(iam, f"put_{kind.lower()}_policy")
    half = most // 2
    put(**named, PolicyName="a", PolicyDocument=denying(characters=half))
    spaced = json.dumps(json.loads(denying(characters=most - half)), indent=8)  # white space does not count
    put(**named, PolicyName="b", PolicyDocument=spaced)
    assert refusal(put, **named, PolicyName="b", PolicyDocument=denying(characters=most - half + 1)) == (
        "LimitExceeded",
        f"Maximum policy size of {most} bytes exceeded for {kind.lower()} {next(iter(named.values()))}",
    )


def test_a_managed_policy_has_a_size_and_five_versions(iam: Any, policy_arn: str) -> None:
    too_large = denying(characters=MANAGED_POLICY_CHARACTERS + 1)
    expected = ("LimitExceeded", f"Cannot exceed quota for PolicySize: {MANAGED_POLICY_CHARACTERS}")
    assert refusal(iam.create_policy, PolicyName=unique("large"), PolicyDocument=too_large) == expected
    assert refusal(iam.create_policy_version, PolicyArn=policy_arn, PolicyDocument=too_large) == expected
    for _ in range(POLICY_VERSIONS - 1):
        iam.create_policy_version(PolicyArn=policy_arn, PolicyDocument=denying(characters=MANAGED_POLICY_CHARACTERS))
    code, message = refusal(iam.create_policy_version, PolicyArn=policy_arn, PolicyDocument=denying())
    assert code == "LimitExceeded"
    assert message.startswith("A managed policy can have up to 5 versions.")


def test_a_trust_policy_has_a_size(iam: Any) -> None:
    principals = [f"{number:012}" for number in range(1, TRUST_POLICY_CHARACTERS // 12)]
    code, message = refusal(
        iam.create_role, RoleName=unique("role"), AssumeRolePolicyDocument=trusting({"AWS": principals})
    )
    assert (code, message) == (
        "LimitExceeded",
        f"Cannot exceed quota for ACLSizePerRole: {TRUST_POLICY_CHARACTERS}",
    )


def test_a_user_has_two_access_keys_and_ten_groups(iam: Any) -> None:
    named = make(iam, "User")
    for _ in range(ACCESS_KEYS_PER_USER):
        iam.create_access_key(**named)
    assert refusal(iam.create_access_key, **named) == (
        "LimitExceeded",
        f"Cannot exceed quota for AccessKeysPerUser: {ACCESS_KEYS_PER_USER}",
    )
    for _ in range(GROUPS_PER_USER):
        iam.add_user_to_group(**named, **make(iam, "Group"))
    assert refusal(iam.add_user_to_group, **named, **make(iam, "Group")) == (
        "LimitExceeded",
        f"Cannot exceed quota for GroupsPerUser: {GROUPS_PER_USER}",
    )


@pytest.mark.parametrize("kind", ["User", "Role"])
def test_fifty_tags_and_keys_that_differ_in_more_than_case(iam: Any, kind: str) -> None:
    named = make(iam, kind)
    tag = getattr(iam, f"tag_{kind.lower()}")
    tag(**named, Tags=[{"Key": str(number), "Value": ""} for number in range(TAGS_PER_ENTITY)])
    code, message = refusal(tag, **named, Tags=[{"Key": "more", "Value": ""}])
    assert (code, message) == ("LimitExceeded", f"Cannot exceed quota for TagsPer{kind}: {TAGS_PER_ENTITY}")
    twice = [{"Key": "a", "Value": ""}, {"Key": "A", "Value": ""}]
    assert refusal(tag, **named, Tags=twice) == (
        "InvalidInput",
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    )


@pytest.mark.parametrize(
    ("operation", "params", "at"),
    [
        ("create_user", {"UserName": "u" * 65}, "userName"),
        ("create_user", {"UserName": "no/slash"}, "userName"),
        ("create_group", {"GroupName": "g" * 129}, "groupName"),
        ("create_role", {"RoleName": "r" * 65, "AssumeRolePolicyDocument": "{}"}, "roleName"),
        ("create_policy", {"PolicyName": "p" * 129, "PolicyDocument": "{}"}, "policyName"),
        ("create_user", {"UserName": "u", "Path": "no-slash"}, "path"),
        ("create_user", {"UserName": "u", "Path": f"/{'p' * 511}/"}, "path"),
    ],
)
def test_names_and_paths_are_bounded(iam: Any, operation: str, params: dict[str, str], at: str) -> None:
    code, message = refusal(getattr(iam, operation), **params)
    assert code == "ValidationError"
    assert f"at '{at}' failed to satisfy constraint" in message


def make(iam: Any, kind: str) -> dict[str, str]:
    """A new user, group or role; the parameter that names it."""
    name = unique(kind)
    more = {"AssumeRolePolicyDocument": trusting()} if kind == "Role" else {}
    getattr(iam, f"create_{kind.lower()}")(**{f"{kind}Name": name}, **more)
    return {f"{kind}Name": name}
