"""Tags of APIs and stages.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_TagResource.html
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from yett.rules.apigateway.errors import BadRequest, NotFound
from yett.rules.apigateway.rest_api import RestApi, Stage
from yett.services.apigateway.editing import Answer, Params, edit_api, get_api
from yett.services.apigateway.errors import NO_STAGE
from yett.services.call import Call
from yett.services.iam.authorization import resource_tag_keys

ARN: Final = re.compile(
    r"arn:aws:apigateway:(?P<region>[a-z0-9-]+)::/restapis/(?P<api>[a-z0-9]+)(?:/stages/(?P<stage>[A-Za-z0-9_-]+))?"
)
TAGS: Final = 50  # https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging.html
Tags = dict[str, str]


def parse_arn(call: Call, params: Params) -> tuple[str, str | None]:
    """API id and stage name, None for the API itself."""
    found = ARN.fullmatch(params["resourceArn"])
    if found is None:
        raise BadRequest("Invalid resource ARN specified in the request")
    if found["region"] != call.region:
        raise NotFound("Invalid resource ARN specified in the request")
    return found["api"], found["stage"]


async def find_tagged(call: Call, params: Params) -> tuple[RestApi | None, Stage | None]:
    """The API and the stage that a call names, by their ids or by an ARN, as far as there are such."""
    api_id, stage_name = params.get("restApiId"), params.get("stageName")
    if "resourceArn" in params:
        found = ARN.fullmatch(params["resourceArn"])
        api_id, stage_name = (None, None) if found is None else (found["api"], found["stage"])
    api = None if api_id is None else await call.ports.api_store.find_api(call.account, call.region, api_id)
    if api is None or api_id is None or stage_name is None:
        return api, None
    return api, await call.ports.api_store.find_stage(call.account, call.region, api_id, stage_name)


def tag_keys(api: RestApi | None, stage: Stage | None) -> Mapping[str, tuple[str, ...]]:
    """The condition keys of the tags that an API, and a stage of it, have now; the stage's prevail.

    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-iam-policy.html
    """
    own = {} if api is None else api.tags
    return resource_tag_keys({**own, **(stage.tags if stage is not None else {})})


async def change_tags(call: Call, params: Params, change: Callable[[Tags], Tags]) -> None:
    """Replace the tags of what the ARN names."""
    api_id, stage_name = parse_arn(call, params)

    def bounded(tags: Tags) -> Tags:
        if len(changed := change(tags)) > TAGS:
            raise BadRequest(f"a resource has {TAGS} tags at most")
        return changed

    if stage_name is None:

        def retag(api: RestApi) -> RestApi:
            return msgspec.structs.replace(api, tags=bounded(dict(api.tags)))

        await edit_api(call, api_id, retag)
        return

    def retag_stage(stage: Stage) -> Stage:
        return msgspec.structs.replace(stage, tags=bounded(dict(stage.tags)))

    if await call.ports.api_store.change_stage(call.account, call.region, api_id, stage_name, retag_stage) is None:
        raise NO_STAGE


async def tag_resource(call: Call, params: Params) -> Answer:
    """Put tags on."""
    await change_tags(call, params, lambda tags: tags | dict(params["tags"]))
    return {}


async def untag_resource(call: Call, params: Params) -> Answer:
    """Take tags off."""
    lost = set(params["tagKeys"])
    await change_tags(call, params, lambda tags: {key: value for key, value in tags.items() if key not in lost})
    return {}


async def get_tags(call: Call, params: Params) -> Answer:
    """The tags of what the ARN names."""
    api_id, stage_name = parse_arn(call, params)
    api = await get_api(call, api_id)
    if stage_name is None:
        return {"tags": dict(api.tags)}
    stage = await call.ports.api_store.find_stage(call.account, call.region, api_id, stage_name)
    if stage is None:
        raise NO_STAGE
    return {"tags": dict(stage.tags)}
