"""Functions: their code and configuration.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html
"""

from collections.abc import Mapping
from typing import Final

from msgspec import structs

from yett.ports.errors import AlreadyExists, Conflict
from yett.ports.function_store import FunctionRecord
from yett.rules.lambda_.limits import LIST_ITEMS
from yett.rules.lambda_.names import LATEST, FunctionReference
from yett.services.call import Call
from yett.services.lambda_.configuration import (
    Qualified,
    check_role,
    code_sha256,
    describe,
    get_own,
    get_qualified,
    get_version,
    read_environment,
    read_package,
    read_reference,
    read_runtime,
    read_tags,
    refuse_foreign,
    refuse_unoffered,
)
from yett.services.lambda_.errors import InvalidParameterValue, PreconditionFailed, ResourceConflict, ResourceNotFound
from yett.services.lambda_.layer_uses import check_sizes, read_layers

Params = Mapping[str, object]
Answer = Mapping[str, object]

DEFAULT_TIMEOUT_SECONDS: Final = 3
DEFAULT_MEMORY_MB: Final = 128
IN_PROGRESS: Final = "The operation cannot be performed at this time. An update is in progress for resource: "


async def create_function(call: Call, params: Params) -> Answer:
    """Create a function from a zip file.

    Raises:
        InvalidParameterValue: See `configuration`.
        ResourceConflict: The account has a function of this name in the Region.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    """
    reference = read_reference(call, params)
    refuse_foreign(call, reference)
    refuse_unoffered(params)
    code = params["Code"]
    package, unzipped_bytes = read_package(code if isinstance(code, Mapping) else {})
    role_arn = str(params["Role"])
    runtime = read_runtime(call, params.get("Runtime"))
    environment = read_environment(params.get("Environment"))
    tags = read_tags(params.get("Tags"))
    if not params.get("Handler"):
        raise InvalidParameterValue("Handler is required: the module and function to run, such as `app.handler`")
    layers = await read_layers(call, params.get("Layers"), unzipped_bytes=unzipped_bytes)
    await check_role(call, role_arn)
    record = FunctionRecord(
        account=reference.account,
        region=reference.region,
        name=reference.name,
        runtime=runtime,
        handler=str(params["Handler"]),
        role_arn=role_arn,
        timeout_seconds=number(params.get("Timeout"), DEFAULT_TIMEOUT_SECONDS),
        memory_mb=number(params.get("MemorySize"), DEFAULT_MEMORY_MB),
        code_sha256=code_sha256(package),
        code_bytes=len(package),
        revision_id=call.ports.randomness.uuid(),
        updated_at=call.now,
        description=str(params.get("Description") or ""),
        environment=environment,
        architecture=read_architecture(params, "x86_64"),
        ephemeral_storage_mb=read_storage(params, 512),
        tracing_mode=read_tracing(params, "PassThrough"),
        tags=tags,
        layers=layers,
        unzipped_bytes=unzipped_bytes,
    )
    try:
        await call.ports.function_store.add(record, package)
    except AlreadyExists as error:
        raise ResourceConflict(f"Function already exist: {record.name}") from error
    return describe(await publish(call, record) if params.get("Publish") else record)


async def get_function(call: Call, params: Params) -> Answer:
    """A function's configuration, tags and reserved concurrency. ``Code`` has no ``Location``: there is no S3.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html
    """
    asked = await get_qualified(call, params)
    found: dict[str, object] = {
        "Configuration": describe(asked.record, arn=asked.arn),
        "Code": {"RepositoryType": "S3"},
    }
    latest = await get_version(call, read_reference(call, params), LATEST)
    if latest.tags:
        found["Tags"] = dict(latest.tags)
    if latest.reserved_concurrency is not None:
        found["Concurrency"] = {"ReservedConcurrentExecutions": latest.reserved_concurrency}
    return found


async def get_function_configuration(call: Call, params: Params) -> Answer:
    """A function's configuration.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html
    """
    asked = await get_qualified(call, params)
    return describe(asked.record, arn=asked.arn)


async def list_functions(call: Call, params: Params) -> Answer:
    """The account's functions in the Region, by name, at most 50 at a time.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html
    """
    limit = min(number(params.get("MaxItems"), LIST_ITEMS), LIST_ITEMS)
    after = str(params.get("Marker") or "")
    records = await call.ports.function_store.list_functions(call.account, call.region, after=after, limit=limit + 1)
    page = records[:limit]
    found: dict[str, object] = {"Functions": [describe(record) for record in page]}
    if len(records) > limit:
        found["NextMarker"] = page[-1].name
    return found


async def update_function_code(call: Call, params: Params) -> Answer:
    """Give a function another zip file; its next invocation runs it.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html
    """
    record = await get_own(call, params)
    check_revision(record, params)
    refuse_unoffered(params)
    package, unzipped_bytes = read_package(params)
    check_sizes(record.layers, unzipped_bytes=unzipped_bytes)
    changed = structs.replace(
        record,
        code_sha256=code_sha256(package),
        code_bytes=len(package),
        unzipped_bytes=unzipped_bytes,
        architecture=read_architecture(params, record.architecture),
        revision_id=call.ports.randomness.uuid(),
        updated_at=call.now,
    )
    if params.get("DryRun"):
        return describe(changed)
    await replace(call, record, changed, package=package)
    return describe(await publish(call, changed) if params.get("Publish") else changed)


