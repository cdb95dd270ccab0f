import pytest
from tests.services.aws import ACCOUNT, Aws, allow, policy, trust


async def test_a_federated_user_has_what_both_policies_allow(aws: Aws) -> None:
    alice = await aws.user("alice", allow(["sts:GetFederationToken", "organizations:*", "iam:*"]))
    narrow = policy(allow(["organizations:*", "iam:*", "apigateway:*"]))
    answer = await aws.do("sts:GetFederationToken", alice, Name="bob", Policy=narrow)
    assert answer["FederatedUser"] == {
        "FederatedUserId": f"{ACCOUNT}:bob",
        "Arn": f"arn:aws:sts::{ACCOUNT}:federated-user/bob",
    }
    bob = await aws.holder(answer)
    assert await aws.do("sts:GetCallerIdentity", bob) == {
        "UserId": f"{ACCOUNT}:bob",
        "Account": ACCOUNT,
        "Arn": f"arn:aws:sts::{ACCOUNT}:federated-user/bob",
    }
    await aws.do("organizations:CreateOrganization", bob)
    assert (await aws.refused("iam:ListUsers", bob))[0] == "InvalidClientTokenId"
    assert (await aws.refused("sts:GetFederationToken", bob, Name="carol"))[0] == "AccessDenied"


async def test_without_a_session_policy_nothing_is_allowed(aws: Aws) -> None:
    answer = await aws.do("sts:GetFederationToken", Name="bob")
    assert answer["PackedPolicySize"] == 0
    bob = await aws.holder(answer)
    assert (await aws.refused("organizations:CreateOrganization", bob))[0] == "AccessDenied"


async def test_permission_is_needed_and_long_term_keys(aws: Aws) -> None:
    alice = await aws.user("alice")
    assert (await aws.refused("sts:GetFederationToken", alice, Name="bob"))[0] == "AccessDenied"
    role = await aws.role("r", trust({"AWS": alice.identity.arn}), allow("*"))
    session = await aws.holder(await aws.do("sts:AssumeRole", alice, RoleArn=role, RoleSessionName="ss"))
    assert await aws.refused("sts:GetFederationToken", session, Name="bob") == (
        "AccessDenied",
        "Cannot call GetFederationToken with session credentials",
    )


@pytest.mark.parametrize("narrow", [None, policy(allow("*"))])
async def test_a_federated_user_assumes_no_role_though_the_role_names_it(aws: Aws, narrow: str | None) -> None:
    role = await aws.role("r", trust({"AWS": f"arn:aws:sts::{ACCOUNT}:federated-user/bob"}), allow("*"))
    given = {} if narrow is None else {"Policy": narrow}
    alice = await aws.user("alice", allow("*"))
    bob = await aws.holder(await aws.do("sts:GetFederationToken", alice, Name="bob", **given))
    for operation, params in (
        ("sts:AssumeRole", {"RoleArn": role, "RoleSessionName": "session"}),
        ("sts:GetSessionToken", {}),
        ("sts:GetFederationToken", {"Name": "carol"}),
        ("sts:GetAccessKeyInfo", {"AccessKeyId": bob.identity.access_key_id}),
    ):
        assert (await aws.refused(operation, bob, **params))[0] == "AccessDenied", operation
    assert (await aws.refused("iam:GetUser", bob))[0] == "InvalidClientTokenId"
    await aws.do("sts:GetCallerIdentity", bob)
