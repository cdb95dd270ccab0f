"""AWS::Lambda::Version and ::Alias."""

from collections.abc import Mapping
from typing import Any, Final

from yett.ports.stack_store import ResourceRecord
from yett.templates.fitting import fit
from yett.templates.resources.actor import Actor, Made, ResourceType, Wanted, exists, gone, names, pages

SERVICE: Final = "lambda"


async def publish_version(actor: Actor, wanted: Wanted) -> Made:
    """The function as it is now, as a version that never changes."""
    made = await actor.do(SERVICE, "PublishVersion", fit(SERVICE, "PublishVersion", wanted.properties))
    arn = str(made["FunctionArn"])
    return Made(physical_id=arn, attributes={"FunctionArn": arn, "Version": str(made["Version"])})


async def find_versions(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    """All versions of the function: a new one is one that was not there."""
    asked = {"FunctionName": wanted.properties["FunctionName"]}
    answer = await pages(actor, SERVICE, "ListVersionsByFunction", asked, items="Versions", cursor="NextMarker")
    return tuple(str(one["FunctionArn"]) for one in answer if one["Version"] != "$LATEST")


async def delete_version(actor: Actor, old: ResourceRecord) -> None:
    name, _, version = old.physical_id.rpartition(":")
    await gone(actor, SERVICE, "DeleteFunction", {"FunctionName": name, "Qualifier": version})


def place(properties: Mapping[str, Any]) -> dict[str, str]:
    """Which alias."""
    return {name: str(properties[name]) for name in ("FunctionName", "Name")}


async def create_alias(actor: Actor, wanted: Wanted) -> Made:
    return described(await actor.do(SERVICE, "CreateAlias", fit(SERVICE, "CreateAlias", wanted.properties)))


def described(alias: Mapping[str, Any]) -> Made:
    arn = str(alias["AliasArn"])
    return Made(physical_id=arn, attributes={"AliasArn": arn})


async def update_alias(actor: Actor, wanted: Wanted, old: ResourceRecord) -> Made | None:
    """In place, to another version; another name or function makes another alias."""
    if place(wanted.properties) != place(old.properties):
        return None
    params = fit(SERVICE, "UpdateAlias", {"Description": "", **wanted.properties})
    return described(await actor.do(SERVICE, "UpdateAlias", params))


async def find_alias(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    found = place(wanted.properties)
    name = found["FunctionName"].rpartition(":")[2]
    arn = f"arn:aws:lambda:{actor.region}:{actor.account}:function:{name}:{found['Name']}"
    return (arn,) if await exists(actor, SERVICE, "GetAlias", found) else ()


async def delete_alias(actor: Actor, old: ResourceRecord) -> None:
    await gone(actor, SERVICE, "DeleteAlias", place(old.properties))


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::Lambda::Version": ResourceType(
        reads=names("FunctionName Description CodeSha256"),
        create=publish_version,
        delete=delete_version,
        find=find_versions,
        stands_alone=False,
    ),
    "AWS::Lambda::Alias": ResourceType(
        reads=names("FunctionName FunctionVersion Name Description"),
        create=create_alias,
        update=update_alias,
        delete=delete_alias,
        find=find_alias,
    ),
}
