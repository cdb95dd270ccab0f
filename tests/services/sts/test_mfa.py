import asyncio
from contextlib import suppress

import pytest
from tests.services.aws import ACCOUNT, START, Aws, allow, deny, policy, trust
from tests.services.devices import Device

from yett.ports.callers import Caller
from yett.rules.sign_in.limits import FREE_FAILURES
from yett.services.call import ServiceError

WRONG = ("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ")
FOREIGN = (
    "AccessDenied",
    "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and "
    "associated with this user.",
)
PRESENT = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
ABSENT = {"Null": {"aws:MultiFactorAuthPresent": "true"}}
FALSE = {"Bool": {"aws:MultiFactorAuthPresent": "false"}}


CONDITIONED = (
    allow("organizations:ListRoots", Condition=PRESENT),
    allow("organizations:ListAccounts", Condition=FALSE),
    allow("organizations:DescribeOrganization", Condition=ABSENT),
    allow("organizations:ListPolicies", Condition={"NumericLessThan": {"aws:MultiFactorAuthAge": "60"}}),
)


class Holder:
    """A user with a device."""

    def __init__(self, aws: Aws, caller: Caller, device: Device) -> None:
        self.aws, self.caller, self.device = aws, caller, device

    async def session(self, **params: object) -> Caller:
        """A session of the user, by the device's next code unless told otherwise."""
        shown = {"SerialNumber": self.device.serial, "TokenCode": self.device.code(1)}
        return await self.aws.holder(await self.aws.do("sts:GetSessionToken", self.caller, **{**shown, **params}))


@pytest.fixture
async def alice(aws: Aws) -> Holder:
    caller = await aws.user("alice", allow(["sts:*", "iam:*"]), *CONDITIONED)
    device = await Device.made(aws, "phone")
    await device.enable("alice")
    return Holder(aws, caller, device)


async def test_a_session_by_code_may_call_iam_and_knows_how_old_it_is(aws: Aws, alice: Holder) -> None:
    session = await alice.session()
    assert session.identity.mfa_authenticated_at == START
    await aws.do("iam:ListUsers", session)
    plain = await aws.holder(await aws.do("sts:GetSessionToken", alice.caller))
    assert plain.identity.mfa_authenticated_at is None
    assert (await aws.refused("iam:ListUsers", plain))[0] == "InvalidClientTokenId"


async def allowed(aws: Aws, caller: Caller) -> set[str]:
    """Which of the conditioned operations the caller may do."""
    done = set()
    for name, params in (
        ("ListRoots", {}),
        ("ListAccounts", {}),
        ("DescribeOrganization", {}),
        ("ListPolicies", {"Filter": "SERVICE_CONTROL_POLICY"}),
    ):
        with suppress(ServiceError):
            await aws.do(f"organizations:{name}", caller, **params)
            done.add(name)
    return done


async def test_policies_tell_long_term_keys_and_both_kinds_of_session_apart(aws: Aws, alice: Holder) -> None:
    await aws.do("organizations:CreateOrganization")
    plain = await aws.holder(await aws.do("sts:GetSessionToken", alice.caller))
    vouched = await alice.session()
    assert await allowed(aws, await aws.resolve(alice.caller.identity.access_key_id)) == {"DescribeOrganization"}
    assert await allowed(aws, plain) == {"ListAccounts"}
    assert await allowed(aws, vouched) == {"ListRoots", "ListPolicies"}
    aws.pass_time(seconds=60)
    assert await allowed(aws, vouched) == {"ListRoots"}


async def test_a_code_opens_one_session(aws: Aws, alice: Holder) -> None:
    shown = {"SerialNumber": alice.device.serial, "TokenCode": alice.device.code(1)}
    await aws.do("sts:GetSessionToken", alice.caller, **shown)
    assert await aws.refused("sts:GetSessionToken", alice.caller, **shown) == WRONG
    aws.pass_time(seconds=30)
    assert await aws.refused("sts:GetSessionToken", alice.caller, **shown) == WRONG
    # Those that enabled the device are used up, too.
    for step in (-2, -1):
        used = {"SerialNumber": alice.device.serial, "TokenCode": alice.device.code(step)}
        assert await aws.refused("sts:GetSessionToken", alice.caller, **used) == WRONG


