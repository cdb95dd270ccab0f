import json

import pytest
from tests.services.aws import ACCOUNT, Aws, allow, deny, policy, trust
from tests.services.organizations.test_accounts import create

from yett.ports.callers import Caller
from yett.rules.organizations.limits import MOST_ATTACHED, POLICY_CHARACTERS
from yett.rules.organizations.tree import PolicyType
from yett.services.call import ServiceError

SCP = "SERVICE_CONTROL_POLICY"


async def organization(aws: Aws) -> tuple[str, str]:
    """The root, and a member account, with service control policies in force."""
    await aws.do("organizations:CreateOrganization")
    root = str((await aws.do("organizations:ListRoots"))["Roots"][0]["Id"])
    await aws.do("organizations:EnablePolicyType", RootId=root, PolicyType=SCP)
    return root, await create(aws)


async def make(aws: Aws, content: str) -> str:
    made = await aws.do("organizations:CreatePolicy", Name="n", Description="d", Type=SCP, Content=content)
    return str(made["Policy"]["PolicySummary"]["Id"])


async def test_a_policy_binds_members_at_once_and_never_the_manager(aws: Aws) -> None:
    root, account = await organization(aws)
    await aws.do("iam:ListUsers", await aws.ports.callers.root(account))
    await aws.do("iam:ListUsers", await role_of(aws, account))
    no_users = await make(aws, policy(deny("iam:ListUsers")))
    await aws.do("organizations:AttachPolicy", PolicyId=no_users, TargetId=root)
    for caller in (await aws.ports.callers.root(account), await role_of(aws, account)):
        code, message = await aws.refused("iam:ListUsers", caller)
        assert code == "AccessDenied"
        assert "with an explicit deny in a service control policy" in message
    await aws.do("iam:ListUsers")
    await aws.do("organizations:UpdatePolicy", PolicyId=no_users, Content=policy(deny("iam:ListRoles")))
    await aws.do("iam:ListUsers", await aws.ports.callers.root(account))
    await aws.do("organizations:DetachPolicy", PolicyId=no_users, TargetId=root)
    await aws.do("iam:ListRoles", await aws.ports.callers.root(account))


async def role_of(aws: Aws, account: str) -> Caller:
    arn = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    found = await aws.ports.callers.role(arn, "x", now=aws.time)
    assert found is not None
    return found


async def test_every_level_must_allow(aws: Aws) -> None:
    root, account = await organization(aws)
    only_s3 = await make(aws, policy(allow("s3:*")))
    await aws.do("organizations:AttachPolicy", PolicyId=only_s3, TargetId=account)
    await aws.do("organizations:DetachPolicy", PolicyId="p-FullAWSAccess", TargetId=account)
    code, message = await aws.refused("iam:ListUsers", await aws.ports.callers.root(account))
    assert code == "AccessDenied"
    assert "because no service control policy allows the iam:ListUsers action" in message
    code, _ = await aws.refused("organizations:DetachPolicy", PolicyId=only_s3, TargetId=account)
    assert code == "ConstraintViolationException"
    assert root


