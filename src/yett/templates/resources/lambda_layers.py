"""AWS::Lambda::LayerVersion and ::EventInvokeConfig."""

from collections.abc import Mapping
from typing import Any, Final

from yett.ports.stack_store import ResourceRecord
from yett.templates.fitting import fit
from yett.templates.resources.actor import Actor, Made, ResourceType, Wanted, exists, gone, names, pages

SERVICE: Final = "lambda"
NAME_CHARACTERS: Final = 140

# -- layers


async def publish_layer(actor: Actor, wanted: Wanted) -> Made:
    """Another version of the layer. Ref gives its ARN, which functions name."""
    given = {name: one for name, one in wanted.properties.items() if name != "Content"}
    given.setdefault("LayerName", wanted.logical_id)
    params = fit(SERVICE, "PublishLayerVersion", given)
    params["Content"] = {"ZipFile": await actor.package(wanted.logical_id, wanted.properties.get("Content"), "")}
    made = await actor.do(SERVICE, "PublishLayerVersion", params)
    arn = str(made["LayerVersionArn"])
    return Made(physical_id=arn, attributes={"LayerVersionArn": arn})


async def find_layers(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    """All versions of the layer: a new one is one that was not there."""
    asked = {"LayerName": str(wanted.properties.get("LayerName", wanted.logical_id))}
    answer = await pages(actor, SERVICE, "ListLayerVersions", asked, items="LayerVersions", cursor="NextMarker")
    return tuple(str(one["LayerVersionArn"]) for one in answer)


async def delete_layer(actor: Actor, old: ResourceRecord) -> None:
    name, _, version = old.physical_id.rpartition(":")
    await gone(actor, SERVICE, "DeleteLayerVersion", {"LayerName": name, "VersionNumber": int(version)})


# -- how events are tried again


def place(properties: Mapping[str, Any]) -> dict[str, str]:
    """Of which function, version or alias."""
    return {name: str(properties[name]) for name in ("FunctionName", "Qualifier")}


async def put_event_config(actor: Actor, wanted: Wanted) -> Made:
    params = fit(SERVICE, "PutFunctionEventInvokeConfig", wanted.properties)
    await actor.do(SERVICE, "PutFunctionEventInvokeConfig", params)
    return Made(physical_id="|".join(place(wanted.properties).values()))


async def update_event_config(actor: Actor, wanted: Wanted, old: ResourceRecord) -> Made | None:
    """In place, unless it is another function's or qualifier's."""
    if place(wanted.properties) != place(old.properties):
        return None
    return await put_event_config(actor, wanted)


async def find_event_config(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    found = place(wanted.properties)
    is_there = await exists(actor, SERVICE, "GetFunctionEventInvokeConfig", found)
    return ("|".join(found.values()),) if is_there else ()


async def delete_event_config(actor: Actor, old: ResourceRecord) -> None:
    await gone(actor, SERVICE, "DeleteFunctionEventInvokeConfig", place(old.properties))


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::Lambda::LayerVersion": ResourceType(
        reads=names("Content LayerName Description CompatibleRuntimes CompatibleArchitectures LicenseInfo"),
        create=publish_layer,
        delete=delete_layer,
        find=find_layers,
        stands_alone=False,
    ),
    "AWS::Lambda::EventInvokeConfig": ResourceType(
        reads=names("FunctionName Qualifier MaximumRetryAttempts MaximumEventAgeInSeconds DestinationConfig"),
        create=put_event_config,
        update=update_event_config,
        delete=delete_event_config,
        find=find_event_config,
    ),
}
