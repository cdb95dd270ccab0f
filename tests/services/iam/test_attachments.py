import pytest
from tests.services.aws import ACCOUNT, ADMINISTRATOR, Aws

READ = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
MISSING = f"arn:aws:iam::{ACCOUNT}:policy/none"
FOREIGN = "arn:aws:iam::999999999999:policy/p"


async def test_policies_are_attached_once_listed_and_detached(aws: Aws) -> None:
    await aws.do("iam:CreateUser", UserName="alice")
    for arn in (ADMINISTRATOR, READ, READ):
        await aws.do("iam:AttachUserPolicy", UserName="alice", PolicyArn=arn)
    listed = (await aws.do("iam:ListAttachedUserPolicies", UserName="alice"))["AttachedPolicies"]
    assert [each["PolicyArn"] for each in listed] == [ADMINISTRATOR, READ]
    await aws.do("iam:DetachUserPolicy", UserName="alice", PolicyArn=READ)
    assert await aws.refused("iam:DetachUserPolicy", UserName="alice", PolicyArn=READ) == (
        "NoSuchEntity",
        f"Policy {READ} was not found.",
    )


# OBSERVED: spec 08, no. 35
@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        ("not an arn, though long enough", ("ValidationError", "Invalid ARN:  Could not be parsed!")),
        (MISSING, ("NoSuchEntity", f"Policy {MISSING} does not exist or is not attachable.")),
        (FOREIGN, ("NoSuchEntity", f"Policy {FOREIGN} does not exist or is not attachable.")),
    ],
)
async def test_what_is_not_there_is_not_attached(aws: Aws, arn: str, expected: tuple[str, str]) -> None:
    await aws.do("iam:CreateUser", UserName="alice")
    assert await aws.refused("iam:AttachUserPolicy", UserName="alice", PolicyArn=arn) == expected


async def test_ten_are_attached_at_most(aws: Aws) -> None:
    await aws.do("iam:CreateGroup", GroupName="g")
    listed = (await aws.do("iam:ListPolicies", Scope="AWS"))["Policies"]
    for each in listed[:10]:
        await aws.do("iam:AttachGroupPolicy", GroupName="g", PolicyArn=each["Arn"])
    assert await aws.refused("iam:AttachGroupPolicy", GroupName="g", PolicyArn=listed[10]["Arn"]) == (
        "LimitExceeded",
        "Cannot exceed quota for PoliciesPerGroup: 10",
    )


async def test_a_boundary_is_put_and_taken_away(aws: Aws) -> None:
    await aws.do("iam:CreateUser", UserName="alice")
    await aws.do("iam:PutUserPermissionsBoundary", UserName="alice", PermissionsBoundary=READ)
    assert (await aws.do("iam:GetUser", UserName="alice"))["User"]["PermissionsBoundary"] == {
        "PermissionsBoundaryType": "Policy",
        "PermissionsBoundaryArn": READ,
    }
    await aws.do("iam:DeleteUserPermissionsBoundary", UserName="alice")
    assert (await aws.refused("iam:DeleteUserPermissionsBoundary", UserName="alice"))[0] == "NoSuchEntity"
    assert await aws.refused("iam:PutUserPermissionsBoundary", UserName="alice", PermissionsBoundary=MISSING) == (
        "NoSuchEntity",
        f"Scope ARN: {MISSING} does not exist or is not attachable.",
    )
