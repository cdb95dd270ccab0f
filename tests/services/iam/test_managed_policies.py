from urllib.parse import unquote

from tests.services.aws import ACCOUNT, ADMINISTRATOR, Aws, allow, policy, trust

ARN = f"arn:aws:iam::{ACCOUNT}:policy/p"
LAMBDA = trust({"Service": "lambda.amazonaws.com"})


async def make(aws: Aws) -> None:
    await aws.do("iam:CreatePolicy", PolicyName="p", PolicyDocument=policy(allow("s3:*")), Description="d")


async def test_versions_come_and_go_with_one_in_force(aws: Aws) -> None:
    await make(aws)
    for number in range(2, 6):
        document = policy(allow(f"s3:Get{number}"))
        made = await aws.do("iam:CreatePolicyVersion", PolicyArn=ARN, PolicyDocument=document, SetAsDefault=number == 3)
        assert made["PolicyVersion"]["VersionId"] == f"v{number}"
    code, message = await aws.refused("iam:CreatePolicyVersion", PolicyArn=ARN, PolicyDocument=policy(allow("s3:*")))
    assert code == "LimitExceeded"
    assert message.startswith("A managed policy can have up to 5 versions.")
    assert (await aws.do("iam:GetPolicy", PolicyArn=ARN))["Policy"]["DefaultVersionId"] == "v3"
    assert await aws.refused("iam:DeletePolicyVersion", PolicyArn=ARN, VersionId="v3") == (
        "DeleteConflict",
        "Cannot delete the default version of a policy.",
    )
    await aws.do("iam:DeletePolicyVersion", PolicyArn=ARN, VersionId="v5")
    made = await aws.do("iam:CreatePolicyVersion", PolicyArn=ARN, PolicyDocument=policy(allow("s3:*")))
    assert made["PolicyVersion"]["VersionId"] == "v6"  # numbers are not used again
    listed = (await aws.do("iam:ListPolicyVersions", PolicyArn=ARN))["Versions"]
    assert [each["VersionId"] for each in listed] == ["v6", "v4", "v3", "v2", "v1"]
    version = (await aws.do("iam:GetPolicyVersion", PolicyArn=ARN, VersionId="v4"))["PolicyVersion"]
    assert unquote(version["Document"]) == policy(allow("s3:Get4"))
    assert (await aws.refused("iam:GetPolicyVersion", PolicyArn=ARN, VersionId="v9"))[0] == "NoSuchEntity"


async def test_a_policy_goes_when_nobody_uses_it(aws: Aws) -> None:
    await make(aws)
    await aws.role("r", LAMBDA, PermissionsBoundary=ARN)
    await aws.do("iam:AttachRolePolicy", RoleName="r", PolicyArn=ARN)
    described = (await aws.do("iam:GetPolicy", PolicyArn=ARN))["Policy"]
    assert (described["AttachmentCount"], described["PermissionsBoundaryUsageCount"]) == (1, 1)
    users = await aws.do("iam:ListEntitiesForPolicy", PolicyArn=ARN, PolicyUsageFilter="PermissionsPolicy")
    assert [each["RoleName"] for each in users["PolicyRoles"]] == ["r"]
    assert users["PolicyUsers"] == users["PolicyGroups"] == []
    assert await aws.refused("iam:DeletePolicy", PolicyArn=ARN) == (
        "DeleteConflict",
        "Cannot delete a policy attached to entities.",
    )
    await aws.do("iam:DetachRolePolicy", RoleName="r", PolicyArn=ARN)
    await aws.do("iam:DeleteRolePermissionsBoundary", RoleName="r")
    await aws.do("iam:DeletePolicy", PolicyArn=ARN)
    assert await aws.refused("iam:DeletePolicy", PolicyArn=ARN) == ("NoSuchEntity", f"Policy {ARN} was not found.")


async def test_awss_policies_are_read_and_not_changed(aws: Aws) -> None:
    assert (await aws.do("iam:GetPolicy", PolicyArn=ADMINISTRATOR))["Policy"]["PolicyName"] == "AdministratorAccess"
    assert (await aws.refused("iam:DeletePolicy", PolicyArn=ADMINISTRATOR))[0] == "AccessDenied"
    await make(aws)
    await aws.role("r", LAMBDA)
    await aws.do("iam:AttachRolePolicy", RoleName="r", PolicyArn=ADMINISTRATOR)
    local = (await aws.do("iam:ListPolicies", Scope="Local"))["Policies"]
    assert [each["PolicyName"] for each in local] == ["p"]
    attached = (await aws.do("iam:ListPolicies", OnlyAttached=True))["Policies"]
    assert [each["PolicyName"] for each in attached] == ["AdministratorAccess"]


async def test_names_and_sizes_are_bounded(aws: Aws) -> None:
    await make(aws)
    assert await aws.refused("iam:CreatePolicy", PolicyName="P", PolicyDocument=policy(allow("s3:*"))) == (
        "EntityAlreadyExists",
        "A policy called P already exists. Duplicate names are not allowed.",
    )
    large = policy(allow("s3:*", "arn:aws:s3:::" + "x" * 6144))
    assert await aws.refused("iam:CreatePolicy", PolicyName="large", PolicyDocument=large) == (
        "LimitExceeded",
        "Cannot exceed quota for PolicySize: 6144",
    )
    assert (await aws.refused("iam:CreatePolicy", PolicyName="q", PolicyDocument="{}"))[0] == "MalformedPolicyDocument"