async def test_policies_are_named_listed_and_deleted_when_unused(aws: Aws) -> None:
    root, account = await organization(aws)
    made = await make(aws, policy(deny("s3:*")))
    create_again = {"Name": "n", "Description": "d", "Type": SCP, "Content": policy(allow("*"))}
    assert (await aws.refused("organizations:CreatePolicy", **create_again))[0] == "DuplicatePolicyException"
    malformed = {**create_again, "Name": "m", "Content": "{"}
    assert (await aws.refused("organizations:CreatePolicy", **malformed))[0] == "MalformedPolicyDocumentException"
    listed = (await aws.do("organizations:ListPolicies", Filter=SCP))["Policies"]
    assert [each["Id"] for each in listed] == sorted(["p-FullAWSAccess", made])
    for target in (root, account):
        await aws.do("organizations:AttachPolicy", PolicyId=made, TargetId=target)
    attach = {"PolicyId": made, "TargetId": root}
    assert (await aws.refused("organizations:AttachPolicy", **attach))[0] == "DuplicatePolicyAttachmentException"
    targets = (await aws.do("organizations:ListTargetsForPolicy", PolicyId=made))["Targets"]
    assert {each["Type"] for each in targets} == {"ROOT", "ACCOUNT"}
    assert (await aws.refused("organizations:DeletePolicy", PolicyId=made))[0] == "PolicyInUseException"
    for target in (root, account):
        await aws.do("organizations:DetachPolicy", PolicyId=made, TargetId=target)
    detach = {"PolicyId": made, "TargetId": root}
    assert (await aws.refused("organizations:DetachPolicy", **detach))[0] == "PolicyNotAttachedException"
    described = (await aws.do("organizations:DescribePolicy", PolicyId=made))["Policy"]
    assert described["Content"] == policy(deny("s3:*"))
    assert f"organizations::{ACCOUNT}:policy/" in described["PolicySummary"]["Arn"]
    await aws.do("organizations:DeletePolicy", PolicyId=made)
    code, _ = await aws.refused("organizations:DeletePolicy", PolicyId="p-FullAWSAccess")
    assert code == "ConstraintViolationException"


RCP = "RESOURCE_CONTROL_POLICY"


async def roles_under_rcps(aws: Aws) -> tuple[str, str, Caller]:
    """The root, a role of a member account, and the manager's user who may assume it; resource control in force."""
    root, account = await organization(aws)
    await aws.do("organizations:EnablePolicyType", RootId=root, PolicyType=RCP)
    alice = await aws.user("alice", allow("sts:AssumeRole"))
    return root, f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole", alice


def deny_assumption(**more: object) -> str:
    return policy({"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*", **more})


async def make_rcp(aws: Aws, content: str) -> str:
    made = await aws.do("organizations:CreatePolicy", Name="n", Description="d", Type=RCP, Content=content)
    return str(made["Policy"]["PolicySummary"]["Id"])


