from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.services.aws import ACCOUNT, Aws, allow, aws_at, policy, trust

from yett.execute_api.access_matrix import standing_of
from yett.execute_api.principals import (
    Named,
    UnknownPrincipal,
    find_principal,
    known_principals,
    label_of,
    own_policies,
)


@pytest.fixture
async def aws(tmp_path: Path) -> AsyncIterator[Aws]:
    async with aws_at(tmp_path) as made:
        yield made


async def arn_of(aws: Aws, name: str) -> str | None:
    caller = await find_principal(name, ports=aws.ports, account=ACCOUNT, now=aws.time)
    return None if caller is None else caller.identity.arn


async def test_principals_are_found_by_short_names_and_arns(aws: Aws) -> None:
    alice = (await aws.user("alice", path="/dev/")).identity.arn
    role = await aws.role("auditor", trust({"Service": "lambda.amazonaws.com"}), Path="/x/")
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/auditor/monday"
    assert await arn_of(aws, "user/alice") == alice
    assert await arn_of(aws, alice) == alice
    assert await arn_of(aws, "role/auditor") == f"arn:aws:sts::{ACCOUNT}:assumed-role/auditor/simulated"
    assert await arn_of(aws, role) == f"arn:aws:sts::{ACCOUNT}:assumed-role/auditor/simulated"
    assert await arn_of(aws, session) == session
    assert await arn_of(aws, f"arn:aws:iam::{ACCOUNT}:root") == f"arn:aws:iam::{ACCOUNT}:root"
    assert await arn_of(aws, "anonymous") is None


@pytest.mark.parametrize(
    "name",
    [
        "user/nobody",
        "role/none",
        "alice",
        "",
        "arn:aws:iam::123456789012:group/g",
        "arn:aws:sts::123456789012:assumed-role/none/s",
        "arn:aws:sts::123456789012:federated-user/f",
    ],
)
async def test_what_is_no_principal_is_said_to_be(aws: Aws, name: str) -> None:
    with pytest.raises(UnknownPrincipal):
        await find_principal(name, ports=aws.ports, account=ACCOUNT, now=aws.time)


async def test_all_users_and_roles_are_listed(aws: Aws) -> None:
    await aws.user("bob")
    await aws.role("auditor", trust({"Service": "lambda.amazonaws.com"}))
    found = await known_principals(aws.ports, account=ACCOUNT, now=aws.time)
    assert [each.name for each in found] == ["user/bob", "role/auditor"]
    assert [label_of(standing_of(each)) for each in found] == ["user/bob", "role/auditor"]


async def test_only_policies_that_nobody_else_has_are_the_callers_own(aws: Aws) -> None:
    bob = await aws.user("bob")
    for name in ("mine", "shared"):
        document = policy(allow("s3:*"))
        await aws.do("iam:PutUserPolicy", UserName="bob", PolicyName=name, PolicyDocument=document)
    await aws.do("iam:CreateGroup", GroupName="devs")
    for name in ("shared", "theirs"):
        await aws.do("iam:PutGroupPolicy", GroupName="devs", PolicyName=name, PolicyDocument=policy(allow("s3:*")))
    await aws.do("iam:AddUserToGroup", UserName="bob", GroupName="devs")
    caller = await aws.ports.callers.user(bob.identity.arn)
    assert caller is not None
    assert await own_policies(standing_of(Named(name="bob", caller=caller)), aws.ports) == {"mine"}
    assert await own_policies(None, aws.ports) == frozenset()
    arn = await aws.role("auditor", trust({"Service": "lambda.amazonaws.com"}), allow("s3:*"))
    acting = await aws.ports.callers.role(arn, "s", now=aws.time)
    assert acting is not None
    assert len(await own_policies(standing_of(Named(name="auditor", caller=acting)), aws.ports)) == 1
