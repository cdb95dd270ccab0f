"""Layers: zip files that several functions share.

Source: https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html
"""

import re
from collections.abc import Mapping
from typing import Final

from yett.ports.function_store import LayerRecord
from yett.rules.lambda_.limits import LIST_ITEMS
from yett.services.call import PARTITION, Call
from yett.services.lambda_.configuration import code_sha256, read_package
from yett.services.lambda_.errors import AccessDenied, InvalidParameterValue, ResourceNotFound
from yett.services.lambda_.functions import number
from yett.values.arn import Arn, NotAnArn

Params = Mapping[str, object]
NAME: Final = re.compile(r"[a-zA-Z0-9-_]{1,140}")


async def publish_layer_version(call: Call, params: Params) -> Mapping[str, object]:
    """Keep a zip file as the layer's next version.

    Raises:
        InvalidParameterValue: The content is elsewhere (S3), or no zip file that can be unpacked.
        RequestEntityTooLarge: It is over 50 MB.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html
    """
    content = params["Content"]
    package, unzipped_bytes = read_package(content if isinstance(content, Mapping) else {})
    record = LayerRecord(
        account=call.account,
        region=call.region,
        name=own_name(call, params),
        version=0,
        code_sha256=code_sha256(package),
        code_bytes=len(package),
        unzipped_bytes=unzipped_bytes,
        created_at=call.now,
        description=str(params.get("Description") or ""),
        license_info=str(params.get("LicenseInfo") or ""),
        runtimes=texts(params.get("CompatibleRuntimes")),
        architectures=texts(params.get("CompatibleArchitectures")),
    )
    return describe_content(await call.ports.function_store.publish_layer(record, package))


async def get_layer_version(call: Call, params: Params) -> Mapping[str, object]:
    """A version of a layer. ``Content`` has no ``Location``: there is no S3.

    Raises:
        ResourceNotFound: There is none.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetLayerVersion.html
    """
    name, version = own_name(call, params), number(params["VersionNumber"], 0)
    record = await call.ports.function_store.find_layer(call.account, call.region, name, version)
    if record is None:
        raise ResourceNotFound("The resource you requested does not exist.")
    return describe_content(record)


async def get_layer_version_by_arn(call: Call, params: Params) -> Mapping[str, object]:
    """A version of a layer, by its ARN.

    Raises:
        ResourceNotFound: There is none.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetLayerVersionByArn.html
    """
    layer, _, version = str(params["Arn"]).rpartition(":")
    if not version.isdecimal() or str(int(version)) != version:  # policies were asked about this very text
        raise InvalidParameterValue(f"`{params['Arn']}` is no ARN of a layer's version")
    return await get_layer_version(call, {"LayerName": layer, "VersionNumber": int(version)})


async def list_layer_versions(call: Call, params: Params) -> Mapping[str, object]:
    """A layer's versions, the newest first, at most 50 at a time.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_ListLayerVersions.html
    """
    records = await call.ports.function_store.list_layer_versions(call.account, call.region, own_name(call, params))
    wanted = [record for record in reversed(records) if suits(record, params)]
    marker = str(params.get("Marker") or "")
    if marker:
        if not marker.isdecimal():
            raise InvalidParameterValue("Invalid marker")
        wanted = [record for record in wanted if record.version < int(marker)]
    limit = number(params.get("MaxItems"), LIST_ITEMS)
    found: dict[str, object] = {"LayerVersions": [describe(record) for record in wanted[:limit]]}
    if len(wanted) > limit:
        found["NextMarker"] = str(wanted[limit - 1].version)
    return found


async def list_layers(call: Call, params: Params) -> Mapping[str, object]:
    """The account's layers by name, each with its newest version that suits, at most 50 at a time.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_ListLayers.html
    """
    records = await call.ports.function_store.list_layer_versions(call.account, call.region, None)
    newest = {record.name: record for record in records if suits(record, params)}
    names = sorted(name for name in newest if name > str(params.get("Marker") or ""))
    limit = number(params.get("MaxItems"), LIST_ITEMS)
    page = [newest[name] for name in names[:limit]]
    found: dict[str, object] = {
        "Layers": [
            {"LayerName": record.name, "LayerArn": record.layer_arn, "LatestMatchingVersion": describe(record)}
            for record in page
        ]
    }
    if len(names) > limit:
        found["NextMarker"] = page[-1].name
    return found


async def delete_layer_version(call: Call, params: Params) -> Mapping[str, object]:
    """Delete a version of a layer: no function can take it any more, and those that have it keep it.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_DeleteLayerVersion.html
    """
    name, version = own_name(call, params), number(params["VersionNumber"], 0)
    await call.ports.function_store.remove_layer(call.account, call.region, name, version)
    return {}


def own_name(call: Call, params: Params) -> str:
    """``LayerName``, by name or ARN.

    Raises:
        AccessDenied: It is another account's.
        InvalidParameterValue: It is no layer's name.
        ResourceNotFound: It is in another Region, where this call did not go.
    """
    text = str(params["LayerName"])
    if NAME.fullmatch(text):
        return text
    try:
        arn = Arn.parse(text)
    except NotAnArn as error:
        raise InvalidParameterValue(f"`{text}` is no layer's name or ARN") from error
    name = arn.resource.removeprefix("layer:")
    if arn.service != "lambda" or not NAME.fullmatch(name):
        raise InvalidParameterValue(f"`{text}` is no layer's name or ARN")
    if arn.account != call.account:
        raise AccessDenied(f"yett does not offer layers of other accounts: {text} is not the account {call.account}'s")
    if arn.region != call.region or arn.partition != PARTITION:
        raise ResourceNotFound("The resource you requested does not exist.")
    return name


def suits(record: LayerRecord, params: Params) -> bool:
    """Whether the version is for the runtime and architecture that were asked for."""
    runtime, architecture = params.get("CompatibleRuntime"), params.get("CompatibleArchitecture")
    return (not runtime or runtime in record.runtimes) and (not architecture or architecture in record.architectures)


def texts(value: object) -> tuple[str, ...]:
    """A list of texts."""
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else ()


def describe(record: LayerRecord) -> dict[str, object]:
    """A LayerVersionsListItem."""
    found: dict[str, object] = {
        "LayerVersionArn": record.arn,
        "Version": record.version,
        "Description": record.description,
        "CreatedDate": f"{record.created_at:%Y-%m-%dT%H:%M:%S}.{record.created_at.microsecond // 1000:03d}+0000",
    }
    if record.runtimes:
        found["CompatibleRuntimes"] = list(record.runtimes)
    if record.architectures:
        found["CompatibleArchitectures"] = list(record.architectures)
    if record.license_info:
        found["LicenseInfo"] = record.license_info
    return found


def describe_content(record: LayerRecord) -> dict[str, object]:
    """What PublishLayerVersion and GetLayerVersion answer."""
    content = {"CodeSha256": record.code_sha256, "CodeSize": record.code_bytes}
    return {"Content": content, "LayerArn": record.layer_arn, **describe(record)}
