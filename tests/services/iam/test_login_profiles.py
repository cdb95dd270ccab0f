import asyncio

import pytest
from tests.services.aws import ACCOUNT, START, Aws, allow, deny, policy

from yett.ports.callers import Caller
from yett.rules.sign_in.limits import FREE_FAILURES
from yett.services.call import ServiceError
from yett.values.secret import Secret

FIRST, SECOND, THIRD = "First-horse-1", "Second-horse-2", "Third-horse-3"
NOT_CONFORMING = ("PasswordPolicyViolation", "Password does not conform to the account password policy.")
REUSED = (
    "PasswordPolicyViolation",
    "Policy constraint violation with password reuse prevention during password change.",
)
MISSING = ("NoSuchEntity", "Login Profile for User alice cannot be found.")


@pytest.fixture
async def alice(aws: Aws) -> Caller:
    """A user with a password, who may change it."""
    caller = await aws.user("alice", allow("iam:ChangePassword", f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"))
    await aws.do("iam:CreateLoginProfile", UserName="alice", Password=FIRST)
    return caller


async def is_password(aws: Aws, name: str, password: str) -> bool:
    """Whether it is the user's password, by what is kept."""
    user_id = (await aws.do("iam:GetUser", UserName=name))["User"]["UserId"]
    profile = await aws.ports.credential_store.find_login_profile(ACCOUNT, user_id)
    assert profile is not None
    return await aws.ports.passwords.fits(profile.hash, password)


async def test_a_password_is_given_described_changed_and_taken_away(aws: Aws) -> None:
    await aws.do("iam:CreateUser", UserName="alice")
    for operation in ("GetLoginProfile", "UpdateLoginProfile", "DeleteLoginProfile"):
        assert await aws.refused(f"iam:{operation}", UserName="alice") == MISSING
    made = await aws.do("iam:CreateLoginProfile", UserName="ALICE", Password=FIRST, PasswordResetRequired=True)
    expected = {"UserName": "alice", "CreateDate": START, "PasswordResetRequired": True}
    assert made == {"LoginProfile": expected}
    taken = await aws.refused("iam:CreateLoginProfile", UserName="alice", Password=SECOND)
    assert taken == ("EntityAlreadyExists", "Login Profile for user alice already exists.")
    aws.pass_time(days=1)
    assert await aws.do("iam:GetLoginProfile", UserName="alice") == {"LoginProfile": expected}
    await aws.do("iam:UpdateLoginProfile", UserName="alice", Password=SECOND, PasswordResetRequired=False)
    assert (await aws.do("iam:GetLoginProfile", UserName="alice"))["LoginProfile"]["PasswordResetRequired"] is False
    assert await is_password(aws, "alice", SECOND)
    await aws.do("iam:UpdateLoginProfile", UserName="alice", PasswordResetRequired=True)
    assert await is_password(aws, "alice", SECOND)
    refused = await aws.refused("iam:DeleteUser", UserName="alice")
    assert refused == ("DeleteConflict", "Cannot delete entity, must delete login profile first.")
    await aws.do("iam:DeleteLoginProfile", UserName="alice")
    await aws.do("iam:DeleteUser", UserName="alice")
    assert (await aws.refused("iam:GetLoginProfile", UserName="alice"))[0] == "NoSuchEntity"


async def test_what_is_missing_from_a_request_is_told(aws: Aws) -> None:
    await aws.do("iam:CreateUser", UserName="alice")
    assert (await aws.refused("iam:CreateLoginProfile", UserName="alice"))[0] == "ValidationError"
    assert (await aws.refused("iam:CreateLoginProfile", Password=FIRST))[0] == "ValidationError"
    assert (await aws.refused("iam:GetLoginProfile", UserName="bob"))[0] == "NoSuchEntity"


async def test_the_account_s_policy_binds_every_new_password(aws: Aws, alice: Caller) -> None:
    await aws.do("iam:CreateUser", UserName="bob")
    assert await aws.refused("iam:CreateLoginProfile", UserName="bob", Password="short1A") == NOT_CONFORMING
    await aws.do("iam:UpdateAccountPasswordPolicy", MinimumPasswordLength=20)
    assert await aws.refused("iam:CreateLoginProfile", UserName="bob", Password=FIRST) == NOT_CONFORMING
    assert await aws.refused("iam:UpdateLoginProfile", UserName="alice", Password=SECOND) == NOT_CONFORMING
    change = {"OldPassword": FIRST, "NewPassword": SECOND}
    assert await aws.refused("iam:ChangePassword", alice, **change) == NOT_CONFORMING
    await aws.do("iam:DeleteAccountPasswordPolicy")
    await aws.do("iam:ChangePassword", alice, **change)


async def test_the_name_of_a_member_account_is_no_password(aws: Aws) -> None:
    await aws.do("organizations:CreateOrganization")
    made = await aws.do("organizations:CreateAccount", AccountName="Team-Two2", Email="Ops-2@example.com")
    status = await aws.do(
        "organizations:DescribeCreateAccountStatus", CreateAccountRequestId=made["CreateAccountStatus"]["Id"]
    )
    root = await aws.ports.callers.root(status["CreateAccountStatus"]["AccountId"])
    await aws.do("iam:CreateUser", root, UserName="alice")
    for password in ("Team-Two2", "Ops-2@example.com"):
        refused = await aws.refused("iam:CreateLoginProfile", root, UserName="alice", Password=password)
        assert refused == NOT_CONFORMING


async def test_users_change_their_own_password_by_the_old_one(aws: Aws, alice: Caller) -> None:
    await aws.do("iam:UpdateLoginProfile", UserName="alice", PasswordResetRequired=True)
    wrong = await aws.refused("iam:ChangePassword", alice, OldPassword=SECOND, NewPassword=THIRD)
    assert wrong == ("AccessDenied", "The old password was incorrect.")
    await aws.do("iam:ChangePassword", alice, OldPassword=FIRST, NewPassword=SECOND)
    assert await is_password(aws, "alice", SECOND)
    profile = (await aws.do("iam:GetLoginProfile", UserName="alice"))["LoginProfile"]
    assert profile["PasswordResetRequired"] is False
    await aws.do("iam:DeleteLoginProfile", UserName="alice")
    assert await aws.refused("iam:ChangePassword", alice, OldPassword=SECOND, NewPassword=THIRD) == MISSING


async def test_guessing_the_old_password_locks_it(aws: Aws, alice: Caller) -> None:
    for _ in range(FREE_FAILURES):
        await aws.refused("iam:ChangePassword", alice, OldPassword="wrong", NewPassword=THIRD)
    change = {"OldPassword": FIRST, "NewPassword": SECOND}
    assert (await aws.refused("iam:ChangePassword", alice, **change))[0] == "EntityTemporarilyUnmodifiable"
    aws.pass_time(seconds=1)
    await aws.do("iam:ChangePassword", alice, **change)


async def test_guesses_at_once_are_all_counted(aws: Aws, alice: Caller) -> None:
    guesses = [
        aws.do("iam:ChangePassword", alice, OldPassword=f"wrong-{each}", NewPassword=THIRD) for each in range(12)
    ]
    outcomes = await asyncio.gather(*guesses, return_exceptions=True)
    codes = [each.code for each in outcomes if isinstance(each, ServiceError)]
    assert len(codes) == 12
    assert codes.count("AccessDenied") == FREE_FAILURES


async def test_a_right_guess_that_a_lock_overtook_is_told_nothing(
    aws: Aws, alice: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits = aws.ports.passwords.fits

    async def overtaken(kept: Secret | None, password: str) -> bool:
        monkeypatch.setattr(aws.ports.passwords, "fits", fits)
        for _ in range(FREE_FAILURES):
            await aws.refused("iam:ChangePassword", alice, OldPassword="wrong", NewPassword=THIRD)
        return await fits(kept, password)

    monkeypatch.setattr(aws.ports.passwords, "fits", overtaken)
    code, _ = await aws.refused("iam:ChangePassword", alice, OldPassword=FIRST, NewPassword="short")
    assert code == "EntityTemporarilyUnmodifiable"


async def test_of_two_changes_at_once_one_is_made(aws: Aws, alice: Caller) -> None:
    changes = [aws.do("iam:ChangePassword", alice, OldPassword=FIRST, NewPassword=new) for new in (SECOND, THIRD)]
    outcomes = await asyncio.gather(*changes, return_exceptions=True)
    (refused,) = [each for each in outcomes if isinstance(each, ServiceError)]
    assert refused.code in {"ConcurrentModification", "AccessDenied"}


async def test_only_users_have_such_passwords(aws: Aws) -> None:
    change = {"OldPassword": FIRST, "NewPassword": SECOND}
    refused = await aws.refused("iam:ChangePassword", **change)
    assert refused == ("InvalidUserType", "Only IAM Users can change their own password.")


async def test_last_passwords_are_not_taken_again_as_far_as_the_policy_remembers(aws: Aws, alice: Caller) -> None:
    await aws.do("iam:UpdateAccountPasswordPolicy", PasswordReusePrevention=2)
    await aws.do("iam:ChangePassword", alice, OldPassword=FIRST, NewPassword=SECOND)
    for again in (FIRST, SECOND):
        assert await aws.refused("iam:ChangePassword", alice, OldPassword=SECOND, NewPassword=again) == REUSED
        assert await aws.refused("iam:UpdateLoginProfile", UserName="alice", Password=again) == REUSED
    await aws.do("iam:ChangePassword", alice, OldPassword=SECOND, NewPassword=THIRD)
    await aws.do("iam:ChangePassword", alice, OldPassword=THIRD, NewPassword=FIRST)


async def test_nothing_that_is_kept_shows_a_password(aws: Aws, alice: Caller) -> None:
    await aws.do("iam:ChangePassword", alice, OldPassword=FIRST, NewPassword=SECOND)
    body = await aws.database.read(lambda tx: tx.find(ACCOUNT, "", "iam.login-profile", alice.identity.user_id))
    assert body is not None
    for text in (FIRST, SECOND, "argon2"):
        assert text.encode() not in body


# -- what the password policy grants


async def test_changing_needs_permission_or_a_policy_that_lets_every_user(aws: Aws) -> None:
    bob = await aws.user("bob")
    await aws.do("iam:CreateLoginProfile", UserName="bob", Password=FIRST)
    change = {"OldPassword": FIRST, "NewPassword": SECOND}
    assert (await aws.refused("iam:ChangePassword", bob, **change))[0] == "AccessDenied"
    assert (await aws.refused("iam:GetAccountPasswordPolicy", bob))[0] == "AccessDenied"
    await aws.do("iam:UpdateAccountPasswordPolicy", AllowUsersToChangePassword=True)
    assert (await aws.do("iam:GetAccountPasswordPolicy", bob))["PasswordPolicy"]["AllowUsersToChangePassword"] is True
    await aws.do("iam:ChangePassword", bob, **change)
    await aws.do("iam:UpdateAccountPasswordPolicy")
    again = {"OldPassword": SECOND, "NewPassword": THIRD}
    assert (await aws.refused("iam:ChangePassword", bob, **again))[0] == "AccessDenied"


async def test_what_denies_or_bounds_a_user_holds_against_that_policy(aws: Aws) -> None:
    await aws.do("iam:UpdateAccountPasswordPolicy", AllowUsersToChangePassword=True)
    denied = await aws.user("denied", deny("iam:ChangePassword"))
    plain = await aws.user("plain")
    session = await aws.holder(await aws.do("sts:GetSessionToken", plain))  # without a code: no IAM
    document = policy(allow("s3:*"))
    boundary = (await aws.do("iam:CreatePolicy", PolicyName="bound", PolicyDocument=document))["Policy"]["Arn"]
    bounded = await aws.user("bounded")
    await aws.do("iam:PutUserPermissionsBoundary", UserName="bounded", PermissionsBoundary=boundary)
    bounded = await aws.resolve(bounded.identity.access_key_id)
    change = {"OldPassword": FIRST, "NewPassword": SECOND}
    for caller in (denied, bounded):
        assert (await aws.refused("iam:ChangePassword", caller, **change))[0] == "AccessDenied"
    assert (await aws.refused("iam:ChangePassword", session, **change))[0] == "InvalidClientTokenId"
    assert (await aws.refused("iam:ChangePassword", plain, **change))[0] == "NoSuchEntity"  # let, without a password
