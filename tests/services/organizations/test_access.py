"""What a caller's policies can say of an organization's policies, tags and units."""

import pytest
from tests.services.aws import Aws, allow, deny, policy
from tests.services.organizations.test_policies import SCP, make, organization

BLUE = [{"Key": "team", "Value": "blue"}]
CONTENT = policy(deny("s3:*"))


@pytest.mark.parametrize(
    "operation",
    ["AttachPolicy", "DeletePolicy", "DescribePolicy", "ListTargetsForPolicy", "TagResource", "UpdatePolicy"],
)
async def test_the_kind_of_a_policy_is_weighed_wherever_it_is_named(aws: Aws, operation: str) -> None:
    root, _ = await organization(aws)
    made = await make(aws, CONTENT)
    params = {
        "AttachPolicy": {"PolicyId": made, "TargetId": root},
        "TagResource": {"ResourceId": made, "Tags": BLUE},
        "UpdatePolicy": {"PolicyId": made, "Name": "other"},
    }.get(operation, {"PolicyId": made})
    kind = {"StringEquals": {"organizations:PolicyType": SCP}}
    alice = await aws.user("alice", allow("organizations:*"), deny("organizations:*", Condition=kind))
    code, message = await aws.refused(f"organizations:{operation}", alice, **params)
    assert (code, "explicit deny" in message) == ("AccessDenied", True)
    bob = await aws.user("bob", allow("organizations:*", Condition=kind))
    await aws.do(f"organizations:{operation}", bob, **params)


async def test_each_resource_is_weighed_with_its_own_tags(aws: Aws) -> None:
    root, account = await organization(aws)
    made = await make(aws, CONTENT)
    await aws.do("organizations:TagResource", ResourceId=made, Tags=[{"Key": "team", "Value": "red"}])
    await aws.do("organizations:TagResource", ResourceId=account, Tags=BLUE)
    blue = {"StringEquals": {"aws:ResourceTag/team": "blue"}}
    keeper = await aws.user("keeper", allow("organizations:*"), deny("organizations:*", Condition=blue))
    code, _ = await aws.refused("organizations:AttachPolicy", keeper, PolicyId=made, TargetId=account)
    assert code == "AccessDenied"
    await aws.do("organizations:AttachPolicy", keeper, PolicyId=made, TargetId=root)
    only_blue = await aws.user("only-blue", allow("organizations:*", Condition=blue))
    code, _ = await aws.refused("organizations:DetachPolicy", only_blue, PolicyId=made, TargetId=root)
    assert code == "AccessDenied"
    await aws.do("organizations:DescribeAccount", only_blue, AccountId=account)


async def test_a_list_shows_everything_once_though_something_goes_meanwhile(aws: Aws) -> None:
    root, _ = await organization(aws)
    made = [await aws.do("organizations:CreateOrganizationalUnit", ParentId=root, Name=str(each)) for each in range(9)]
    ids = sorted(each["OrganizationalUnit"]["Id"] for each in made)
    list_units = "organizations:ListOrganizationalUnitsForParent"
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = await aws.do(list_units, ParentId=root, MaxResults=2, **token)
        seen += [each["Id"] for each in page["OrganizationalUnits"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
        if len(seen) in (2, 4):  # one that was shown goes
            await aws.do("organizations:DeleteOrganizationalUnit", OrganizationalUnitId=seen[-1])
    assert seen == ids
    code, _ = await aws.refused(list_units, ParentId=root, NextToken="%%%")
    assert code == "InvalidInputException"