async def update_function_configuration(call: Call, params: Params) -> Answer:
    """Change what is given of a function's configuration; ``Environment`` is replaced as a whole.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html
    """
    record = await get_own(call, params)
    check_revision(record, params)
    refuse_unoffered(params)
    role_arn = str(params.get("Role") or record.role_arn)
    if role_arn != record.role_arn:
        await check_role(call, role_arn)
    environment = read_environment(params["Environment"]) if "Environment" in params else record.environment
    layers = record.layers
    if "Layers" in params:
        layers = await read_layers(call, params["Layers"], unzipped_bytes=record.unzipped_bytes)
    description = params.get("Description")
    changed = structs.replace(
        record,
        runtime=read_runtime(call, params.get("Runtime") or record.runtime),
        handler=str(params.get("Handler") or record.handler),
        role_arn=role_arn,
        description=record.description if description is None else str(description),
        timeout_seconds=number(params.get("Timeout"), record.timeout_seconds),
        memory_mb=number(params.get("MemorySize"), record.memory_mb),
        environment=environment,
        layers=layers,
        ephemeral_storage_mb=read_storage(params, record.ephemeral_storage_mb),
        tracing_mode=read_tracing(params, record.tracing_mode),
        revision_id=call.ports.randomness.uuid(),
        updated_at=call.now,
    )
    await replace(call, record, changed)
    return describe(changed)


async def delete_function(call: Call, params: Params) -> Answer:
    """Delete a function with its versions and aliases, or a version of it that no alias names.

    Raises:
        InvalidParameterValue: The qualifier is $LATEST or an alias.
        ResourceConflict: An alias names the version.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunction.html
    """
    reference = read_reference(call, params)
    refuse_foreign(call, reference)
    place = reference.account, reference.region, reference.name
    if reference.qualifier is not None:
        await delete_version(call, reference)
    elif params.get("Qualifier"):
        raise InvalidParameterValue("$LATEST version cannot be deleted without deleting the function.")
    elif not await call.ports.function_store.remove(*place):
        raise ResourceNotFound.of_function(reference.arn)
    return {"StatusCode": 204}


async def delete_version(call: Call, reference: FunctionReference) -> None:
    """Delete a published version; one that is gone is no error."""
    version = reference.qualifier or ""
    if not version.isdecimal():
        raise InvalidParameterValue("Deletion of aliases is not currently supported.")
    await get_version(call, reference, LATEST)
    try:
        await call.ports.function_store.remove_version(reference.account, reference.region, reference.name, version)
    except Conflict as error:
        raise ResourceConflict(f"Version {version} of {reference.arn} cannot be deleted: an alias names it") from error


async def publish(call: Call, record: FunctionRecord, *, description: str | None = None) -> FunctionRecord:
    """$LATEST as the next version; the last version again if nothing has changed since.

    Raises:
        ResourceConflict: Somebody else changed the function meanwhile.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html
    """
    store = call.ports.function_store
    versions = await store.list_versions(
        record.account, record.region, record.name, after=record.last_version - 1, limit=1
    )
    version = structs.replace(
        record,
        version=str(record.last_version + 1),
        last_version=0,
        description=description or record.description,
        revision_id=call.ports.randomness.uuid(),
        statements=(),
        tags={},
        reserved_concurrency=None,
        event_configs={},
    )
    if versions and runs_alike(versions[0], version):
        return versions[0]
    version = structs.replace(version, updated_at=call.now)
    try:
        await store.publish(version, expected_revision_id=record.revision_id)
    except Conflict as error:
        raise ResourceConflict(f"{IN_PROGRESS}{record.arn}") from error
    return version


def runs_alike(one: FunctionRecord, other: FunctionRecord) -> bool:
    """Whether two versions are the same code under the same configuration."""
    own = {
        "version": "",
        "revision_id": "",
        "updated_at": one.updated_at,
        "description": "",
        "statements": (),
    }
    return structs.replace(one, **own) == structs.replace(other, **own)


async def replace(call: Call, record: FunctionRecord, changed: FunctionRecord, *, package: bytes | None = None) -> None:
    """Store a changed function.

    Raises:
        ResourceConflict: Somebody else changed it meanwhile.
    """
    try:
        await call.ports.function_store.replace(changed, expected_revision_id=record.revision_id, package=package)
    except Conflict as error:
        raise ResourceConflict(f"{IN_PROGRESS}{record.arn}") from error


def check_revision(record: FunctionRecord | Qualified, params: Params) -> None:
    """Compare a ``RevisionId`` with the present one.

    Raises:
        PreconditionFailed: They differ.
    """
    if params.get("RevisionId") and params["RevisionId"] != record.revision_id:
        raise PreconditionFailed


def number(value: object, default: int) -> int:
    """An integer that the service model has checked, or its default."""
    return value if isinstance(value, int) else default


def read_architecture(params: Params, default: str) -> str:
    """The one architecture of ``Architectures``."""
    values = params.get("Architectures")
    return str(values[0]) if isinstance(values, list | tuple) and values else default


def read_storage(params: Params, default: int) -> int:
    """``EphemeralStorage``, in MB."""
    value = params.get("EphemeralStorage")
    return number(value.get("Size"), default) if isinstance(value, Mapping) else default


def read_tracing(params: Params, default: str) -> str:
    """The ``Mode`` of ``TracingConfig``."""
    value = params.get("TracingConfig")
    return str(value.get("Mode") or default) if isinstance(value, Mapping) else default
