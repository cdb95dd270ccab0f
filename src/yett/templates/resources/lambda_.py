"""AWS::Lambda::*."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from yett.ports.stack_store import ResourceRecord
from yett.templates.fitting import fit, tags
from yett.templates.resources import lambda_layers, lambda_versions
from yett.templates.resources.actor import Actor, Made, ResourceType, Wanted, exists, gone, names, there

SERVICE: Final = "lambda"
NAME_CHARACTERS: Final = 64
CONCURRENCY: Final = "ReservedConcurrentExecutions"
# What CreateFunction takes where a property is not given.
# Source: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
DEFAULTS: Final[Mapping[str, Any]] = {
    "Description": "",
    "Timeout": 3,
    "MemorySize": 128,
    "Environment": {"Variables": {}},
    "Layers": [],
    "EphemeralStorage": {"Size": 512},
}
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
        "Tags": tags(properties),
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
    """In place, unless its name, kind or tags change. A property that goes gets its default; of settings and code, what
    is as it was stays untouched.
    """
    fixed = ("FunctionName", "PackageType", "Architectures", "Tags")
    if any(old.properties.get(name) != wanted.properties.get(name) for name in fixed):
        return None
    new, before = configuration(wanted.properties), configuration(old.properties)
    lost = set(before) - set(new)
    if not lost <= set(DEFAULTS):
        return None
    name = {"FunctionName": old.physical_id}
    if new != before:
        given = {one: DEFAULTS[one] for one in lost} | new | name
        await actor.do(SERVICE, "UpdateFunctionConfiguration", fit(SERVICE, "UpdateFunctionConfiguration", given))
    package = await packed(actor, wanted)
    if base64.b64encode(hashlib.sha256(package).digest()).decode() != await deployed_code(actor, old.physical_id):
        await actor.do(SERVICE, "UpdateFunctionCode", name | {"ZipFile": package})
    if old.properties.get(CONCURRENCY) != wanted.properties.get(CONCURRENCY):
        await put_concurrency(actor, old.physical_id, wanted.properties)
    return Made(physical_id=old.physical_id, attributes=old.attributes)


async def deployed_code(actor: Actor, name: str) -> str:
    """The SHA-256, in base 64, of the code that a function has."""
    found = await actor.do(SERVICE, "GetFunctionConfiguration", {"FunctionName": name})
    return str(found.get("CodeSha256", ""))


async def find_function(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    name = str(wanted.properties.get("FunctionName") or actor.name(wanted.logical_id, limit=NAME_CHARACTERS))
    return (name,) if await exists(actor, SERVICE, "GetFunctionConfiguration", {"FunctionName": name}) else ()


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


async def find_permission(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    statement_id = actor.name(wanted.logical_id, limit=100)
    answer = await there(actor, SERVICE, "GetPolicy", {"FunctionName": wanted.properties["FunctionName"]})
    statements = [] if answer is None else json.loads(answer["Policy"])["Statement"]
    return (statement_id,) if any(one.get("Sid") == statement_id for one in statements) else ()


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::Lambda::Function": ResourceType(
        reads=names("Code Handler Role Runtime Timeout MemorySize Environment Description FunctionName Tags Layers")
        | names("Architectures EphemeralStorage PackageType ReservedConcurrentExecutions"),
        ignores=IGNORED,
        create=create_function,
        update=update_function,
        delete=delete_function,
        find=find_function,
    ),
    "AWS::Lambda::Permission": ResourceType(
        reads=names("Action FunctionName Principal SourceArn SourceAccount PrincipalOrgID EventSourceToken")
        | names("FunctionUrlAuthType InvokedViaFunctionUrl"),
        create=create_permission,
        delete=delete_permission,
        find=find_permission,
    ),
    **lambda_layers.TYPES,
    **lambda_versions.TYPES,
}
