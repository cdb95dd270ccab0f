from tests.services.aws import ACCOUNT, Aws, deny


async def test_everyone_may_ask_who_they_are(aws: Aws) -> None:
    alice = await aws.user("alice", deny("*"), path="/x/")
    assert await aws.do("sts:GetCallerIdentity", alice) == {
        "UserId": alice.identity.user_id,
        "Account": ACCOUNT,
        "Arn": f"arn:aws:iam::{ACCOUNT}:user/x/alice",
    }
    assert await aws.do("sts:GetCallerIdentity") == {
        "UserId": ACCOUNT,
        "Account": ACCOUNT,
        "Arn": f"arn:aws:iam::{ACCOUNT}:root",
    }


async def test_an_access_key_tells_its_account(aws: Aws) -> None:
    alice = await aws.user("alice")
    answer = await aws.do("sts:GetAccessKeyInfo", AccessKeyId=alice.identity.access_key_id)
    assert answer == {"Account": ACCOUNT}
    assert await aws.do("sts:GetAccessKeyInfo", AccessKeyId="ASIAQNZGKIQY56JQ7WML") == {"Account": "029608264753"}
    assert (await aws.refused("sts:GetAccessKeyInfo", AccessKeyId="x" * 16))[0] == "ValidationError"
