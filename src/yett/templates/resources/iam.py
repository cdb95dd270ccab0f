"""AWS::IAM::*."""

from collections.abc import Mapping
from typing import Any, Final

from yett.ports.stack_store import ResourceRecord
from yett.services.call import ServiceError
from yett.templates.fitting import DoesNotFit, entries, fit
from yett.templates.resources.actor import Actor, Made, ResourceType, Wanted, exists, gone, names, pages

SERVICE: Final = "iam"
NAME_CHARACTERS: Final = 64
POLICY_CHARACTERS: Final = 128
KINDS: Final = ("Role", "User", "Group")
ATTACHED: Final = names("Policies ManagedPolicyArns Groups")


def inline(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Inline policies by name.

    Raises:
        DoesNotFit: Two have one name, of which only one would be in force; or one has not what it needs.
    """
    found: dict[str, Any] = {}
    for index, one in enumerate(entries(properties, "Policies", "PolicyName", "PolicyDocument")):
        name = str(one["PolicyName"])
        if name in found:
            raise DoesNotFit(f"two policies are called `{name}`", way=("Policies", index, "PolicyName"))
        found[name] = one["PolicyDocument"]
    return found


async def create_entity(actor: Actor, wanted: Wanted, kind: str) -> Made:
    """A role, user or group, with its policies and a user's groups."""
    name_member = f"{kind}Name"
    properties = {name: one for name, one in wanted.properties.items() if name not in ATTACHED}
    properties.setdefault(name_member, actor.name(wanted.logical_id, limit=NAME_CHARACTERS))
    made = (await actor.do(SERVICE, f"Create{kind}", fit(SERVICE, f"Create{kind}", properties)))[kind]
    name = str(made[name_member])
    described = Made(physical_id=name, attributes={"Arn": str(made["Arn"]), f"{kind}Id": str(made[f"{kind}Id"])})
    try:
        await reconcile(actor, kind, name, new=wanted.properties, old={})
    except BaseException:
        await delete_entity(
            actor,
            ResourceRecord(logical_id="", type="", physical_id=name, properties=wanted.properties, digest=""),
            kind,
        )
        raise
    return described


async def reconcile(actor: Actor, kind: str, name: str, *, new: Mapping[str, Any], old: Mapping[str, Any]) -> None:
    """Make an entity's policies, and a user's groups, from what they were to what they shall be."""
    who = {f"{kind}Name": name}
    wanted, present = inline(new), inline(old)
    for policy in present.keys() - wanted.keys():
        await gone(actor, SERVICE, f"Delete{kind}Policy", who | {"PolicyName": policy})
    for policy, document in wanted.items():
        if present.get(policy) != document:
            params = fit(SERVICE, f"Put{kind}Policy", who | {"PolicyName": policy, "PolicyDocument": document})
            await actor.do(SERVICE, f"Put{kind}Policy", params)
    arns, attached = list(new.get("ManagedPolicyArns", ())), list(old.get("ManagedPolicyArns", ()))
    for arn in attached:
        if arn not in arns:
            await gone(actor, SERVICE, f"Detach{kind}Policy", who | {"PolicyArn": arn})
    for arn in arns:
        if arn not in attached:
            await actor.do(SERVICE, f"Attach{kind}Policy", who | {"PolicyArn": arn})
    for group in set(old.get("Groups", ())) - set(new.get("Groups", ())):
        await gone(actor, SERVICE, "RemoveUserFromGroup", who | {"GroupName": group})
    for group in set(new.get("Groups", ())) - set(old.get("Groups", ())):
        await actor.do(SERVICE, "AddUserToGroup", who | {"GroupName": group})


async def update_entity(actor: Actor, wanted: Wanted, old: ResourceRecord, kind: str) -> Made | None:
    """Policies, groups and the trust policy in place; anything else makes a new entity."""
    movable = ATTACHED | {"AssumeRolePolicyDocument"}
    before = {name: one for name, one in old.properties.items() if name not in movable}
    if before != {name: one for name, one in wanted.properties.items() if name not in movable}:
        return None
    if kind == "Role" and wanted.properties["AssumeRolePolicyDocument"] != old.properties["AssumeRolePolicyDocument"]:
        given = {"RoleName": old.physical_id, "PolicyDocument": wanted.properties["AssumeRolePolicyDocument"]}
        await actor.do(SERVICE, "UpdateAssumeRolePolicy", fit(SERVICE, "UpdateAssumeRolePolicy", given))
    await reconcile(actor, kind, old.physical_id, new=wanted.properties, old=old.properties)
    return Made(physical_id=old.physical_id, attributes=old.attributes)


async def delete_entity(actor: Actor, old: ResourceRecord, kind: str) -> None:
    """Take an entity's policies and groups away, then itself. If it cannot go, it has them again."""
    await reconcile(actor, kind, old.physical_id, new={}, old=old.properties)
    try:
        await gone(actor, SERVICE, f"Delete{kind}", {f"{kind}Name": old.physical_id})
    except ServiceError:
        await reconcile(actor, kind, old.physical_id, new=old.properties, old={})
        raise


def entity(kind: str, reads: str) -> ResourceType:
    """The row of a role, user or group."""

    async def create(actor: Actor, wanted: Wanted) -> Made:
        return await create_entity(actor, wanted, kind)

    async def update(actor: Actor, wanted: Wanted, old: ResourceRecord) -> Made | None:
        return await update_entity(actor, wanted, old, kind)

    async def delete(actor: Actor, old: ResourceRecord) -> None:
        await delete_entity(actor, old, kind)

    async def find(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
        name = str(wanted.properties.get(f"{kind}Name") or actor.name(wanted.logical_id, limit=NAME_CHARACTERS))
        return (name,) if await exists(actor, SERVICE, f"Get{kind}", {f"{kind}Name": name}) else ()

    return ResourceType(reads=names(reads), create=create, update=update, delete=delete, find=find)


# -- policies of their own


def holders(properties: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The entities that a policy is for: kind and name."""
    found = [(kind, str(name)) for kind in KINDS for name in properties.get(f"{kind}s", ())]
    return found + [(kind, str(properties[f"{kind}Name"])) for kind in KINDS if f"{kind}Name" in properties]


async def put_policy(actor: Actor, wanted: Wanted) -> Made:
    """An inline policy in each of its holders.

    Raises:
        ServiceError: A holder has one of that name, which would be lost.
    """
    name = str(wanted.properties["PolicyName"])
    if await find_policy(actor, wanted):
        raise ServiceError("EntityAlreadyExists", f"one of the holders has an inline policy `{name}` already")
    await put_in(actor, wanted, holders(wanted.properties))
    return Made(physical_id=actor.name(wanted.logical_id, limit=POLICY_CHARACTERS))


async def put_in(actor: Actor, wanted: Wanted, entities: list[tuple[str, str]]) -> None:
    """Put the policy in these entities."""
    for kind, holder in entities:
        given = {
            f"{kind}Name": holder,
            "PolicyName": wanted.properties["PolicyName"],
            "PolicyDocument": wanted.properties["PolicyDocument"],
        }
        await actor.do(SERVICE, f"Put{kind}Policy", fit(SERVICE, f"Put{kind}Policy", given))


async def update_policy(actor: Actor, wanted: Wanted, old: ResourceRecord) -> Made | None:
    """In place: put where it shall be, and taken away from where it was else."""
    await put_in(actor, wanted, holders(wanted.properties))
    same_name = wanted.properties["PolicyName"] == old.properties["PolicyName"]
    kept = holders(wanted.properties) if same_name else []
    for kind, holder in holders(old.properties):
        if (kind, holder) not in kept:
            params = {f"{kind}Name": holder, "PolicyName": str(old.properties["PolicyName"])}
            await gone(actor, SERVICE, f"Delete{kind}Policy", params)
    return Made(physical_id=old.physical_id, attributes=old.attributes)


async def find_policy(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    """The policy's name, if one of its holders has it."""
    name = str(wanted.properties["PolicyName"])
    for kind, holder in holders(wanted.properties):
        if await exists(actor, SERVICE, f"Get{kind}Policy", {f"{kind}Name": holder, "PolicyName": name}):
            return (name,)
    return ()


async def delete_policy(actor: Actor, old: ResourceRecord) -> None:
    for kind, holder in holders(old.properties):
        params = {f"{kind}Name": holder, "PolicyName": str(old.properties["PolicyName"])}
        await gone(actor, SERVICE, f"Delete{kind}Policy", params)


async def create_managed_policy(actor: Actor, wanted: Wanted) -> Made:
    properties = dict(wanted.properties)
    name = properties.pop("ManagedPolicyName", None) or actor.name(wanted.logical_id, limit=POLICY_CHARACTERS)
    given = {key: one for key, one in properties.items() if key not in ("Roles", "Users", "Groups")}
    params = fit(SERVICE, "CreatePolicy", given | {"PolicyName": name})
    arn = str((await actor.do(SERVICE, "CreatePolicy", params))["Policy"]["Arn"])
    for kind, holder in holders(properties):
        await actor.do(SERVICE, f"Attach{kind}Policy", {f"{kind}Name": holder, "PolicyArn": arn})
    return Made(physical_id=arn, attributes={"PolicyArn": arn})


async def delete_managed_policy(actor: Actor, old: ResourceRecord) -> None:
    for kind, holder in holders(old.properties):
        await gone(actor, SERVICE, f"Detach{kind}Policy", {f"{kind}Name": holder, "PolicyArn": old.physical_id})
    await gone(actor, SERVICE, "DeletePolicy", {"PolicyArn": old.physical_id})


async def find_managed_policy(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    name = wanted.properties.get("ManagedPolicyName") or actor.name(wanted.logical_id, limit=POLICY_CHARACTERS)
    arn = f"arn:aws:iam::{actor.account}:policy{wanted.properties.get('Path', '/')}{name}"
    return (arn,) if await exists(actor, SERVICE, "GetPolicy", {"PolicyArn": arn}) else ()


# -- access keys, memberships, instance profiles


async def create_access_key(actor: Actor, wanted: Wanted) -> Made:
    user = {"UserName": str(wanted.properties["UserName"])}
    key = (await actor.do(SERVICE, "CreateAccessKey", user))["AccessKey"]
    access_key_id = str(key["AccessKeyId"])
    if wanted.properties.get("Status", "Active") != "Active":
        await actor.do(SERVICE, "UpdateAccessKey", user | {"AccessKeyId": access_key_id, "Status": "Inactive"})
    return Made(physical_id=access_key_id, attributes={"SecretAccessKey": str(key["SecretAccessKey"])})


async def delete_access_key(actor: Actor, old: ResourceRecord) -> None:
    params = {"UserName": str(old.properties["UserName"]), "AccessKeyId": old.physical_id}
    await gone(actor, SERVICE, "DeleteAccessKey", params)


async def find_access_keys(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    """All keys of the user: a new one is one that was not there."""
    user = {"UserName": str(wanted.properties["UserName"])}
    found = await pages(actor, SERVICE, "ListAccessKeys", user, items="AccessKeyMetadata", cursor="Marker")
    return tuple(str(one["AccessKeyId"]) for one in found)


async def add_to_group(actor: Actor, wanted: Wanted) -> Made:
    for user in wanted.properties.get("Users", ()):
        await actor.do(SERVICE, "AddUserToGroup", {"GroupName": wanted.properties["GroupName"], "UserName": user})
    return Made(physical_id=actor.name(wanted.logical_id, limit=POLICY_CHARACTERS))


async def remove_from_group(actor: Actor, old: ResourceRecord) -> None:
    for user in old.properties.get("Users", ()):
        await gone(actor, SERVICE, "RemoveUserFromGroup", {"GroupName": old.properties["GroupName"], "UserName": user})


async def update_membership(actor: Actor, wanted: Wanted, old: ResourceRecord) -> Made | None:
    """In place; in another group it is another."""
    if wanted.properties["GroupName"] != old.properties["GroupName"]:
        return None
    group = wanted.properties["GroupName"]
    new, before = set(wanted.properties.get("Users", ())), set(old.properties.get("Users", ()))
    for user in sorted(before - new):
        await gone(actor, SERVICE, "RemoveUserFromGroup", {"GroupName": group, "UserName": user})
    for user in sorted(new):
        await actor.do(SERVICE, "AddUserToGroup", {"GroupName": group, "UserName": user})
    return Made(physical_id=old.physical_id, attributes=old.attributes)


async def find_membership(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    """The group's name, if one of the users is in it."""
    group = str(wanted.properties["GroupName"])
    for user in wanted.properties.get("Users", ()):
        asked = {"UserName": user}
        groups = await pages(actor, SERVICE, "ListGroupsForUser", asked, items="Groups", cursor="Marker")
        if any(one["GroupName"] == group for one in groups):
            return (group,)
    return ()


async def create_instance_profile(actor: Actor, wanted: Wanted) -> Made:
    name = wanted.properties.get("InstanceProfileName") or actor.name(wanted.logical_id, limit=POLICY_CHARACTERS)
    given = {"InstanceProfileName": name, "Path": wanted.properties.get("Path", "/")}
    made = (await actor.do(SERVICE, "CreateInstanceProfile", given))["InstanceProfile"]
    for role in wanted.properties.get("Roles", ()):
        await actor.do(SERVICE, "AddRoleToInstanceProfile", {"InstanceProfileName": name, "RoleName": role})
    return Made(physical_id=str(name), attributes={"Arn": str(made["Arn"])})


async def delete_instance_profile(actor: Actor, old: ResourceRecord) -> None:
    name = {"InstanceProfileName": old.physical_id}
    for role in old.properties.get("Roles", ()):
        await gone(actor, SERVICE, "RemoveRoleFromInstanceProfile", name | {"RoleName": role})
    await gone(actor, SERVICE, "DeleteInstanceProfile", name)


async def find_instance_profile(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    given = wanted.properties.get("InstanceProfileName")
    name = str(given or actor.name(wanted.logical_id, limit=POLICY_CHARACTERS))
    return (name,) if await exists(actor, SERVICE, "GetInstanceProfile", {"InstanceProfileName": name}) else ()


def inline_policy(reads: str) -> ResourceType:
    """The row of a type that is one inline policy."""
    return ResourceType(
        reads=names(reads), create=put_policy, update=update_policy, delete=delete_policy, find=find_policy
    )


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::IAM::Role": entity(
        "Role",
        "RoleName AssumeRolePolicyDocument Policies ManagedPolicyArns Path Description MaxSessionDuration "
        "PermissionsBoundary Tags",
    ),
    "AWS::IAM::User": entity("User", "UserName Policies ManagedPolicyArns Groups Path PermissionsBoundary Tags"),
    "AWS::IAM::Group": entity("Group", "GroupName Policies ManagedPolicyArns Path"),
    "AWS::IAM::Policy": inline_policy("PolicyName PolicyDocument Roles Users Groups"),
    "AWS::IAM::RolePolicy": inline_policy("PolicyName PolicyDocument RoleName"),
    "AWS::IAM::UserPolicy": inline_policy("PolicyName PolicyDocument UserName"),
    "AWS::IAM::GroupPolicy": inline_policy("PolicyName PolicyDocument GroupName"),
    "AWS::IAM::ManagedPolicy": ResourceType(
        reads=names("ManagedPolicyName PolicyDocument Path Description Roles Users Groups"),
        create=create_managed_policy,
        delete=delete_managed_policy,
        find=find_managed_policy,
    ),
    "AWS::IAM::AccessKey": ResourceType(
        reads=names("UserName Status Serial"),
        create=create_access_key,
        delete=delete_access_key,
        find=find_access_keys,
        stands_alone=False,
    ),
    "AWS::IAM::UserToGroupAddition": ResourceType(
        reads=names("GroupName Users"),
        create=add_to_group,
        update=update_membership,
        delete=remove_from_group,
        find=find_membership,
    ),
    "AWS::IAM::InstanceProfile": ResourceType(
        reads=names("InstanceProfileName Path Roles"),
        create=create_instance_profile,
        delete=delete_instance_profile,
        find=find_instance_profile,
    ),
}
