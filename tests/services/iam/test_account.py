from typing import Any

import pytest
from tests.services.aws import ACCOUNT, Aws, allow, policy, trust

from yett.adapters.sql.documents import Transaction
from yett.rules.iam.quotas import ACCOUNT_QUOTAS


async def test_an_alias_replaces_the_one_before(aws: Aws) -> None:
    for alias in ("one-name", "two-names"):
        await aws.do("iam:CreateAccountAlias", AccountAlias=alias)
    assert (await aws.refused("iam:CreateAccountAlias", AccountAlias="two-names"))[0] == "EntityAlreadyExists"
    other = await aws.ports.callers.root("999999999999")
    assert (await aws.refused("iam:CreateAccountAlias", other, AccountAlias="two-names"))[0] == "EntityAlreadyExists"
    assert (await aws.do("iam:ListAccountAliases"))["AccountAliases"] == ["two-names"]
    assert (await aws.refused("iam:DeleteAccountAlias", AccountAlias="one-name"))[0] == "NoSuchEntity"
    await aws.do("iam:DeleteAccountAlias", AccountAlias="two-names")
    assert (await aws.do("iam:ListAccountAliases"))["AccountAliases"] == []


async def test_the_summary_counts(aws: Aws) -> None:
    await aws.do("iam:CreateUser", UserName="alice")
    summary = (await aws.do("iam:GetAccountSummary"))["SummaryMap"]
    assert (summary["Users"], summary["Groups"], summary["AccessKeysPerUserQuota"]) == (1, 0, 2)


ANYTHING = policy(allow("*"))
URL = "https://idp.example.com"
NOBODY = trust({"Service": "lambda.amazonaws.com"})
CREATIONS: list[tuple[str, str, str, int, dict[str, Any]]] = [
    ("CreateUser", "iam.user", "UsersPerAccount", 5000, {"UserName": "n"}),
    ("CreateGroup", "iam.group", "GroupsPerAccount", 300, {"GroupName": "n"}),
    ("CreateRole", "iam.role", "RolesPerAccount", 1000, {"RoleName": "n", "AssumeRolePolicyDocument": NOBODY}),
    (
        "CreatePolicy",
        "iam.policy",
        "PoliciesPerAccount",
        1500,
        {"PolicyName": "n", "PolicyDocument": ANYTHING},
    ),
    ("CreateInstanceProfile", "iam.instance-profile", "InstanceProfilesPerAccount", 1000, {"InstanceProfileName": "n"}),
    (
        "CreateOpenIDConnectProvider",
        "iam.oidc-provider",
        "OpenIdConnectProvidersPerAccount",
        100,
        {"Url": URL},
    ),
    ("CreateVirtualMFADevice", "iam.mfa-device", "VirtualMFADevicesPerAccount", 5000, {"VirtualMFADeviceName": "n"}),
]


@pytest.mark.parametrize(("operation", "kind", "quota", "bound", "params"), CREATIONS)
async def test_an_account_has_as_many_as_its_quota_says(
    aws: Aws, operation: str, kind: str, quota: str, bound: int, params: dict[str, Any]
) -> None:
    def fill(transaction: Transaction) -> None:
        for number in range(bound):
            transaction.add(ACCOUNT, "", kind, f"filler{number:05}", b"")

    await aws.database.write(fill)
    refusal = await aws.refused(f"iam:{operation}", **params)
    assert refusal == ("LimitExceeded", f"Cannot exceed quota for {quota}: {bound}")
    await aws.database.write(lambda transaction: transaction.remove(ACCOUNT, "", kind, "filler00000"))
    await aws.do(f"iam:{operation}", **params)


async def test_the_summary_tells_the_quotas_that_are_enforced(aws: Aws) -> None:
    summary = (await aws.do("iam:GetAccountSummary"))["SummaryMap"]
    told = {"UsersQuota": 5000, "GroupsQuota": 300, "RolesQuota": 1000, "PoliciesQuota": 1500}
    assert told | {"InstanceProfilesQuota": 1000} == {
        quota.summary: summary[quota.summary] for quota in ACCOUNT_QUOTAS if quota.summary is not None
    }
