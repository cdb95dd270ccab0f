"""What a function's configuration may hold, and how it is described.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
"""

import base64
import hashlib
import zipfile
from collections.abc import Mapping
from io import BytesIO
from typing import Final

import msgspec
from msgspec import Struct, structs

from yett.ports.function_store import AliasRecord, FunctionRecord, FunctionStatement
from yett.ports.iam_store import Role
from yett.rules.lambda_.environment import reserved_among
from yett.rules.lambda_.limits import ENVIRONMENT_BYTES, TAGS, ZIP_BYTES
from yett.rules.lambda_.names import LATEST, FunctionReference, NotAFunctionName, parse_reference
from yett.rules.lambda_.package import PackageRefused, check_entries
from yett.rules.lambda_.runtimes import NODE, PYTHON, is_served
from yett.services.call import Call
from yett.services.lambda_.errors import (
    AccessDenied,
    InvalidParameterValue,
    RequestEntityTooLarge,
    ResourceNotFound,
)
from yett.values.arn import Arn, NotAnArn

LAMBDA: Final = "lambda.amazonaws.com"
UNQUALIFIED_ONLY: Final = (
    "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
    "Please specify either a function name or an unqualified function ARN."
)
CANNOT_ASSUME: Final = "The role defined for the function cannot be assumed by Lambda."

# What changes who may do what, or what runs, and is not done here: refused, not ignored. Empty values ask for nothing.
REFUSED: Final[Mapping[str, str]] = {
    "AcceleratorConfig": "functions run on this machine's processors",
    "CapacityProviderConfig": "functions run on this machine",
    "CodeSigningConfigArn": "signatures of code are not checked",
    "DeadLetterConfig": "there are no queues to send failed events to",
    "DurableConfig": "durable executions are not offered",
    "FileSystemConfigs": "there are no file systems to mount",
    "ImageConfig": "container images are not run",
    "KMSKeyArn": "variables are sealed under yett's own master key",
    "PublishTo": "versions have no such stage",
    "RuntimeConfig": "only what a zip file holds is run",
    "SourceKMSKeyArn": "packages are kept as they are",
    "TenancyConfig": "tenants are not kept apart",
}  # fmt: skip


def refuse_unoffered(params: Mapping[str, object]) -> None:
    """Refuse parameters that would be without effect.

    Raises:
        InvalidParameterValue: One is given; the message names it and says why.
    """
    for member, reason in REFUSED.items():
        if has_content(params.get(member)):
            raise InvalidParameterValue(f"yett does not offer {member}: {reason}")
    vpc = params.get("VpcConfig")
    if isinstance(vpc, Mapping) and any(vpc.get(member) for member in ("SubnetIds", "SecurityGroupIds")):
        raise InvalidParameterValue("yett does not offer VpcConfig: functions run in this machine's network")
    if params.get("PackageType", "Zip") != "Zip":
        raise InvalidParameterValue("yett does not offer PackageType Image: container images are not run")
    snap_start = params.get("SnapStart")
    if isinstance(snap_start, Mapping) and snap_start.get("ApplyOn", "None") != "None":
        raise InvalidParameterValue("yett does not offer SnapStart: processes begin anew")
    logging = params.get("LoggingConfig")
    if isinstance(logging, Mapping) and logging.get("LogFormat", "Text") != "Text":
        raise InvalidParameterValue("yett does not offer LogFormat JSON: logs are text")


def has_content(value: object) -> bool:
    """Whether a parameter asks for anything: empty texts, lists and structures do not."""
    if isinstance(value, Mapping):
        return any(has_content(item) for item in value.values())
    return bool(value)


def read_runtime(call: Call, value: object) -> str:
    """The runtime, if it can be served here.

    Raises:
        InvalidParameterValue: It cannot, or is absent.
    """
    runtime = str(value or "")
    if not is_served(runtime):
        asked = f"not {runtime}" if runtime else "and none was named"
        raise InvalidParameterValue(
            f"yett runs functions of Python ({PYTHON[0]} to {PYTHON[-1]}) and Node.js ({', '.join(NODE)}), {asked}"
        )
    if missing := call.ports.functions.missing_runtime(runtime):
        raise InvalidParameterValue(f"yett cannot run {runtime} here: {missing}")
    return runtime


