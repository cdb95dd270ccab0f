"""Callers follow every change of what they are made of."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.services.aws import ACCOUNT, ADMINISTRATOR, Aws, allow, aws_at, deny, policy, trust

from yett.adapters import callers as callers_module
from yett.policy import AuthorizationRequest, Outcome, Principal, RequestContext, decide
from yett.ports.callers import Caller, CredentialFault, CredentialsRefused
from yett.values.identity import PrincipalType


@pytest.fixture
async def aws(tmp_path: Path) -> AsyncIterator[Aws]:
    async with aws_at(tmp_path) as opened:
        yield opened


def may(caller: Caller, action: str = "s3:GetObject") -> bool:
    request = AuthorizationRequest(
        action=action,
        resource="arn:aws:s3:::b/k",
        principal=Principal.iam(caller.identity),
        resource_account=caller.identity.account,
        context=RequestContext.of({}),
    )
    decision = decide(request, caller=caller.policies, resource_policy=None, same_account=True)
    return decision.outcome is Outcome.ALLOW


async def current(aws: Aws, caller: Caller) -> Caller:
    """The caller now, from memory if it is there."""
    key = caller.identity.access_key_id
    found = aws.ports.callers.current(key, None, now=aws.time)
    return found or await aws.resolve(key)


async def fault(aws: Aws, access_key_id: str, token: str | None = None) -> CredentialFault:
    with pytest.raises(CredentialsRefused) as refused:
        await aws.resolve(access_key_id, token)
    return refused.value.fault


async def test_a_caller_is_remembered_until_something_changes(aws: Aws) -> None:
    alice = await aws.user("alice", path="/dev/")
    assert aws.ports.callers.current(alice.identity.access_key_id, None, now=aws.time) is alice
    assert alice.identity.arn == f"arn:aws:iam::{ACCOUNT}:user/dev/alice"
    await aws.user("bob")
    assert aws.ports.callers.current(alice.identity.access_key_id, None, now=aws.time) is alice


CHANGES: list[tuple[str, dict[str, Any], bool]] = [
    ("iam:PutUserPolicy", {"UserName": "alice", "PolicyName": "p", "PolicyDocument": policy(allow("s3:*"))}, True),
    ("iam:DeleteUserPolicy", {"UserName": "alice", "PolicyName": "p"}, False),
    ("iam:AttachUserPolicy", {"UserName": "alice", "PolicyArn": ADMINISTRATOR}, True),
    ("iam:DetachUserPolicy", {"UserName": "alice", "PolicyArn": ADMINISTRATOR}, False),
    ("iam:CreateGroup", {"GroupName": "devs"}, False),
    ("iam:AttachGroupPolicy", {"GroupName": "devs", "PolicyArn": ADMINISTRATOR}, False),
    ("iam:AddUserToGroup", {"UserName": "alice", "GroupName": "devs"}, True),
    ("iam:DetachGroupPolicy", {"GroupName": "devs", "PolicyArn": ADMINISTRATOR}, False),
    ("iam:PutGroupPolicy", {"GroupName": "devs", "PolicyName": "p", "PolicyDocument": policy(allow("s3:*"))}, True),
    ("iam:RemoveUserFromGroup", {"UserName": "alice", "GroupName": "devs"}, False),
    ("iam:CreatePolicy", {"PolicyName": "own", "PolicyDocument": policy(allow("s3:*"))}, False),
    ("iam:AttachUserPolicy", {"UserName": "alice", "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/own"}, True),
    (
        "iam:CreatePolicyVersion",
        {
            "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/own",
            "PolicyDocument": policy(deny("s3:*")),
            "SetAsDefault": True,
        },
        False,
    ),
    ("iam:SetDefaultPolicyVersion", {"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/own", "VersionId": "v1"}, True),
    (
        "iam:PutUserPermissionsBoundary",
        {"UserName": "alice", "PermissionsBoundary": "arn:aws:iam::aws:policy/IAMReadOnlyAccess"},
        False,
    ),
    ("iam:DeleteUserPermissionsBoundary", {"UserName": "alice"}, True),
]


async def test_every_change_of_policies_is_seen_by_the_next_call(aws: Aws) -> None:
    alice = await aws.user("alice")
    assert not may(alice)
    for operation, params, expected in CHANGES:
        await aws.do(operation, **params)
        assert may(await current(aws, alice)) is expected, operation


async def test_policies_for_invocations_say_the_same(aws: Aws) -> None:
    alice = await aws.user("alice", allow("execute-api:*"), allow("s3:*"))
    request = AuthorizationRequest(
        action="execute-api:Invoke",
        resource="arn:aws:execute-api:us-east-1:123456789012:a/prod/GET/x",
        principal=Principal.iam(alice.identity),
        resource_account=ACCOUNT,
        context=RequestContext.of({}),
    )
    for policies in (alice.policies, alice.invocation_policies):
        assert policies is not None
        decision = decide(request, caller=policies, resource_policy=None, same_account=True)
        assert decision.outcome is Outcome.ALLOW
    assert alice.invocation_policies is not None
    assert alice.invocation_policies.identity.statements == 1


async def test_keys_that_are_not_good_are_refused(aws: Aws) -> None:
    alice = await aws.user("alice")
    key = alice.identity.access_key_id
    assert await fault(aws, "AKIAUNKNOWN") is CredentialFault.UNKNOWN_ACCESS_KEY
    assert await fault(aws, "ASIAUNKNOWN") is CredentialFault.SESSION_TOKEN_INVALID
    assert await fault(aws, key, "token") is CredentialFault.SESSION_TOKEN_INVALID
    await aws.do("iam:UpdateAccessKey", UserName="alice", AccessKeyId=key, Status="Inactive")
    assert aws.ports.callers.current(key, None, now=aws.time) is None
    assert await fault(aws, key) is CredentialFault.INACTIVE_ACCESS_KEY
    await aws.do("iam:DeleteAccessKey", UserName="alice", AccessKeyId=key)
    assert await fault(aws, key) is CredentialFault.UNKNOWN_ACCESS_KEY


async def test_a_session_ends_with_its_time_its_role_and_its_own_key(aws: Aws) -> None:
    alice = await aws.user("alice")
    role = await aws.role("r", trust({"AWS": alice.identity.arn}))
    first = (await aws.do("sts:AssumeRole", alice, RoleArn=role, RoleSessionName="one"))["Credentials"]
    other = (await aws.do("sts:AssumeRole", alice, RoleArn=role, RoleSessionName="two"))["Credentials"]
    key, token = first["AccessKeyId"], first["SessionToken"]
    session = await aws.resolve(key, token)
    assert session.identity.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/r/one"
    assert session.identity.principal_arn == role
    assert aws.ports.callers.current(key, token, now=aws.time) is session
    assert await fault(aws, key, other["SessionToken"]) is CredentialFault.SESSION_TOKEN_INVALID
    assert await fault(aws, key, token[:-6] + "AAAAA=") is CredentialFault.SESSION_TOKEN_INVALID
    aws.pass_time(hours=1)
    assert aws.ports.callers.current(key, token, now=aws.time) is None
    assert await fault(aws, key, token) is CredentialFault.SESSION_TOKEN_EXPIRED
    aws.pass_time(hours=-1)
    await aws.do("iam:DeleteRole", RoleName="r")
    assert await fault(aws, key, token) is CredentialFault.UNKNOWN_ACCESS_KEY
    await aws.role("r", trust({"AWS": alice.identity.arn}))
    assert await fault(aws, key, token) is CredentialFault.UNKNOWN_ACCESS_KEY


async def test_a_role_acts_for_services_that_it_trusts(aws: Aws) -> None:
    arn = await aws.role("r", trust({"Service": "lambda.amazonaws.com"}), allow("s3:*"), Path="/fn/")
    callers = aws.ports.callers
    acting = await callers.service_role(arn, "fn", service="lambda.amazonaws.com", now=aws.time)
    assert acting is not None
    assert acting.identity.principal_type is PrincipalType.ASSUMED_ROLE
    assert acting.identity.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/r/fn"
    assert may(acting)
    assert await callers.service_role(arn, "fn", service="apigateway.amazonaws.com", now=aws.time) is None
    assert await callers.role(arn, "x", now=aws.time) is not None
    assert await callers.role(arn.replace("/fn/", "/"), "x", now=aws.time) is None
    assert await callers.role("nonsense", "x", now=aws.time) is None
    await aws.do(
        "iam:UpdateAssumeRolePolicy", RoleName="r", PolicyDocument=trust({"Service": "apigateway.amazonaws.com"})
    )
    assert await callers.service_role(arn, "fn", service="lambda.amazonaws.com", now=aws.time) is None


async def test_what_changes_while_it_is_read_is_not_remembered(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = await aws.user("alice", allow("s3:*"))
    key = alice.identity.access_key_id
    await aws.do("iam:TagUser", UserName="alice", Tags=[{"Key": "a", "Value": "1"}])  # forgets her
    loop, load = asyncio.get_running_loop(), callers_module.load_user

    def change_meanwhile(transaction: Any, access_key_id: str) -> Any:
        loaded = load(transaction, access_key_id)
        change = aws.do("iam:DeleteUserPolicy", UserName="alice", PolicyName="own")
        asyncio.run_coroutine_threadsafe(change, loop).result()
        return loaded

    with monkeypatch.context() as patched:
        patched.setattr(callers_module, "load_user", change_meanwhile)
        assert may(await aws.resolve(key))
    assert aws.ports.callers.current(key, None, now=aws.time) is None
    assert not may(await aws.resolve(key))


async def test_memory_is_bounded(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers_module, "REMEMBERED", 2)
    names = [(await aws.user(name)).identity.access_key_id for name in ("a", "b", "c")]
    now = aws.time
    remembered = [aws.ports.callers.current(name, None, now=now) is not None for name in names]
    assert remembered[0] is False
    assert remembered[2] is True


async def test_who_is_kept_in_memory_without_keys_cannot_sign_with_an_empty_secret(aws: Aws) -> None:
    callers = aws.ports.callers
    role_arn = await aws.role("r", trust({"Service": "lambda.amazonaws.com"}))
    bob = (await aws.user("bob")).identity.arn
    assert (await callers.role(role_arn, "name", now=aws.time)) is not None
    assert (await callers.user(bob)) is not None
    root = (await callers.root(ACCOUNT)).identity.arn
    for arn, token in ((root, None), (bob, None), (role_arn, "/name")):
        assert callers.current(arn, token, now=aws.time) is None
        with pytest.raises(CredentialsRefused):
            await callers.resolve(arn, token, now=aws.time)


async def test_a_user_is_known_by_its_arn_too(aws: Aws) -> None:
    alice = (await aws.user("alice", path="/dev/")).identity.arn
    found = await aws.ports.callers.user(alice)
    assert found is not None
    assert (found.identity.arn, found.identity.access_key_id, may(found)) == (alice, "", False)
    assert await aws.ports.callers.user(alice) is found
    for operation, params, allowed in CHANGES[:1]:
        await aws.do(operation, **params)
        changed = await aws.ports.callers.user(alice)
        assert changed is not None
        assert may(changed) is allowed
    for unknown in ("nobody", alice.replace("/dev/", "/"), alice.replace("alice", "eve")):
        assert await aws.ports.callers.user(unknown) is None


async def test_root_may_do_everything_and_has_no_name(aws: Aws) -> None:
    root = await aws.ports.callers.root("999999999999")
    assert root.identity.is_root
    assert root.identity.account == "999999999999"
    assert may(root)
