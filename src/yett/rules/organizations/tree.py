"""The tree of an organization: root, units, accounts, and the policies attached to each.

Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_getting-started_concepts.html
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

FULL_ACCESS_DOCUMENT: Final = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
RCP_FULL_ACCESS_DOCUMENT: Final = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}'
)
FULL_AWS_ACCESS: Final = "p-FullAWSAccess"
RCP_FULL_AWS_ACCESS: Final = "p-RCPFullAWSAccess"


class PolicyType(StrEnum):
    """The kinds of organization policy that bind access."""

    SERVICE_CONTROL_POLICY = "SERVICE_CONTROL_POLICY"
    RESOURCE_CONTROL_POLICY = "RESOURCE_CONTROL_POLICY"


class OrganizationPolicy(Struct, frozen=True, kw_only=True):
    """A service control or resource control policy."""

    id: str  # "p-…"
    name: str
    description: str
    type: PolicyType
    content: str
    is_aws_managed: bool = False


class Unit(Struct, frozen=True, kw_only=True):
    """An organizational unit."""

    id: str  # "ou-…"
    name: str
    parent_id: str  # of the root or another unit


class MemberAccount(Struct, frozen=True, kw_only=True):
    """An account of the organization, the management account among them."""

    id: str
    name: str
    email: str
    parent_id: str
    joined_at: datetime
    is_created: bool  # by CreateAccount
    status: str = "ACTIVE"


class AccountCreation(Struct, frozen=True, kw_only=True):
    """What CreateAccount was asked and came to."""

    id: str  # "car-…"
    account_name: str
    state: str  # "SUCCEEDED", "FAILED"
    requested_at: datetime
    completed_at: datetime
    account_id: str | None = None
    failure_reason: str | None = None


class Organization(Struct, frozen=True, kw_only=True):
    """An organization, whole."""

    id: str  # "o-…"
    management_account: str
    root_id: str  # "r-…"
    feature_set: str  # "ALL", "CONSOLIDATED_BILLING"
    enabled_types: tuple[PolicyType, ...] = ()
    units: tuple[Unit, ...] = ()
    accounts: tuple[MemberAccount, ...] = ()
    policies: tuple[OrganizationPolicy, ...] = ()  # the organization's own; AWS's are in AWS_POLICIES
    attachments: Mapping[str, tuple[str, ...]] = {}  # root, unit or account id -> policy ids
    creations: tuple[AccountCreation, ...] = ()
    tags: Mapping[str, Mapping[str, str]] = {}  # root, unit, account or policy id -> tags


AWS_POLICIES: Final = (
    OrganizationPolicy(
        id=FULL_AWS_ACCESS,
        name="FullAWSAccess",
        description="Allows access to every operation",
        type=PolicyType.SERVICE_CONTROL_POLICY,
        content=FULL_ACCESS_DOCUMENT,
        is_aws_managed=True,
    ),
    OrganizationPolicy(
        id=RCP_FULL_AWS_ACCESS,
        name="RCPFullAWSAccess",
        description="Allows access to every resource",
        type=PolicyType.RESOURCE_CONTROL_POLICY,
        content=RCP_FULL_ACCESS_DOCUMENT,
        is_aws_managed=True,
    ),
)
DEFAULTS: Final = {
    PolicyType.SERVICE_CONTROL_POLICY: FULL_AWS_ACCESS,
    PolicyType.RESOURCE_CONTROL_POLICY: RCP_FULL_AWS_ACCESS,
}


def find_account(organization: Organization, account: str) -> MemberAccount | None:
    """The account's entry."""
    return next((each for each in organization.accounts if each.id == account), None)


def find_unit(organization: Organization, unit_id: str) -> Unit | None:
    """The unit of this id."""
    return next((each for each in organization.units if each.id == unit_id), None)


def find_policy(organization: Organization, policy_id: str) -> OrganizationPolicy | None:
    """The policy of this id, the organization's or AWS's."""
    return next((each for each in (*AWS_POLICIES, *organization.policies) if each.id == policy_id), None)


def ancestry(organization: Organization, account: str) -> tuple[str, ...]:
    """Ids from the root down to the account, both included; () if the account is no member."""
    member = find_account(organization, account)
    if member is None:
        return ()
    return (*reversed(tuple(climb(organization, member.parent_id))), account)


def climb(organization: Organization, parent_id: str) -> Iterator[str]:
    """The parent, its parent, and so on to the root."""
    while parent_id != organization.root_id:
        yield parent_id
        unit = find_unit(organization, parent_id)
        if unit is None:
            return
        parent_id = unit.parent_id
    yield parent_id


def path(organization: Organization, account: str) -> str:
    """The account's place as aws:PrincipalOrgPaths spells it: ``o-…/r-…/ou-…/``.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    return "".join(f"{each}/" for each in (organization.id, *ancestry(organization, account)[:-1]))


def policy_levels(organization: Organization, account: str, kind: PolicyType) -> tuple[tuple[str, ...], ...] | None:
    """The documents that bind an account, a tuple per level from the root to the account: each level must allow.

    None where this kind of policy binds nothing: it is not enabled, or the account manages the organization.

    Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
    """
    if kind not in organization.enabled_types or account == organization.management_account:
        return None
    levels = []
    for target in ancestry(organization, account):
        attached = (find_policy(organization, each) for each in organization.attachments.get(target, ()))
        levels.append(tuple(policy.content for policy in attached if policy is not None and policy.type is kind))
    return tuple(levels)