def read_environment(value: object) -> dict[str, str]:
    """The variables of an ``Environment``.

    Raises:
        InvalidParameterValue: They are Lambda's own, or too long together.
    """
    variables = value.get("Variables") if isinstance(value, Mapping) else None
    found = {str(name): str(text) for name, text in variables.items()} if isinstance(variables, Mapping) else {}
    prefix = (
        "Lambda was unable to configure your environment variables because the environment variables you have provided"
    )
    if reserved := reserved_among(found):
        raise InvalidParameterValue(
            f"{prefix} contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}"
        )
    rendered = msgspec.json.encode(found)
    if len(rendered) > ENVIRONMENT_BYTES:
        raise InvalidParameterValue(f"{prefix} exceeded the 4KB limit. String measured: {rendered.decode()}")
    if any("\0" in text for pair in found.items() for text in pair):
        raise InvalidParameterValue("Environment variables hold no null characters")
    return found


def read_tags(value: object) -> dict[str, str]:
    """A map of tags.

    Raises:
        InvalidParameterValue: A key is AWS's own, or there are too many.
    """
    tags = {str(key): str(text) for key, text in value.items()} if isinstance(value, Mapping) else {}
    for key in tags:
        if key.lower().startswith("aws:"):
            raise InvalidParameterValue(f"Tag keys may not start with the reserved prefix 'aws:': {key}")
    if len(tags) > TAGS:
        raise InvalidParameterValue(f"A resource may have at most {TAGS} tags")
    return tags


