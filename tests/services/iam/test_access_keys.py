from tests.services.aws import ACCOUNT, Aws


async def test_a_user_has_two_at_most(aws: Aws) -> None:
    await aws.do("iam:CreateUser", UserName="alice")
    first = (await aws.do("iam:CreateAccessKey", UserName="alice"))["AccessKey"]
    assert len(first["AccessKeyId"]) == 20
    assert len(first["SecretAccessKey"]) == 40
    await aws.do("iam:CreateAccessKey", UserName="alice")
    assert await aws.refused("iam:CreateAccessKey", UserName="alice") == (
        "LimitExceeded",
        "Cannot exceed quota for AccessKeysPerUser: 2",
    )
    listed = (await aws.do("iam:ListAccessKeys", UserName="alice"))["AccessKeyMetadata"]
    assert len(listed) == 2
    assert all("SecretAccessKey" not in each for each in listed)


async def test_a_key_is_changed_by_its_own_user_only(aws: Aws) -> None:
    alice, bob = await aws.user("alice"), await aws.user("bob")
    key = alice.identity.access_key_id
    for operation, params in (("UpdateAccessKey", {"Status": "Inactive"}), ("DeleteAccessKey", {})):
        assert await aws.refused(f"iam:{operation}", UserName="bob", AccessKeyId=key, **params) == (
            "NoSuchEntity",
            f"The Access Key with id {key} cannot be found.",
        )
    assert (await aws.do("iam:GetAccessKeyLastUsed", AccessKeyId=bob.identity.access_key_id))["UserName"] == "bob"


async def test_root_has_keys_of_its_own(aws: Aws) -> None:
    key = (await aws.do("iam:CreateAccessKey"))["AccessKey"]["AccessKeyId"]
    root = await aws.resolve(key)
    assert root.identity.arn == f"arn:aws:iam::{ACCOUNT}:root"
    assert (await aws.do("iam:GetAccountSummary"))["SummaryMap"]["AccountAccessKeysPresent"] == 1
    await aws.do("iam:DeleteAccessKey", root, AccessKeyId=key)
