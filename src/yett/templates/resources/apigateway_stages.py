"""AWS::ApiGateway::Deployment and ::Stage."""

from collections.abc import Mapping
from typing import Any, Final

from yett.ports.stack_store import ResourceRecord
from yett.services.call import ServiceError
from yett.templates.fitting import DoesNotFit, fit, tags
from yett.templates.resources.actor import Actor, Made, ResourceType, Wanted, exists, gone, names, pages

SERVICE: Final = "apigateway"
HARMLESS_METHOD_SETTINGS: Final = names("HttpMethod ResourcePath LoggingLevel MetricsEnabled DataTraceEnabled")
ACCESS_LOG_MEMBERS: Final = {"DestinationArn": "destinationArn", "Format": "format"}


async def create_deployment(actor: Actor, wanted: Wanted) -> Made:
    made = await actor.do(SERVICE, "CreateDeployment", fit(SERVICE, "CreateDeployment", wanted.properties))
    return Made(physical_id=str(made["id"]), attributes={"DeploymentId": str(made["id"])})


async def find_deployments(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    """All deployments of the API: a new one is one that was not there."""
    api = {"restApiId": wanted.properties["RestApiId"], "limit": 500}
    found = await pages(actor, SERVICE, "GetDeployments", api, items="items", cursor="position")
    return tuple(str(one["id"]) for one in found)


async def delete_deployment(actor: Actor, old: ResourceRecord) -> None:
    """Delete a deployment, and before it the stage that it made itself, if that still serves it."""
    api_id, stage_name = old.properties["RestApiId"], old.properties.get("StageName")
    if stage_name:
        try:
            stage = await actor.do(SERVICE, "GetStage", {"restApiId": api_id, "stageName": stage_name})
        except ServiceError:
            stage = {}
        if stage.get("deploymentId") == old.physical_id:
            await gone(actor, SERVICE, "DeleteStage", {"restApiId": api_id, "stageName": stage_name})
    await gone(actor, SERVICE, "DeleteDeployment", {"restApiId": api_id, "deploymentId": old.physical_id})


def stage_params(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The members of CreateStage. Settings of methods that would hold callers back are refused."""
    for index, setting in enumerate(properties.get("MethodSettings", ())):
        for name in setting:
            if name not in HARMLESS_METHOD_SETTINGS:
                raise DoesNotFit(f"the property `{name}` is not offered", way=("MethodSettings", index, name))
    given = {
        name: one for name, one in properties.items() if name not in ("MethodSettings", "AccessLogSetting", "Tags")
    }
    given["tags"] = tags(properties)
    return fit(SERVICE, "CreateStage", given)


def access_log_patches(properties: Mapping[str, Any]) -> list[dict[str, str]]:
    """What sets a stage's access log, which CreateStage cannot."""
    setting = properties.get("AccessLogSetting") or {}
    unknown = setting.keys() - ACCESS_LOG_MEMBERS.keys()
    if unknown:
        raise DoesNotFit("this property is not offered", way=("AccessLogSetting", min(unknown)))
    return [
        {"op": "replace", "path": f"/accessLogSettings/{ACCESS_LOG_MEMBERS[name]}", "value": str(one)}
        for name, one in setting.items()
    ]


async def patch_stage(actor: Actor, api_id: str, stage_name: str, patches: list[dict[str, str]]) -> None:
    params = {"restApiId": api_id, "stageName": stage_name, "patchOperations": patches}
    await actor.do(SERVICE, "UpdateStage", params)


async def create_stage(actor: Actor, wanted: Wanted) -> Made:
    patches = access_log_patches(wanted.properties)
    made = await actor.do(SERVICE, "CreateStage", stage_params(wanted.properties))
    if patches:
        await patch_stage(actor, wanted.properties["RestApiId"], str(made["stageName"]), patches)
    return Made(physical_id=str(made["stageName"]))


async def update_stage(actor: Actor, wanted: Wanted, old: ResourceRecord) -> Made | None:
    """Move a stage to another deployment, or change its variables or access log; anything else makes a new one."""
    new, before = stage_params(wanted.properties), stage_params(old.properties)
    movable = {"deploymentId", "variables", "description"}
    if {name: one for name, one in new.items() if name not in movable} != {
        name: one for name, one in before.items() if name not in movable
    }:
        return None
    patches = [{"op": "replace", "path": "/deploymentId", "value": new["deploymentId"]}]
    if new.get("description") != before.get("description"):
        patches.append({"op": "replace", "path": "/description", "value": new.get("description", "")})
    variables, previous = new.get("variables", {}), before.get("variables", {})
    patches += [{"op": "remove", "path": f"/variables/{name}"} for name in previous if name not in variables]
    patches += [{"op": "add", "path": f"/variables/{name}", "value": value} for name, value in variables.items()]
    log = access_log_patches(wanted.properties)
    if not log and access_log_patches(old.properties):
        log = [{"op": "remove", "path": "/accessLogSettings"}]
    await patch_stage(actor, new["restApiId"], old.physical_id, patches + log)
    return Made(physical_id=old.physical_id)


async def find_stage(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    place = {"restApiId": wanted.properties["RestApiId"], "stageName": str(wanted.properties.get("StageName"))}
    return (place["stageName"],) if await exists(actor, SERVICE, "GetStage", place) else ()


async def delete_stage(actor: Actor, old: ResourceRecord) -> None:
    params = {"restApiId": old.properties["RestApiId"], "stageName": old.physical_id}
    await gone(actor, SERVICE, "DeleteStage", params)


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::ApiGateway::Deployment": ResourceType(
        reads=names("RestApiId StageName Description"),
        create=create_deployment,
        delete=delete_deployment,
        find=find_deployments,
        stands_alone=False,
    ),
    "AWS::ApiGateway::Stage": ResourceType(
        reads=names(
            "RestApiId StageName DeploymentId Description Variables MethodSettings AccessLogSetting Tags "
            "CacheClusterEnabled"
        ),
        ignores=names("TracingEnabled DocumentationVersion"),
        create=create_stage,
        update=update_stage,
        delete=delete_stage,
        find=find_stage,
    ),
}
