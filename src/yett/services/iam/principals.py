"""Principals of policies that are kept: unique ids in the store, ARNs for those who read them.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import msgspec

from yett.ports.iam_store import Role, User
from yett.rules.iam.principals import kept_ids, named_accounts, named_entities, replace_principals
from yett.services.call import Call
from yett.services.iam.entities import ROLE, USER, arn_of
from yett.values.arn import Arn
from yett.values.errors import Refusal


class UnknownPrincipal(Refusal):
    """A policy names a user or role that does not exist, in an account that is kept here, or by a unique id."""

    def __init__(self, principal: str) -> None:
        super().__init__(f"there is no `{principal}`")
        self.principal = principal


async def keep_principals(call: Call, policy: str) -> str:
    """The policy as it is kept: users and roles by unique id, but those of accounts that live elsewhere.

    Raises:
        UnknownPrincipal
    """
    names = named_accounts(policy)
    for text in named_entities(policy):
        entity = await find_principal(call, Arn.parse(text))
        if entity is not None:
            names[text] = entity.id
        elif await is_kept_here(call, Arn.parse(text).account):
            raise UnknownPrincipal(text)
    for unique_id in kept_ids(policy):  # of somebody who is gone: the policy was shown so, and cannot be kept again
        if await call.ports.iam_store.find_by_id(unique_id) is None:
            raise UnknownPrincipal(unique_id)
    return replace_principals(policy, names)


async def show_principals(call: Call, policy: str) -> str:
    """The policy as it is read: by ARN whoever lives; who is gone, by the unique id that nobody will have again."""
    names: dict[str, str] = {}
    for unique_id in kept_ids(policy):
        entity = await call.ports.iam_store.find_by_id(unique_id)
        if entity is not None:
            names[unique_id] = arn_of(ROLE, entity) if isinstance(entity, Role) else arn_of(USER, entity)
    return replace_principals(policy, names)


async def show_trust(call: Call, role: Role) -> Role:
    """The role with its trust policy as it is read."""
    return msgspec.structs.replace(role, trust_policy=await show_principals(call, role.trust_policy))


async def find_principal(call: Call, arn: Arn) -> User | Role | None:
    """The user or role of exactly this ARN."""
    kind, _, rest = arn.resource.partition("/")
    path, _, name = rest.rpartition("/")
    store = call.ports.iam_store
    found: User | Role | None
    if kind == "role":
        found = await store.find(Role, arn.account, name)
    else:
        found = await store.find(User, arn.account, name)
    is_it = found is not None and (found.path, found.name) == (f"/{path}/" if path else "/", name)
    return found if is_it else None


async def is_kept_here(call: Call, account: str) -> bool:
    """Whether the account's users and roles are in this store: the caller's, the server's own, or an organization's."""
    if account in {call.account, call.ports.settings.account}:
        return True
    return await call.ports.organization_store.find(account) is not None
