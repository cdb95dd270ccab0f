import pytest
from tests.services.aws import ACCOUNT, Aws


async def test_an_account_is_in_one_organization(aws: Aws) -> None:
    made = (await aws.do("organizations:CreateOrganization"))["Organization"]
    assert made["MasterAccountId"] == ACCOUNT
    assert made["Arn"] == f"arn:aws:organizations::{ACCOUNT}:organization/{made['Id']}"
    assert (await aws.do("organizations:DescribeOrganization"))["Organization"] == made
    assert (await aws.refused("organizations:CreateOrganization"))[0] == "AlreadyInOrganizationException"
    await aws.do("organizations:DeleteOrganization")
    assert (await aws.refused("organizations:DescribeOrganization"))[0] == "AWSOrganizationsNotInUseException"


async def test_a_kind_of_policy_is_put_in_force_and_taken_out(aws: Aws) -> None:
    await aws.do("organizations:CreateOrganization")
    root = (await aws.do("organizations:ListRoots"))["Roots"][0]
    assert root["PolicyTypes"] == []
    params = {"RootId": root["Id"], "PolicyType": "SERVICE_CONTROL_POLICY"}
    enabled = (await aws.do("organizations:EnablePolicyType", **params))["Root"]
    assert enabled["PolicyTypes"] == [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]
    code, _ = await aws.refused("organizations:EnablePolicyType", **params)
    assert code == "PolicyTypeAlreadyEnabledException"
    attached = await aws.do("organizations:ListPoliciesForTarget", TargetId=root["Id"], Filter="SERVICE_CONTROL_POLICY")
    assert [each["Id"] for each in attached["Policies"]] == ["p-FullAWSAccess"]
    await aws.do("organizations:DisablePolicyType", **params)
    assert (await aws.refused("organizations:DisablePolicyType", **params))[0] == "PolicyTypeNotEnabledException"


@pytest.mark.parametrize("kind", ["BACKUP_POLICY", "TAG_POLICY"])
async def test_what_would_not_be_enforced_is_not_kept(aws: Aws, kind: str) -> None:
    await aws.do("organizations:CreateOrganization")
    root = (await aws.do("organizations:ListRoots"))["Roots"][0]["Id"]
    code, _ = await aws.refused("organizations:EnablePolicyType", RootId=root, PolicyType=kind)
    assert code == "PolicyTypeNotAvailableForOrganizationException"
