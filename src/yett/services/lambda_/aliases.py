"""Aliases: names for versions, each with a policy of its own.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html
"""

from collections.abc import Mapping

from msgspec import structs

from yett.ports.errors import AlreadyExists, Conflict
from yett.ports.function_store import AliasRecord, FunctionRecord
from yett.rules.lambda_.limits import LIST_ITEMS
from yett.services.call import Call
from yett.services.lambda_.configuration import get_own, get_version, has_content, read_reference
from yett.services.lambda_.errors import (
    InvalidParameterValue,
    PreconditionFailed,
    ResourceConflict,
    ResourceNotFound,
)
from yett.services.lambda_.functions import IN_PROGRESS, number


async def create_alias(call: Call, params: Mapping[str, object]) -> Mapping[str, object]:
    """Name a version.

    Raises:
        ResourceConflict: The function has an alias of this name.
        ResourceNotFound: It has no such version.
        InvalidParameterValue: Traffic is to be split.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_CreateAlias.html
    """
    record = await get_own(call, params)
    refuse_routing(params)
    alias = AliasRecord(
        account=record.account,
        region=record.region,
        function_name=record.name,
        name=str(params["Name"]),
        version=await checked_version(call, params),
        description=str(params.get("Description") or ""),
        revision_id=call.ports.randomness.uuid(),
    )
    try:
        await call.ports.function_store.add_alias(alias)
    except AlreadyExists as error:
        raise ResourceConflict(f"Alias already exists: {alias.arn}") from error
    except Conflict as error:
        raise ResourceConflict(f"{IN_PROGRESS}{record.arn}") from error
    return describe(alias)


async def get_alias(call: Call, params: Mapping[str, object]) -> Mapping[str, object]:
    """An alias.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetAlias.html
    """
    return describe(await get(call, await get_own(call, params), params))


async def list_aliases(call: Call, params: Mapping[str, object]) -> Mapping[str, object]:
    """A function's aliases by name, those of one version if one is given, at most 50 at a time.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_ListAliases.html
    """
    record = await get_own(call, params)
    limit = min(number(params.get("MaxItems"), LIST_ITEMS), LIST_ITEMS)
    every = await call.ports.function_store.list_aliases(
        record.account, record.region, record.name, after=str(params.get("Marker") or "")
    )
    version = params.get("FunctionVersion")
    wanted = [alias for alias in every if not version or alias.version == version]
    found: dict[str, object] = {"Aliases": [describe(alias) for alias in wanted[:limit]]}
    if len(wanted) > limit:
        found["NextMarker"] = wanted[limit - 1].name
    return found


async def update_alias(call: Call, params: Mapping[str, object]) -> Mapping[str, object]:
    """Let an alias name another version, from its next invocation on, or describe it anew.

    Raises:
        PreconditionFailed: ``RevisionId`` is not the alias's.
        ResourceNotFound: There is no such alias or version.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html
    """
    record = await get_own(call, params)
    alias = await get(call, record, params)
    refuse_routing(params)
    if params.get("RevisionId") and params["RevisionId"] != alias.revision_id:
        raise PreconditionFailed
    description = params.get("Description")
    changed = structs.replace(
        alias,
        version=await checked_version(call, params) if params.get("FunctionVersion") else alias.version,
        description=alias.description if description is None else str(description),
        revision_id=call.ports.randomness.uuid(),
    )
    await replace_alias(call, alias, changed)
    return describe(changed)


async def delete_alias(call: Call, params: Mapping[str, object]) -> Mapping[str, object]:
    """Delete an alias; one that is gone is no error.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_DeleteAlias.html
    """
    record = await get_own(call, params)
    await call.ports.function_store.remove_alias(record.account, record.region, record.name, str(params["Name"]))
    return {}


async def get(call: Call, record: FunctionRecord, params: Mapping[str, object]) -> AliasRecord:
    """The alias of ``Name``.

    Raises:
        ResourceNotFound: There is none.
    """
    name = str(params["Name"])
    alias = await call.ports.function_store.find_alias(record.account, record.region, record.name, name)
    if alias is None:
        raise ResourceNotFound(f"Cannot find alias arn: {record.arn}:{name}")
    return alias


async def checked_version(call: Call, params: Mapping[str, object]) -> str:
    """``FunctionVersion``, which is there."""
    version = str(params["FunctionVersion"])
    return (await get_version(call, read_reference(call, params), version)).version


async def replace_alias(call: Call, alias: AliasRecord, changed: AliasRecord) -> None:
    """Store a changed alias.

    Raises:
        ResourceConflict: Somebody else changed it, or its version went, meanwhile.
    """
    try:
        await call.ports.function_store.replace_alias(changed, expected_revision_id=alias.revision_id)
    except Conflict as error:
        raise ResourceConflict(f"{IN_PROGRESS}{alias.arn}") from error


def refuse_routing(params: Mapping[str, object]) -> None:
    """Refuse weights.

    Raises:
        InvalidParameterValue: There are some.
    """
    if has_content(params.get("RoutingConfig")):
        raise InvalidParameterValue("yett does not offer RoutingConfig: an alias names one version")


def describe(alias: AliasRecord) -> dict[str, object]:
    """An AliasConfiguration."""
    return {
        "AliasArn": alias.arn,
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RevisionId": alias.revision_id,
    }
