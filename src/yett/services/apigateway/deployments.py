"""Deployments: frozen snapshots, which stages serve.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_Deployment.html
"""

from typing import Any

import msgspec

from yett.ports.errors import Conflict
from yett.rules.apigateway import patch
from yett.rules.apigateway.deployment import freeze, summarize
from yett.rules.apigateway.errors import BadRequest, NotOffered
from yett.rules.apigateway.rest_api import Deployment, RestApi, Stage
from yett.rules.apigateway.stage import parse_stage, parse_variables, serve
from yett.rules.execute_api.plan import compile_plan
from yett.services.apigateway.editing import Answer, Params, get_api, page, part_ids, patch_operations
from yett.services.apigateway.errors import NO_DEPLOYMENT, no_api
from yett.services.call import Call


def describe_deployment(deployment: Deployment, *, summary: bool = False) -> dict[str, Any]:
    """The members of ``Deployment``."""
    described = deployment.describe()
    del described["snapshot"]
    if summary:
        described["apiSummary"] = summarize(deployment)
    return described


async def create_deployment(call: Call, params: Params) -> Answer:
    """Freeze the API as it is, and let the stage that is named, if one is, serve it from now on.

    Raises:
        BadRequestException: A method has no integration, there is none, or something does not fit together.
        NotFoundException: There is no such API.
    """
    if params.get("cacheClusterEnabled") or params.get("cacheClusterSize"):
        raise NotOffered("stage caches", where="cacheClusterEnabled")
    if params.get("canarySettings"):
        raise NotOffered("canary deployments", where="canarySettings")
    deployment_id = next(part_ids(call))

    def frozen(api: RestApi) -> Deployment:
        snapshot = freeze(api, deployment_id=deployment_id, now=call.now)
        deployment = Deployment(
            id=deployment_id,
            description=params.get("description") or None,
            created_date=call.now,
            snapshot=snapshot,
        )
        if not params.get("stageName"):
            compile_plan(snapshot, serve(stage_for(call, params, None, deployment, name="deployment")))
        return deployment

    def staged(old: Stage | None, deployment: Deployment) -> Stage:
        stage = stage_for(call, params, old, deployment, name=params["stageName"])
        compile_plan(deployment.snapshot, serve(stage))  # what could not be served is not deployed
        return stage

    deployment = await call.ports.api_store.deploy(
        call.account,
        call.region,
        params["restApiId"],
        frozen,
        stage_name=params.get("stageName") or None,
        stage=staged,
    )
    if deployment is None:
        raise no_api(call, params["restApiId"])
    return describe_deployment(deployment)


def stage_for(call: Call, params: Params, old: Stage | None, deployment: Deployment, *, name: str) -> Stage:
    """The stage that serves the deployment: a new one, or the old one moved."""
    if old is None:
        members = {
            "stageName": name,
            "deploymentId": deployment.id,
            "description": params.get("stageDescription"),
            "variables": params.get("variables"),
            "tracingEnabled": params.get("tracingEnabled"),
        }
        return parse_stage(params["restApiId"], members, now=call.now)
    changes: dict[str, Any] = {"deployment_id": deployment.id, "last_updated_date": call.now}
    if params.get("stageDescription"):
        changes["description"] = params["stageDescription"]
    if params.get("variables"):
        changes["variables"] = parse_variables(params["variables"])
    return msgspec.structs.replace(old, **changes)


async def get_deployment(call: Call, params: Params) -> Answer:
    """A deployment, with its summary where ``embed`` asks for it."""
    await get_api(call, params["restApiId"])
    found = await call.ports.api_store.find_deployment(
        call.account, call.region, params["restApiId"], params["deploymentId"]
    )
    if found is None:
        raise NO_DEPLOYMENT
    return describe_deployment(found, summary="apisummary" in (params.get("embed") or ()))


async def get_deployments(call: Call, params: Params) -> Answer:
    """An API's deployments, a page at a time."""
    await get_api(call, params["restApiId"])
    found = await call.ports.api_store.deployments(call.account, call.region, params["restApiId"])
    return page(sorted((one.id, describe_deployment(one)) for one in found), params)


async def update_deployment(call: Call, params: Params) -> Answer:
    """Change a deployment's description."""
    operations = patch_operations(params)

    def change(deployment: Deployment) -> Deployment:
        document = patch.patch(describe_deployment(deployment), operations, patch.DEPLOYMENT)
        return msgspec.structs.replace(deployment, description=document.get("description"))

    changed = await call.ports.api_store.change_deployment(
        call.account, call.region, params["restApiId"], params["deploymentId"], change
    )
    if changed is None:
        raise NO_DEPLOYMENT
    return describe_deployment(changed)


async def delete_deployment(call: Call, params: Params) -> Answer:
    """Delete a deployment that no stage serves."""
    try:
        removed = await call.ports.api_store.remove_deployment(
            call.account, call.region, params["restApiId"], params["deploymentId"]
        )
    except Conflict as error:
        raise BadRequest("Active stages pointing to this deployment must be moved or deleted") from error
    if not removed:
        raise NO_DEPLOYMENT
    return {}
