"""Stages: names, variables and settings, and what of theirs is not offered.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateStage.html
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from yett.rules.apigateway.errors import BadRequest, NotOffered
from yett.rules.apigateway.limits import (
    STAGE_NAME_CHARACTERS,
    STAGE_VARIABLE_NAME_CHARACTERS,
    STAGE_VARIABLE_VALUE_CHARACTERS,
    STAGE_VARIABLES,
)
from yett.rules.apigateway.patch import Holds, PatchOperation, PatchTable, patch, refused, row
from yett.rules.apigateway.rest_api import MethodSettings, Stage
from yett.rules.execute_api.deployment import DeployedStage

STAGE_NAME: Final = re.compile(r"[a-zA-Z0-9_-]+")
VARIABLE_NAME: Final = re.compile(r"[A-Za-z0-9_]+")
VARIABLE_VALUE: Final = re.compile(r"[A-Za-z0-9\-._~:/?#&=,]*")

TABLE: Final[PatchTable] = {
    "/deploymentId": row(Holds.TEXT, "replace"),
    "/description": row(Holds.TEXT, "replace"),
    "/variables/{key}": row(Holds.MAP, "add", "replace", "remove"),
    "/documentationVersion": row(Holds.TEXT, "replace"),
    "/tracingEnabled": row(Holds.BOOLEAN, "replace"),
    "/accessLogSettings/destinationArn": row(Holds.TEXT, "add", "replace", "remove"),
    "/accessLogSettings/format": row(Holds.TEXT, "add", "replace", "remove"),
    "/accessLogSettings": row(Holds.TEXT, "remove"),
    "/cacheClusterEnabled": row(Holds.BOOLEAN, "replace"),
    "/cacheClusterSize": refused("stage caches"),
    "/clientCertificateId": refused("client certificates of stages"),
    "/webAclArn": refused("web ACLs"),
    "/canarySettings/{any}": refused("canary deployments"),
}
# The last two parts of "/{resource path}/{verb}/…", the verb and path "*" for all.
METHOD_SETTINGS: Final = {
    ("metrics", "enabled"): ("metrics_enabled", Holds.BOOLEAN),
    ("logging", "loglevel"): ("logging_level", Holds.TEXT),
    ("logging", "dataTrace"): ("data_trace_enabled", Holds.BOOLEAN),
}
REFUSED_SETTINGS: Final = {"throttling": "throttling", "caching": "stage caches"}


def parse_stage(api_id: str, params: Mapping[str, Any], *, now: datetime) -> Stage:
    """A stage from the members of CreateStage; whoever asks has seen that its deployment is there.

    Raises:
        BadRequest: A name or variable that none may have.
        NotOffered: It asks for a cache, a canary or a client certificate.
    """
    name = str(params.get("stageName") or "")
    if not STAGE_NAME.fullmatch(name) or len(name) > STAGE_NAME_CHARACTERS:
        raise BadRequest("Stage name only allows a-zA-Z0-9_-")
    if params.get("cacheClusterEnabled") or params.get("cacheClusterSize"):
        raise NotOffered("stage caches", where="cacheClusterEnabled")
    if params.get("canarySettings"):
        raise NotOffered("canary deployments", where="canarySettings")
    return Stage(
        api_id=api_id,
        stage_name=name,
        deployment_id=str(params["deploymentId"]),
        description=params.get("description") or None,
        cache_cluster_enabled=False,
        cache_cluster_status="NOT_AVAILABLE",
        method_settings={},
        variables=parse_variables(params.get("variables") or {}),
        documentation_version=params.get("documentationVersion") or None,
        tracing_enabled=bool(params.get("tracingEnabled")),
        tags=dict(params.get("tags") or {}),
        created_date=now,
        last_updated_date=now,
    )


def parse_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Stage variables, within AWS's bounds and alphabet."""
    if len(variables) > STAGE_VARIABLES:
        raise BadRequest(f"a stage has {STAGE_VARIABLES} variables at most")
    for name, value in variables.items():
        if not VARIABLE_NAME.fullmatch(name) or len(name) > STAGE_VARIABLE_NAME_CHARACTERS:
            raise BadRequest(
                f"Invalid stage variable name: {name}. Please use alphanumeric characters and underscores."
            )
        if not VARIABLE_VALUE.fullmatch(value) or len(value) > STAGE_VARIABLE_VALUE_CHARACTERS:
            raise BadRequest(
                f"Invalid stage variable value: {value}. Please use values with alphanumeric characters "
                "and the symbols ' ', -', '.', '_', ':', '/', '?', '&', '=', and ','."
            )
    return dict(variables)


def patch_stage(stage: Stage, operations: Iterable[PatchOperation], *, now: datetime) -> Stage:
    """The stage after a patch.

    Raises:
        BadRequest, NotFound, NotOffered: See `patch.py`.
    """
    plain, settings = [], dict(stage.method_settings)
    for operation in operations:
        if operation.path in TABLE or operation.parts[0] in {path.split("/")[1] for path in TABLE}:
            plain.append(operation)
        else:
            patch_settings(settings, operation)
    document = patch(stage.describe(), plain, TABLE)
    if document.get("cacheClusterEnabled"):
        raise NotOffered("stage caches", where="/cacheClusterEnabled")
    return msgspec.structs.replace(
        stage,
        deployment_id=document["deploymentId"],
        description=document.get("description"),
        variables=parse_variables(document.get("variables") or {}),
        documentation_version=document.get("documentationVersion"),
        access_log_settings=document.get("accessLogSettings") or None,
        tracing_enabled=bool(document.get("tracingEnabled")),
        method_settings=settings,
        last_updated_date=now,
    )


def patch_settings(settings: dict[str, MethodSettings], operation: PatchOperation) -> None:
    """Do ``/{path}/{verb}/logging/loglevel`` and the like; what would hold callers back is refused."""
    *method, group, name = operation.parts if len(operation.parts) >= 4 else ("", "", "", "")
    if group in REFUSED_SETTINGS:
        raise NotOffered(REFUSED_SETTINGS[group], where=operation.path)
    if operation.op == "remove" and "/".join(operation.parts) in settings:
        del settings["/".join(operation.parts)]
        return
    known = METHOD_SETTINGS.get((group, name))
    if known is None or operation.op not in ("add", "replace"):
        raise BadRequest(
            f"Invalid patch path  '{operation.path}' specified for op '{operation.op}'. "
            f"Must be one of: [{', '.join(path.removesuffix('/{key}') for path in TABLE)}]"
        )
    member, holds = known
    value: object = operation.value or "OFF"
    if holds is Holds.BOOLEAN:
        value = (operation.value or "").lower() == "true"
    where = "/".join(part.replace("/", "~1") for part in method)
    settings[where] = msgspec.structs.replace(settings.get(where, MethodSettings()), **{member: value})


def serve(stage: Stage) -> DeployedStage:
    """What the data plane needs of a stage."""
    return DeployedStage(
        name=stage.stage_name,
        deployment_id=stage.deployment_id,
        variables=stage.variables,
        access_log_settings=stage.access_log_settings or {},
    )
