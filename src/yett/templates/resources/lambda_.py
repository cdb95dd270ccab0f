"""AWS::Lambda::*."""

from collections.abc import Mapping
from typing import Any, Final

from yett.ports.stack_store import ResourceRecord
from yett.templates.fitting import fit
from yett.templates.resources.actor import Actor, Made, ResourceType, Wanted, gone, names

SERVICE: Final = "lambda"
NAME_CHARACTERS: Final = 64
CONCURRENCY: Final = "ReservedConcurrentExecutions"
IGNORED: Final = names("TracingConfig LoggingConfig RuntimeManagementConfig RecursiveLoop")


def configuration(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that CreateFunction and UpdateFunctionConfiguration share."""
    left_out = {"Code", "Tags", "FunctionName", "PackageType", "Architectures", CONCURRENCY, *IGNORED}
    return {name: one for name, one in properties.items() if name not in left_out}


async def packed(actor: Actor, wanted: Wanted) -> bytes:
    """The function's code."""
    runtime = str(wanted.properties.get("Runtime", ""))
    return await actor.package(wanted.logical_id, wanted.properties.get("Code"), runtime)


async def create_function(actor: Actor, wanted: Wanted) -> Made:
    properties = wanted.properties
    given = configuration(properties) | {
        "FunctionName": properties.get("FunctionName") or actor.name(wanted.logical_id, limit=NAME_CHARACTERS),
        "Tags": {str(tag["Key"]): str(tag["Value"]) for tag in properties.get("Tags", ())},
        **{name: properties[name] for name in ("PackageType", "Architectures") if name in properties},
    }
    params = fit(SERVICE, "CreateFunction", given)
    params["Code"] = {"ZipFile": await packed(actor, wanted)}
    made = await actor.do(SERVICE, "CreateFunction", params)
    if CONCURRENCY in properties:
        await put_concurrency(actor, str(made["FunctionName"]), properties)
    return describe_function(made)


def describe_function(made: Mapping[str, Any]) -> Made:
    return Made(physical_id=str(made["FunctionName"]), attributes={"Arn": str(made["FunctionArn"])})


async def put_concurrency(actor: Actor, name: str, properties: Mapping[str, Any]) -> None:
    """Reserve what the property says, or nothing."""
    if CONCURRENCY not in properties:
        await gone(actor, SERVICE, "DeleteFunctionConcurrency", {"FunctionName": name})
        return
    params = {"FunctionName": name, "ReservedConcurrentExecutions": int(properties[CONCURRENCY])}
    await actor.do(SERVICE, "PutFunctionConcurrency", params)


async def update_function(actor: Actor, wanted: Wanted, old: ResourceRecord) -> Made | None:
    """In place, unless its name, kind or tags change, or a property goes."""
    fixed = ("FunctionName", "PackageType", "Architectures", "Tags")
    if any(old.properties.get(name) != wanted.properties.get(name) for name in fixed):
        return None
    if set(configuration(old.properties)) - set(configuration(wanted.properties)):
        return None
    name = {"FunctionName": old.physical_id}
    params = fit(SERVICE, "UpdateFunctionConfiguration", configuration(wanted.properties) | name)
    made = await actor.do(SERVICE, "UpdateFunctionConfiguration", params)
    await actor.do(SERVICE, "UpdateFunctionCode", name | {"ZipFile": await packed(actor, wanted)})
    if old.properties.get(CONCURRENCY) != wanted.properties.get(CONCURRENCY):
        await put_concurrency(actor, old.physical_id, wanted.properties)
    return describe_function(made)


async def delete_function(actor: Actor, old: ResourceRecord) -> None:
    await gone(actor, SERVICE, "DeleteFunction", {"FunctionName": old.physical_id})


async def create_permission(actor: Actor, wanted: Wanted) -> Made:
    statement_id = actor.name(wanted.logical_id, limit=100)
    params = fit(SERVICE, "AddPermission", {**wanted.properties, "StatementId": statement_id})
    await actor.do(SERVICE, "AddPermission", params)
    return Made(physical_id=statement_id, attributes={"Id": statement_id})


async def delete_permission(actor: Actor, old: ResourceRecord) -> None:
    params = {"FunctionName": old.properties["FunctionName"], "StatementId": old.physical_id}
    await gone(actor, SERVICE, "RemovePermission", params)


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::Lambda::Function": ResourceType(
        reads=names("Code Handler Role Runtime Timeout MemorySize Environment Description FunctionName Tags Layers")
        | names("Architectures EphemeralStorage PackageType ReservedConcurrentExecutions"),
        ignores=IGNORED,
        create=create_function,
        update=update_function,
        delete=delete_function,
    ),
    "AWS::Lambda::Permission": ResourceType(
        reads=names("Action FunctionName Principal SourceArn SourceAccount PrincipalOrgID EventSourceToken")
        | names("FunctionUrlAuthType InvokedViaFunctionUrl"),
        create=create_permission,
        delete=delete_permission,
    ),
}
