"""Everything that bears on who may do what in the account, in one list.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from msgspec import Struct

from yett.ports.iam_store import AWS_ACCOUNT, Entity, Group, InstanceProfile, ManagedPolicy, Role, User
from yett.rules.iam.limits import PAGE_ITEMS
from yett.services.call import Call
from yett.services.iam.entities import (
    GROUP,
    ROLE,
    USER,
    Answer,
    Noun,
    Params,
    describe_entity,
    more,
    read_marker,
    render_document,
)
from yett.services.iam.errors import validation_error
from yett.services.iam.instance_profiles import describe_profile
from yett.services.iam.managed_policies import describe_policy, describe_version
from yett.services.iam.principals import show_trust
from yett.services.iam.roles import describe_last_use

Details = dict[str, object]
# (call, name to begin after, at most so many) -> names and details; one more tells that there is more
Read = Callable[[Call, str, int], Awaitable[list[tuple[str, Details]]]]


class Section(Struct, frozen=True):
    """One kind of thing in the list."""

    filter: str  # as the request's Filter names it
    member: str  # of the answer
    read: Read


async def get_account_authorization_details(call: Call, params: Params) -> Answer:
    """List users, groups, roles and policies, each with its policies; several kinds may share a page.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
    """
    wanted = params.get("Filter") or [section.filter for section in SECTIONS]
    sections = [section for section in SECTIONS if section.filter in wanted]
    left = params.get("MaxItems", PAGE_ITEMS)
    start, _, after = read_marker(params).partition("/")
    if start:
        names = [section.filter for section in sections]
        if start not in names:
            raise validation_error("Invalid Marker.")
        sections = sections[names.index(start) :]
    found: dict[str, list[Details]] = {section.member: [] for section in SECTIONS}
    for section in sections:
        page = await section.read(call, after, left + 1)
        found[section.member] += [details for _, details in page[:left]]
        if len(page) > left:
            last = page[left - 1][0] if left else after
            return {**found, **more(f"{section.filter}/{last}")}
        left, after = left - len(page), ""
    return {**found, **more(None)}


async def read_entities(noun: Noun[Any], call: Call, after: str, limit: int) -> list[tuple[str, Details]]:
    """Users, groups or roles."""
    store = call.ports.iam_store
    page = await store.page(noun.kind, call.account, path_prefix="/", after=after, limit=limit)
    profiles = await profiles_by_role(call) if noun is ROLE and page else {}
    return [(entity.name, await describe_details(call, noun, entity, profiles)) for entity in page]


async def profiles_by_role(call: Call) -> Mapping[str, list[InstanceProfile]]:
    """The account's instance profiles, by the name of the role in them."""
    store = call.ports.iam_store
    count = await store.count(InstanceProfile, call.account)
    found: dict[str, list[InstanceProfile]] = {}
    for profile in await store.page(InstanceProfile, call.account, path_prefix="/", after="", limit=count + 1):
        for role in profile.roles:
            found.setdefault(role, []).append(profile)
    return found


async def describe_details(
    call: Call, noun: Noun[Any], entity: Entity, profiles: Mapping[str, Sequence[InstanceProfile]]
) -> Details:
    """An entity with all its policies."""
    shown = await show_trust(call, entity) if isinstance(entity, Role) else entity
    details = describe_entity(noun, shown, whole=True)
    details[f"{noun.title}PolicyList"] = [
        {"PolicyName": name, "PolicyDocument": render_document(text)} for name, text in entity.inline_policies.items()
    ]
    details["AttachedManagedPolicies"] = [
        {"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in entity.attached_policies
    ]
    match entity:
        case User():
            details["GroupList"] = list(entity.groups)
        case Role():
            for member in ("Description", "MaxSessionDuration"):  # not part of these details
                details.pop(member, None)
            details["RoleLastUsed"] = await describe_last_use(call, entity)
            mine = profiles.get(entity.name, ())
            details["InstanceProfileList"] = [await describe_profile(call, each, whole=True) for each in mine]
        case Group():
            pass
    return details


async def read_policies(account: str | None, call: Call, after: str, limit: int) -> list[tuple[str, Details]]:
    """Managed policies, the account's own or AWS's, with all their versions."""
    store = call.ports.iam_store
    every = sorted(await store.policies(account or call.account), key=lambda policy: policy.name.lower())
    page = [policy for policy in every if policy.name.lower() > after.lower()][:limit]
    uses = await store.uses(call.account) if page else {}
    return [(policy.name, describe_managed(policy, uses.get(policy.arn, []))) for policy in page]


def describe_managed(policy: ManagedPolicy, uses: Sequence[Any]) -> Details:
    """A managed policy with its versions."""
    details = describe_policy(policy, uses)
    details.pop("Tags", None)  # not part of these details
    versions = [describe_version(policy, version, has_document=True) for version in policy.versions]
    return {**details, "PolicyVersionList": versions}


SECTIONS: Final = (
    Section("User", "UserDetailList", partial(read_entities, USER)),
    Section("Group", "GroupDetailList", partial(read_entities, GROUP)),
    Section("Role", "RoleDetailList", partial(read_entities, ROLE)),
    Section("LocalManagedPolicy", "Policies", partial(read_policies, None)),
    Section("AWSManagedPolicy", "Policies", partial(read_policies, AWS_ACCOUNT)),
)
