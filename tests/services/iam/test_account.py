from tests.services.aws import Aws


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