async def test_a_resource_control_policy_binds_whoever_assumes_roles_of_members(aws: Aws) -> None:
    root, there, alice = await roles_under_rcps(aws)
    here = await aws.role("here", trust({"AWS": alice.identity.arn}))
    assume = {"RoleSessionName": "session"}
    await aws.do("sts:AssumeRole", alice, RoleArn=there, **assume)
    closed = await make_rcp(aws, deny_assumption())
    await aws.do("organizations:AttachPolicy", PolicyId=closed, TargetId=root)
    code, message = await aws.refused("sts:AssumeRole", alice, RoleArn=there, **assume)
    assert (code, "with an explicit deny in a resource control policy" in message) == ("AccessDenied", True)
    await aws.do("sts:AssumeRole", alice, RoleArn=here, **assume)  # the manager's resources are not bound
    outsiders = deny_assumption(Condition={"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}})
    await aws.do("organizations:UpdatePolicy", PolicyId=closed, Content=outsiders)
    await aws.do("sts:AssumeRole", alice, RoleArn=there, **assume)


async def test_a_resource_control_policy_binds_services_too(aws: Aws) -> None:
    _, there, _ = await roles_under_rcps(aws)
    account = there.split(":")[4]
    role = await aws.do(
        "iam:CreateRole",
        await aws.ports.callers.root(account),
        RoleName="f",
        AssumeRolePolicyDocument=trust({"Service": "lambda.amazonaws.com"}),
    )
    arn = role["Role"]["Arn"]
    found = [await aws.ports.callers.service_role(arn, "s", service="lambda.amazonaws.com", now=aws.time)]
    closed = await make_rcp(aws, deny_assumption())
    await aws.do("organizations:AttachPolicy", PolicyId=closed, TargetId=account)
    found.append(await aws.ports.callers.service_role(arn, "s", service="lambda.amazonaws.com", now=aws.time))
    assert [each is not None for each in found] == [True, False]


async def test_what_is_no_resource_control_policy_is_refused(aws: Aws) -> None:
    root, _, _ = await roles_under_rcps(aws)
    every = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*"}
    for content in (policy(every), policy(deny("sts:AssumeRole"))):
        refused = await aws.refused("organizations:CreatePolicy", Name="n", Description="d", Type=RCP, Content=content)
        assert refused[0] == "MalformedPolicyDocumentException"
    await aws.do("organizations:AttachPolicy", PolicyId=await make_rcp(aws, deny_assumption()), TargetId=root)
    code, _ = await aws.refused("organizations:DetachPolicy", PolicyId="p-RCPFullAWSAccess", TargetId=root)
    assert code == "ConstraintViolationException"


def content(kind: str, *, characters: int = 0) -> str:
    """A policy of this kind; with a number of characters, of exactly so many."""
    denial = deny("s3:*") if kind == SCP else deny("s3:*", Principal="*")
    text = policy(denial)
    return text + " " * (characters - len(text))


async def reason(aws: Aws, operation: str, **params: object) -> str:
    """Why a constraint is said to be violated."""
    with pytest.raises(ServiceError) as refused:
        await aws.do(operation, **params)
    assert refused.value.code == "ConstraintViolationException"
    return str(refused.value.fields["Reason"])


@pytest.mark.parametrize("kind", [SCP, RCP])
async def test_a_target_has_a_bounded_number_of_policies_of_each_kind(aws: Aws, kind: str) -> None:
    root, account = await organization(aws)
    if kind == RCP:
        await aws.do("organizations:EnablePolicyType", RootId=root, PolicyType=RCP)
    made = []
    for number in range(MOST_ATTACHED[PolicyType(kind)]):  # one is there already
        answer = await aws.do(
            "organizations:CreatePolicy", Name=str(number), Description="", Type=kind, Content=content(kind)
        )
        made.append(answer["Policy"]["PolicySummary"]["Id"])
    for each in made[:-1]:
        await aws.do("organizations:AttachPolicy", PolicyId=each, TargetId=account)
    found = await reason(aws, "organizations:AttachPolicy", PolicyId=made[-1], TargetId=account)
    assert found == "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"
    await aws.do("organizations:DetachPolicy", PolicyId=made[0], TargetId=account)
    await aws.do("organizations:AttachPolicy", PolicyId=made[-1], TargetId=account)


@pytest.mark.parametrize("kind", [SCP, RCP])
async def test_a_policy_has_a_bounded_size_white_space_and_all(aws: Aws, kind: str) -> None:
    await organization(aws)
    most = POLICY_CHARACTERS[PolicyType(kind)]
    common = {"Name": "n", "Description": "", "Type": kind}
    too_much = content(kind, characters=most + 1)
    assert (
        await reason(aws, "organizations:CreatePolicy", **common, Content=too_much) == "POLICY_CONTENT_LIMIT_EXCEEDED"
    )
    made = await aws.do("organizations:CreatePolicy", **common, Content=content(kind, characters=most))
    policy_id = made["Policy"]["PolicySummary"]["Id"]
    found = await reason(aws, "organizations:UpdatePolicy", PolicyId=policy_id, Content=too_much)
    assert found == "POLICY_CONTENT_LIMIT_EXCEEDED"
    assert json.loads(made["Policy"]["Content"])["Statement"]


async def test_the_last_policy_of_a_kind_stays_and_so_does_what_admits_everybody(aws: Aws) -> None:
    root, account = await organization(aws)
    await aws.do("organizations:EnablePolicyType", RootId=root, PolicyType=RCP)
    for each in ("p-FullAWSAccess", "p-RCPFullAWSAccess"):
        found = await reason(aws, "organizations:DetachPolicy", PolicyId=each, TargetId=account)
        assert found == "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"
