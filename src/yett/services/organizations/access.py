"""What the operations share: the organization at hand, ids, ARNs, pages."""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from yett.ports.randomness import LOWER_ALPHANUMERIC
from yett.rules.organizations.tree import (
    AccountCreation,
    MemberAccount,
    Organization,
    OrganizationPolicy,
    PolicyType,
    Unit,
    find_account,
    find_policy,
    find_unit,
)
from yett.services.call import Call
from yett.services.iam.authorization import resource_tag_keys
from yett.services.organizations.errors import invalid, refuse

T = TypeVar("T")
Params = Mapping[str, Any]  # checked against the service model before an operation sees them
Answer = Mapping[str, object]

ANCHOR = "arn:aws:organizations::"
DEFAULT_PAGE = 20
NODE_MEMBERS = (
    "TargetId",
    "AccountId",
    "OrganizationalUnitId",
    "ParentId",
    "ChildId",
    "RootId",
    "SourceParentId",
    "DestinationParentId",
)


async def get_membership(call: Call) -> Organization:
    """The organization that the caller's account is in."""
    found = await call.ports.organization_store.find(call.account)
    if found is None:
        raise refuse("AWSOrganizationsNotInUseException")
    return found


async def get_managed(call: Call) -> Organization:
    """The organization that the caller's account manages; members may not ask."""
    organization = await get_membership(call)
    if organization.management_account != call.account:
        raise refuse("AccessDeniedException")
    return organization


async def change_organization(call: Call, change: Callable[[Organization], Organization]) -> Organization:
    """The organization as *change* made it, if the caller's account manages it. Tags go with what they are on."""
    await get_managed(call)

    def change_whole(before: Organization) -> Organization:
        after = change(before)
        tags = {each: tags for each, tags in after.tags.items() if is_node(after, each) or find_policy(after, each)}
        return msgspec.structs.replace(after, tags=tags)

    changed = await call.ports.organization_store.update(call.account, change_whole)
    if changed is None:
        raise refuse("AWSOrganizationsNotInUseException")
    return changed


def draw(call: Call, length: int) -> str:
    """Lower-case letters and digits, as ids end with."""
    return call.ports.randomness.text(LOWER_ALPHANUMERIC, length)


def organization_arn(organization: Organization) -> str:
    """The organization's ARN."""
    return f"{ANCHOR}{organization.management_account}:organization/{organization.id}"


def node_arn(organization: Organization, node_id: str) -> str:
    """The ARN of the root, a unit or an account."""
    kind = "root" if node_id.startswith("r-") else "ou" if node_id.startswith("ou-") else "account"
    return f"{ANCHOR}{organization.management_account}:{kind}/{organization.id}/{node_id}"


def policy_arn(organization: Organization, policy: OrganizationPolicy) -> str:
    """The ARN of a policy."""
    kind = policy.type.value.lower()
    if policy.is_aws_managed:
        return f"{ANCHOR}aws:policy/{kind}/{policy.id}"
    return f"{ANCHOR}{organization.management_account}:policy/{organization.id}/{kind}/{policy.id}"


def is_node(organization: Organization, node_id: str) -> bool:
    """Whether this is the root, a unit or an account of the organization."""
    return is_parent(organization, node_id) or find_account(organization, node_id) is not None


def is_parent(organization: Organization, node_id: str) -> bool:
    """Whether this is the root or a unit of the organization."""
    return node_id == organization.root_id or find_unit(organization, node_id) is not None


def is_of_type(organization: Organization, policy_id: str, kind: PolicyType) -> bool:
    """Whether the policy is of this kind."""
    policy = find_policy(organization, policy_id)
    return policy is not None and policy.type is kind


def read_type(text: str) -> PolicyType:
    """A kind of policy that is kept and enforced here: service control and resource control policies.

    Raises:
        ServiceError: It is another. Nothing is kept that would not be enforced.
    """
    try:
        return PolicyType(text)
    except ValueError:
        raise refuse("PolicyTypeNotAvailableForOrganizationException") from None


def page_of(items: Iterable[T], params: Params, *, key: Callable[[T], str]) -> tuple[list[T], dict[str, object]]:
    """One page, and the token of the next: what comes after the last one shown, in order of *key*.

    So each is shown once, whatever comes and goes between two pages.

    Raises:
        ServiceError: InvalidInputException, for a token that is none of ours.
    """
    after = read_token(params["NextToken"]) if "NextToken" in params else ""
    rest = sorted((each for each in items if key(each) > after), key=key)
    page = rest[: params.get("MaxResults", DEFAULT_PAGE)]
    if len(page) == len(rest):
        return page, {}
    return page, {"NextToken": base64.urlsafe_b64encode(key(page[-1]).encode()).decode()}


def read_token(token: str) -> str:
    """The key after which a page begins."""
    try:
        return base64.b64decode(token, b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise invalid("You specified an invalid token.", "INVALID_NEXT_TOKEN") from error


def id_of(each: MemberAccount | AccountCreation | Unit | OrganizationPolicy) -> str:
    """What things of an organization are listed by."""
    return each.id


async def resolve_nodes(call: Call, params: Params) -> tuple[str, ...]:
    """The ARNs of the nodes and policies that the call names, for its permission; ``*`` without an organization."""
    organization = await call.ports.organization_store.find(call.account)
    if organization is None:
        return ("*",)
    return tuple(arn_of(organization, each) for each in named(params))


def named(params: Params) -> list[str]:
    """The ids of the nodes and policies that the call names, in the order of the reference."""
    return [params[member] for member in (*NODE_MEMBERS, "ResourceId", "PolicyId") if member in params]


def arn_of(organization: Organization, resource_id: str) -> str:
    """The ARN of a node or a policy; ``*`` for a policy that there is not."""
    if not resource_id.startswith("p-"):
        return node_arn(organization, resource_id)
    policy = find_policy(organization, resource_id)
    return "*" if policy is None else policy_arn(organization, policy)


async def keys_of_resources(call: Call, params: Params) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """By ARN, the condition keys of what the call names, as it is now: its tags.

    Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
    """
    organization = await call.ports.organization_store.find(call.account)
    if organization is None:
        return {}
    return {
        arn_of(organization, each): resource_tag_keys(organization.tags.get(each, {}))
        for each in named(params)
        if each in organization.tags
    }


async def resource_keys(call: Call, params: Params) -> Mapping[str, tuple[str, ...]]:
    """The condition keys of what the call names that only the store knows: the kind of a policy.

    Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
    """
    organization = await call.ports.organization_store.find(call.account)
    policies = () if organization is None else (find_policy(organization, each) for each in named(params))
    kinds = tuple(each.type.value for each in policies if each is not None)
    return {"organizations:PolicyType": kinds} if kinds else {}
