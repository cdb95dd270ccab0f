"""Stages: names under which deployments are served.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_Stage.html
"""

from typing import Any

from yett.ports.errors import AlreadyExists
from yett.ports.errors import Conflict as StoreConflict
from yett.rules.apigateway.errors import Conflict
from yett.rules.apigateway.rest_api import Stage
from yett.rules.apigateway.stage import parse_stage, patch_stage, serve
from yett.rules.execute_api.plan import compile_plan
from yett.services.apigateway.editing import Answer, Params, get_api, patch_operations
from yett.services.apigateway.errors import NO_DEPLOYMENT, NO_STAGE
from yett.services.call import Call


def describe_stage(stage: Stage) -> dict[str, Any]:
    """The members of ``Stage``."""
    described = stage.describe()
    del described["apiId"]
    return described


async def create_stage(call: Call, params: Params) -> Answer:
    """Serve a deployment under a name.

    Raises:
        BadRequestException: A name or variable that none may have, or a cache or canary, which are not offered.
        NotFoundException: There is no such API or deployment.
        ConflictException: The API has a stage of this name.
    """
    api_id = params["restApiId"]
    await get_api(call, api_id)
    stage = parse_stage(api_id, params, now=call.now)
    await check_served(call, stage)
    try:
        added = await call.ports.api_store.add_stage(call.account, call.region, stage)
    except AlreadyExists as error:
        raise Conflict("Stage already exists") from error
    if not added:
        raise NO_DEPLOYMENT
    return describe_stage(stage)


async def check_served(call: Call, stage: Stage) -> None:
    """That the stage's deployment is there, and can be served with the stage's variables."""
    deployment = await call.ports.api_store.find_deployment(
        call.account, call.region, stage.api_id, stage.deployment_id
    )
    if deployment is None:
        raise NO_DEPLOYMENT
    compile_plan(deployment.snapshot, serve(stage))


async def get_stage(call: Call, params: Params) -> Answer:
    """A stage."""
    await get_api(call, params["restApiId"])
    stage = await call.ports.api_store.find_stage(call.account, call.region, params["restApiId"], params["stageName"])
    if stage is None:
        raise NO_STAGE
    return describe_stage(stage)


async def get_stages(call: Call, params: Params) -> Answer:
    """An API's stages; those of one deployment, if it is named."""
    await get_api(call, params["restApiId"])
    stages = await call.ports.api_store.stages(call.account, call.region, params["restApiId"])
    wanted = params.get("deploymentId")
    return {"item": [describe_stage(one) for one in stages if wanted is None or one.deployment_id == wanted]}


async def update_stage(call: Call, params: Params) -> Answer:
    """Patch a stage: the next call meets the deployment and variables that it then has."""
    operations = patch_operations(params)
    place = (call.account, call.region, params["restApiId"], params["stageName"])
    stage = await call.ports.api_store.find_stage(*place)
    if stage is None:
        raise NO_STAGE
    await check_served(call, patch_stage(stage, operations, now=call.now))
    try:
        changed = await call.ports.api_store.change_stage(
            *place, lambda stage: patch_stage(stage, operations, now=call.now)
        )
    except StoreConflict as error:
        raise NO_DEPLOYMENT from error
    if changed is None:
        raise NO_STAGE
    return describe_stage(changed)


async def delete_stage(call: Call, params: Params) -> Answer:
    """Delete a stage: from now on nothing answers under its name."""
    if not await call.ports.api_store.remove_stage(call.account, call.region, params["restApiId"], params["stageName"]):
        raise NO_STAGE
    await call.ports.authorizer_cache.flush(call.account, params["restApiId"], params["stageName"])
    return {}


async def flush_stage_authorizers_cache(call: Call, params: Params) -> Answer:
    """Forget what Lambda authorizers answered for the stage."""
    await get_stage(call, params)
    await call.ports.authorizer_cache.flush(call.account, params["restApiId"], params["stageName"])
    return {}
