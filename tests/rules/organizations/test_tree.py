from datetime import UTC, datetime

import msgspec

from yett.policy import Kind, parse_policy
from yett.rules.organizations.tree import (
    AWS_POLICIES,
    FULL_ACCESS_DOCUMENT,
    FULL_AWS_ACCESS,
    MemberAccount,
    Organization,
    OrganizationPolicy,
    PolicyType,
    Unit,
    ancestry,
    path,
    policy_levels,
)

M, A, S = "1" * 12, "2" * 12, PolicyType.SERVICE_CONTROL_POLICY


def member(account: str, parent_id: str) -> MemberAccount:
    joined = datetime(2026, 1, 1, tzinfo=UTC)
    return MemberAccount(id=account, name="n", email="e", parent_id=parent_id, joined_at=joined, is_created=True)


TREE = Organization(
    id="o-1",
    management_account=M,
    root_id="r-1",
    feature_set="ALL",
    enabled_types=(S,),
    units=(Unit(id="ou-1", name="one", parent_id="r-1"), Unit(id="ou-2", name="two", parent_id="ou-1")),
    accounts=(member(M, "r-1"), member(A, "ou-2")),
    policies=(OrganizationPolicy(id="p-1", name="p", description="", type=S, content="DENY"),),
    attachments={"r-1": (FULL_AWS_ACCESS,), "ou-1": (FULL_AWS_ACCESS, "p-1"), A: (FULL_AWS_ACCESS,)},
)


def test_an_account_stands_below_its_units() -> None:
    assert ancestry(TREE, A) == ("r-1", "ou-1", "ou-2", A)
    assert ancestry(TREE, "3" * 12) == ()
    assert path(TREE, A) == "o-1/r-1/ou-1/ou-2/"


def test_every_level_is_asked_and_one_without_policies_allows_nothing() -> None:
    full = FULL_ACCESS_DOCUMENT
    assert policy_levels(TREE, A, S) == ((full,), (full, "DENY"), (), (full,))


def test_the_management_account_is_bound_by_none() -> None:
    assert policy_levels(TREE, M, S) is None


def test_a_kind_that_is_not_enabled_binds_nobody() -> None:
    assert policy_levels(msgspec.structs.replace(TREE, enabled_types=()), A, S) is None
    assert policy_levels(TREE, A, PolicyType.RESOURCE_CONTROL_POLICY) is None


def test_aws_own_policies_are_policies() -> None:
    kinds = {S: Kind.SCP, PolicyType.RESOURCE_CONTROL_POLICY: Kind.RCP}
    for each in AWS_POLICIES:
        parse_policy(each.content, kind=kinds[each.type])
