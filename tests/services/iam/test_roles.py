import json
from urllib.parse import unquote

import pytest
from tests.services.aws import ACCOUNT, Aws, allow, policy, trust

LAMBDA = trust({"Service": "lambda.amazonaws.com"})


async def test_a_role_is_described_with_its_document_percent_encoded(aws: Aws) -> None:
    made = (
        await aws.do(
            "iam:CreateRole", RoleName="r", Path="/p/", AssumeRolePolicyDocument=LAMBDA, MaxSessionDuration=7200
        )
    )["Role"]
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/p/r"
    assert "{" not in made["AssumeRolePolicyDocument"]
    assert unquote(made["AssumeRolePolicyDocument"]) == LAMBDA
    got = (await aws.do("iam:GetRole", RoleName="R"))["Role"]
    assert got == {**made, "RoleLastUsed": {}}
    assert (await aws.do("iam:ListRoles"))["Roles"] == [made]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "This policy contains invalid Json"),
        (
            policy({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*"}),
            "Has prohibited field Resource.",
        ),
        (
            trust({"AWS": f"arn:aws:iam::{ACCOUNT}:user/nobody"}),
            f'Invalid principal in policy: "AWS":"arn:aws:iam::{ACCOUNT}:user/nobody"',
        ),
    ],
)
async def test_what_is_no_trust_policy_is_refused(aws: Aws, document: str, message: str) -> None:
    expected = ("MalformedPolicyDocument", message)
    assert await aws.refused("iam:CreateRole", RoleName="r", AssumeRolePolicyDocument=document) == expected
    await aws.role("there", LAMBDA)
    assert await aws.refused("iam:UpdateAssumeRolePolicy", RoleName="there", PolicyDocument=document) == expected


async def test_a_long_trust_policy_is_refused(aws: Aws) -> None:
    condition = {"StringEquals": {"sts:ExternalId": "x" * 2048}}
    assert await aws.refused(
        "iam:CreateRole", RoleName="r", AssumeRolePolicyDocument=trust({"AWS": ACCOUNT}, Condition=condition)
    ) == ("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")


async def test_principals_of_the_account_must_exist_and_others_may(aws: Aws) -> None:
    await aws.user("alice", path="/x/")
    arns = [
        f"arn:aws:iam::{ACCOUNT}:user/x/alice",
        "arn:aws:iam::999999999999:role/any",
        f"arn:aws:iam::{ACCOUNT}:root",
    ]
    await aws.role("r", trust({"AWS": arns}))
    await aws.role("s", trust({"AWS": [f"arn:aws:sts::{ACCOUNT}:assumed-role/r/session"]}))


async def test_what_is_updated_is_seen(aws: Aws) -> None:
    await aws.role("r", LAMBDA)
    await aws.do("iam:UpdateRole", RoleName="r", Description="new", MaxSessionDuration=43200)
    role = (await aws.do("iam:GetRole", RoleName="r"))["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("new", 43200)
    described = await aws.do("iam:UpdateRoleDescription", RoleName="r", Description="newer")
    assert described["Role"]["Description"] == "newer"


async def test_a_role_goes_when_nothing_holds_it(aws: Aws) -> None:
    await aws.role("r", LAMBDA, allow("s3:*"))
    await aws.do("iam:CreateInstanceProfile", InstanceProfileName="p")
    await aws.do("iam:AddRoleToInstanceProfile", InstanceProfileName="p", RoleName="r")
    assert "instance profile" in (await aws.refused("iam:DeleteRole", RoleName="r"))[1]
    listed = await aws.do("iam:ListInstanceProfilesForRole", RoleName="r")
    assert [each["InstanceProfileName"] for each in listed["InstanceProfiles"]] == ["p"]
    assert "instance profile" in (await aws.refused("iam:DeleteInstanceProfile", InstanceProfileName="p"))[1]
    await aws.do("iam:RemoveRoleFromInstanceProfile", InstanceProfileName="p", RoleName="r")
    await aws.do("iam:DeleteInstanceProfile", InstanceProfileName="p")
    assert "delete policies" in (await aws.refused("iam:DeleteRole", RoleName="r"))[1]
    await aws.do("iam:DeleteRolePolicy", RoleName="r", PolicyName="own")
    await aws.do("iam:DeleteRole", RoleName="r")
    assert await aws.refused("iam:GetRole", RoleName="r") == (
        "NoSuchEntity",
        "The role with name r cannot be found.",
    )
    assert json.loads(LAMBDA)