def read_package(params: Mapping[str, object]) -> tuple[bytes, int]:
    """The zip file of a ``Code`` or a layer's ``Content``, which is known to be unpackable; and its size unpacked.

    Raises:
        InvalidParameterValue: The code is elsewhere (S3, an image), or no such file.
        RequestEntityTooLarge: It is over 50 MB.
    """
    for member in ("S3Bucket", "S3Key", "S3ObjectVersion", "ImageUri"):
        if params.get(member):
            raise InvalidParameterValue(f"yett does not offer {member}: give the code itself, as ZipFile")
    package = params.get("ZipFile")
    if not isinstance(package, bytes) or not package:
        raise InvalidParameterValue("Uploaded file must be a non-empty zip")
    if len(package) > ZIP_BYTES:
        raise RequestEntityTooLarge(ZIP_BYTES)
    try:
        with zipfile.ZipFile(BytesIO(package)) as archive:
            entries = [(entry.filename, entry.file_size) for entry in archive.infolist()]
            is_readable = not any(entry.flag_bits & 1 for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        is_readable, entries = False, []
    if not is_readable:
        raise InvalidParameterValue("Could not unzip uploaded file. Please check your file, then try to upload again.")
    if not entries:
        raise InvalidParameterValue("Uploaded file must be a non-empty zip")
    try:
        check_entries(entries)
    except PackageRefused as refusal:
        raise InvalidParameterValue(refusal.reason) from refusal
    return package, sum(size for _, size in entries)


def code_sha256(package: bytes) -> str:
    """``CodeSha256``."""
    return base64.b64encode(hashlib.sha256(package).digest()).decode()


async def check_role(call: Call, role_arn: str) -> None:
    """See that Lambda may act in the role. That the caller may pass it is in the operation's permission row.

    Raises:
        InvalidParameterValue: There is no such role, or it does not trust Lambda.
        AccessDenied: It is another account's.
    """
    try:
        arn = Arn.parse(role_arn)
    except NotAnArn as error:
        raise InvalidParameterValue(CANNOT_ASSUME) from error
    if arn.account != call.account:
        raise AccessDenied("Cross-account pass role is not allowed.")
    path, _, name = arn.resource.removeprefix("role").rpartition("/")
    role = await call.ports.iam_store.find(Role, call.account, name)
    if role is None or arn.service != "iam" or role.path != f"{path}/" or role.name != name:
        raise InvalidParameterValue(CANNOT_ASSUME)
    trusted = await call.ports.callers.service_role(role_arn, "lambda", service=LAMBDA, now=call.now)
    if trusted is None:
        raise InvalidParameterValue(CANNOT_ASSUME)


def read_reference(call: Call, params: Mapping[str, object], member: str = "FunctionName") -> FunctionReference:
    """The function that the parameters mean, in whatever account, with the qualifier of either; $LATEST is none.

    Raises:
        InvalidParameterValue: It is no function name, or the name and ``Qualifier`` disagree.
    """
    text = str(params[member])
    try:
        reference = parse_reference(text, account=call.account, region=call.region)
    except NotAFunctionName as error:
        raise InvalidParameterValue(f"1 validation error detected: `{text}` is no function name or ARN") from error
    qualifier = params.get("Qualifier")
    if qualifier and reference.qualifier and qualifier != reference.qualifier:
        raise InvalidParameterValue(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    asked = str(qualifier or reference.qualifier or LATEST)
    return structs.replace(reference, qualifier=None if asked == LATEST else asked)


async def get_own(call: Call, params: Mapping[str, object], member: str = "FunctionName") -> FunctionRecord:
    """The caller's own function, for what is done to functions only: $LATEST.

    Other accounts' are theirs: AddPermission grants nothing but their invocation.

    Raises:
        AccessDenied: It is another account's.
        InvalidParameterValue: A version or alias is named.
        ResourceNotFound: There is none.
    """
    reference = read_reference(call, params, member)
    refuse_foreign(call, reference)
    if reference.qualifier is not None:
        raise InvalidParameterValue(UNQUALIFIED_ONLY)
    return await get_version(call, reference, LATEST)


async def get_version(call: Call, reference: FunctionReference, version: str) -> FunctionRecord:
    """$LATEST or a published version.

    Raises:
        ResourceNotFound: There is none.
    """
    found = await call.ports.function_store.find(reference.account, reference.region, reference.name, version=version)
    if found is None:
        raise ResourceNotFound.of_function(reference.arn if version == LATEST else f"{reference.arn}:{version}")
    return found


class Qualified(Struct, frozen=True, kw_only=True):
    """What a qualifier means: a version, by its number or by an alias's name."""

    record: FunctionRecord
    alias: AliasRecord | None = None

    @property
    def arn(self) -> str:
        """The ARN under which it was asked for."""
        return self.record.qualified_arn if self.alias is None else self.alias.arn

    @property
    def statements(self) -> tuple[FunctionStatement, ...]:
        """Its own policy's."""
        return (self.alias or self.record).statements

    @property
    def revision_id(self) -> str:
        """What a RevisionId is compared with."""
        return (self.alias or self.record).revision_id


async def get_qualified(call: Call, params: Mapping[str, object]) -> Qualified:
    """The caller's own function, its version or alias.

    Raises:
        AccessDenied, ResourceNotFound
    """
    reference = read_reference(call, params)
    refuse_foreign(call, reference)
    qualifier = reference.qualifier or LATEST
    if qualifier == LATEST or qualifier.isdecimal():
        return Qualified(record=await get_version(call, reference, qualifier))
    alias = await call.ports.function_store.find_alias(reference.account, reference.region, reference.name, qualifier)
    if alias is None:
        raise ResourceNotFound.of_function(f"{reference.arn}:{qualifier}")
    return Qualified(record=await get_version(call, reference, alias.version), alias=alias)


def refuse_foreign(call: Call, reference: FunctionReference) -> None:
    """Refuse a function of another account or Region.

    Raises:
        AccessDenied: It is another account's.
        ResourceNotFound: It is in another Region, where this call did not go.
    """
    if reference.account != call.account:
        action = f"lambda:{call.operation}"
        caller = call.caller.identity.arn if call.caller is not None else "anonymous"
        raise AccessDenied(
            f"User: {caller} is not authorized to perform: {action} on resource: {reference.arn} "
            f"because no resource-based policy allows the {action} action"
        )
    if reference.region != call.region:
        raise ResourceNotFound(
            f"Functions from '{reference.region}' are not reachable in this region ('{call.region}')"
        )


def describe(record: FunctionRecord, *, arn: str | None = None) -> dict[str, object]:
    """A FunctionConfiguration, under the ARN that was asked for."""
    found: dict[str, object] = {
        "FunctionName": record.name,
        "FunctionArn": arn or record.qualified_arn,
        "Runtime": record.runtime,
        "Role": record.role_arn,
        "Handler": record.handler,
        "CodeSize": record.code_bytes,
        "Description": record.description,
        "Timeout": record.timeout_seconds,
        "MemorySize": record.memory_mb,
        "LastModified": f"{record.updated_at:%Y-%m-%dT%H:%M:%S}.{record.updated_at.microsecond // 1000:03d}+0000",
        "CodeSha256": record.code_sha256,
        "Version": record.version,
        "TracingConfig": {"Mode": record.tracing_mode},
        "RevisionId": record.revision_id,
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": [record.architecture],
        "EphemeralStorage": {"Size": record.ephemeral_storage_mb},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{record.name}"},
    }
    if record.environment:
        found["Environment"] = {"Variables": dict(record.environment)}
    if record.layers:
        found["Layers"] = [{"Arn": layer.arn, "CodeSize": layer.code_bytes} for layer in record.layers]
    return found