async def test_of_many_who_show_a_code_at_once_one_gets_a_session(aws: Aws, alice: Holder) -> None:
    outcomes = await asyncio.gather(*(alice.session() for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(each, Caller) for each in outcomes) == 1


async def test_guessing_locks_the_device_and_tells_nothing(aws: Aws, alice: Holder) -> None:
    named = {"SerialNumber": alice.device.serial}
    right = alice.device.code(1)
    for _ in range(FREE_FAILURES):
        assert await aws.refused("sts:GetSessionToken", alice.caller, **named, TokenCode="000000") == WRONG
    assert await aws.refused("sts:GetSessionToken", alice.caller, **named, TokenCode=right) == WRONG
    aws.pass_time(seconds=1)
    await aws.do("sts:GetSessionToken", alice.caller, **named, TokenCode=right)


async def test_only_a_device_of_the_callers_own_counts(aws: Aws, alice: Holder) -> None:
    bob = await aws.user("bob")
    code = alice.device.code(1)
    for serial in (alice.device.serial, f"arn:aws:iam::{ACCOUNT}:mfa/nothing", "GAHT12345678"):
        assert await aws.refused("sts:GetSessionToken", bob, SerialNumber=serial, TokenCode=code) == FOREIGN
    root = await aws.ports.callers.root(ACCOUNT)
    assert await aws.refused("sts:GetSessionToken", root, SerialNumber=alice.device.serial, TokenCode=code) == FOREIGN
    await aws.do("iam:DeactivateMFADevice", UserName="alice", SerialNumber=alice.device.serial)
    named = {"SerialNumber": alice.device.serial, "TokenCode": code}
    assert await aws.refused("sts:GetSessionToken", alice.caller, **named) == FOREIGN


async def test_half_of_it_is_nothing(aws: Aws, alice: Holder) -> None:
    for half in ({"SerialNumber": alice.device.serial}, {"TokenCode": alice.device.code(1)}):
        code, message = await aws.refused("sts:GetSessionToken", alice.caller, **half)
        assert (code, message.partition(",")[0]) == ("AccessDenied", "MultiFactorAuthentication failed")


async def test_a_role_may_ask_for_a_code(aws: Aws, alice: Holder) -> None:
    arn = await aws.role("vault", trust({"AWS": alice.caller.identity.arn}, Condition=PRESENT), allow("iam:*"))
    named = {"RoleArn": arn, "RoleSessionName": "alice"}
    assert (await aws.refused("sts:AssumeRole", alice.caller, **named))[0] == "AccessDenied"
    plain = await aws.holder(await aws.do("sts:GetSessionToken", alice.caller))
    assert (await aws.refused("sts:AssumeRole", plain, **named))[0] == "AccessDenied"
    shown = {"SerialNumber": alice.device.serial, "TokenCode": alice.device.code(1)}
    assert await aws.refused("sts:AssumeRole", alice.caller, **named, **{**shown, "TokenCode": "000000"}) == WRONG
    session = await aws.holder(await aws.do("sts:AssumeRole", plain, **named, **shown))
    await aws.do("iam:ListUsers", session)
    aws.pass_time(seconds=60)
    with_code = {"SerialNumber": alice.device.serial, "TokenCode": alice.device.code()}
    await aws.do("sts:AssumeRole", alice.caller, **named, **with_code)
    assert await aws.refused("sts:AssumeRole", session, **named, **with_code) == FOREIGN


async def test_a_fresh_code_has_no_age(aws: Aws, alice: Holder) -> None:
    young = {"NumericLessThan": {"aws:MultiFactorAuthAge": "300"}}
    arn = await aws.role("vault", trust({"AWS": alice.caller.identity.arn}, Condition=young), allow("iam:*"))
    named = {"RoleArn": arn, "RoleSessionName": "alice"}
    session = await alice.session()
    await aws.do("sts:AssumeRole", session, **named)
    aws.pass_time(minutes=5)
    assert (await aws.refused("sts:AssumeRole", session, **named))[0] == "AccessDenied"
    shown = {"SerialNumber": alice.device.serial, "TokenCode": alice.device.code()}
    await aws.do("sts:AssumeRole", session, **named, **shown)


async def test_what_a_users_session_showed_goes_on_into_a_role_and_no_further(aws: Aws, alice: Holder) -> None:
    """A code at AssumeRole opens the role and is not seen in its session."""
    await aws.do("organizations:CreateOrganization")
    within = (allow("sts:*"), *CONDITIONED)
    first = await aws.role("first", trust({"AWS": alice.caller.identity.arn}), *within)
    second = await aws.role("second", trust({"AWS": first}), *within)
    vouched, session_name = await alice.session(), {"RoleSessionName": "alice"}
    role = await aws.holder(await aws.do("sts:AssumeRole", vouched, RoleArn=first, **session_name))
    assert await allowed(aws, role) == {"ListRoots", "ListPolicies"}
    chained = await aws.holder(await aws.do("sts:AssumeRole", role, RoleArn=second, **session_name))
    assert await allowed(aws, chained) == {"ListAccounts"}
    aws.pass_time(seconds=60)
    shown = {"SerialNumber": alice.device.serial, "TokenCode": alice.device.code()}
    opened = await aws.holder(await aws.do("sts:AssumeRole", alice.caller, RoleArn=first, **session_name, **shown))
    assert await allowed(aws, opened) == {"ListAccounts"}


async def test_a_denied_operation_is_denied_with_a_code_too(aws: Aws, alice: Holder) -> None:
    await aws.do("iam:PutUserPolicy", UserName="alice", PolicyName="no", PolicyDocument=policy(deny("sts:*")))
    caller = await aws.resolve(alice.caller.identity.access_key_id)
    shown = {"SerialNumber": alice.device.serial, "TokenCode": alice.device.code(1)}
    code, message = await aws.refused("sts:GetSessionToken", caller, **shown)
    assert (code, "explicit deny" in message) == ("AccessDenied", True)
