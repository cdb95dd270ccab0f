from datetime import timedelta

from tests.services.aws import START, Aws, allow, deny

SHORT = {"DurationSeconds": 900}
# Source: https://github.com/99designs/aws-vault/issues/1056
UNKNOWN_TO_IAM = ("InvalidClientTokenId", "The security token included in the request is invalid")


async def test_a_users_session_is_the_user_without_iam(aws: Aws) -> None:
    alice = await aws.user("alice", allow("*"))
    answer = await aws.do("sts:GetSessionToken", alice)
    assert answer["Credentials"]["Expiration"] == START + timedelta(hours=12)
    session = await aws.holder(answer)
    assert session.identity.arn == alice.identity.arn
    assert session.identity.user_name == "alice"
    assert session.identity.token_issued_at == START
    assert await aws.refused("iam:ListUsers", session) == UNKNOWN_TO_IAM
    assert (await aws.refused("sts:GetSessionToken", session))[0] == "AccessDenied"
    await aws.do("organizations:CreateOrganization", session)


async def test_roots_session_lasts_an_hour_at_most(aws: Aws) -> None:
    answer = await aws.do("sts:GetSessionToken", DurationSeconds=43200)
    assert answer["Credentials"]["Expiration"] == START + timedelta(hours=1)
    session = await aws.holder(answer)
    assert session.identity.is_root
    assert await aws.refused("iam:ListUsers", session) == UNKNOWN_TO_IAM


async def test_no_permission_is_needed_but_a_deny_counts(aws: Aws) -> None:
    await aws.do("sts:GetSessionToken", await aws.user("alice"), **SHORT)
    bob = await aws.user("bob", deny("sts:GetSessionToken"))
    code, message = await aws.refused("sts:GetSessionToken", bob)
    assert code == "AccessDenied"
    assert "with an explicit deny in an identity-based policy" in message
