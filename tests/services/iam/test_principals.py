import json
from urllib.parse import unquote

from tests.services.aws import ACCOUNT, Aws, allow, trust

SESSION = {"RoleSessionName": "session"}


async def shown(aws: Aws, name: str = "r") -> object:
    """The principals of the role's trust policy, as the API shows them everywhere alike."""
    got = (await aws.do("iam:GetRole", RoleName=name))["Role"]["AssumeRolePolicyDocument"]
    listed = {each["RoleName"]: each for each in (await aws.do("iam:ListRoles"))["Roles"]}
    assert listed[name]["AssumeRolePolicyDocument"] == got
    return json.loads(unquote(got))["Statement"][0]["Principal"]["AWS"]


async def unique_id(aws: Aws, name: str) -> str:
    return str((await aws.do("iam:GetUser", UserName=name))["User"]["UserId"])


async def delete(aws: Aws, name: str) -> None:
    for key in (await aws.do("iam:ListAccessKeys", UserName=name))["AccessKeyMetadata"]:
        await aws.do("iam:DeleteAccessKey", UserName=name, AccessKeyId=key["AccessKeyId"])
    await aws.do("iam:DeleteUserPolicy", UserName=name, PolicyName="own")
    await aws.do("iam:DeleteUser", UserName=name)


async def test_another_user_of_the_same_name_has_not_the_grant(aws: Aws) -> None:
    alice = await aws.user("alice", allow("iam:ListUsers"))
    role = await aws.role("r", trust({"AWS": alice.identity.arn}))
    await aws.do("sts:AssumeRole", alice, RoleArn=role, **SESSION)
    assert await shown(aws) == alice.identity.arn
    first = await unique_id(aws, "alice")
    await delete(aws, "alice")
    assert await shown(aws) == first
    other = await aws.user("alice", allow("iam:ListUsers"))
    assert other.identity.arn == alice.identity.arn
    assert await shown(aws) == first
    code, _ = await aws.refused("sts:AssumeRole", other, RoleArn=role, **SESSION)
    assert code == "AccessDenied"
    # What is shown of somebody who is gone cannot be kept again; the ARN means the one who lives.
    assert await aws.refused("iam:UpdateAssumeRolePolicy", RoleName="r", PolicyDocument=trust({"AWS": first})) == (
        "MalformedPolicyDocument",
        f'Invalid principal in policy: "AWS":"{first}"',
    )
    await aws.do("iam:UpdateAssumeRolePolicy", RoleName="r", PolicyDocument=trust({"AWS": other.identity.arn}))
    await aws.do("sts:AssumeRole", other, RoleArn=role, **SESSION)


async def test_a_renamed_user_keeps_the_grant_and_is_shown_by_the_new_name(aws: Aws) -> None:
    alice = await aws.user("alice", allow("iam:ListUsers"))
    role = await aws.role("r", trust({"AWS": [alice.identity.arn, f"arn:aws:iam::{ACCOUNT}:root"]}))
    await aws.do("iam:UpdateUser", UserName="alice", NewUserName="ann", NewPath="/x/")
    assert await shown(aws) == [f"arn:aws:iam::{ACCOUNT}:user/x/ann", f"arn:aws:iam::{ACCOUNT}:root"]
    key = (await aws.do("iam:CreateAccessKey", UserName="ann"))["AccessKey"]
    await aws.do("sts:AssumeRole", await aws.resolve(key["AccessKeyId"]), RoleArn=role, **SESSION)


async def test_a_role_made_again_is_another(aws: Aws) -> None:
    alice = await aws.user("alice", allow("sts:AssumeRole"))
    first = await aws.role("first", trust({"AWS": alice.identity.arn}), allow("sts:AssumeRole"))
    role = await aws.role("r", trust({"AWS": first}))
    session = await aws.holder(await aws.do("sts:AssumeRole", alice, RoleArn=first, **SESSION))
    await aws.do("sts:AssumeRole", session, RoleArn=role, **SESSION)
    await aws.do("iam:DeleteRolePolicy", RoleName="first", PolicyName="own")
    await aws.do("iam:DeleteRole", RoleName="first")
    await aws.role("first", trust({"AWS": alice.identity.arn}))
    session = await aws.holder(await aws.do("sts:AssumeRole", alice, RoleArn=first, **SESSION))
    code, _ = await aws.refused("sts:AssumeRole", session, RoleArn=role, **SESSION)
    assert code == "AccessDenied"


async def test_principals_of_every_account_that_is_kept_here_must_exist(aws: Aws) -> None:
    await aws.do("organizations:CreateOrganization", FeatureSet="ALL")
    await aws.do("organizations:CreateAccount", AccountName="dev", Email="dev@example.com")
    accounts = (await aws.do("organizations:ListAccounts"))["Accounts"]
    member = next(each["Id"] for each in accounts if each["Id"] != ACCOUNT)
    there = f"arn:aws:iam::{member}:role/OrganizationAccountAccessRole"
    await aws.role("r", trust({"AWS": [there, "arn:aws:iam::999999999999:user/elsewhere"]}))
    assert await shown(aws) == [there, "arn:aws:iam::999999999999:user/elsewhere"]
    nobody = f"arn:aws:iam::{member}:user/nobody"
    assert await aws.refused("iam:CreateRole", RoleName="s", AssumeRolePolicyDocument=trust({"AWS": nobody})) == (
        "MalformedPolicyDocument",
        f'Invalid principal in policy: "AWS":"{nobody}"',
    )
