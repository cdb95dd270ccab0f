"""REST APIs.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_RestApi.html
"""

from typing import Any

import msgspec

from yett.ports.randomness import LOWER_ALPHANUMERIC
from yett.rules.apigateway import patch
from yett.rules.apigateway.resource_policy import escape
from yett.rules.apigateway.rest_api import Resource, RestApi
from yett.rules.apigateway.settings import parse_policy_member, parse_settings
from yett.services.apigateway.editing import (
    API_ID_CHARACTERS,
    Answer,
    Params,
    edit_api,
    encode_position,
    get_api,
    page_bounds,
    patch_operations,
)
from yett.services.apigateway.errors import no_api
from yett.services.apigateway.policy_changes import check_policy_change
from yett.services.call import PARTITION, Call

OWN_MEMBERS = ("account", "region", "resources", "authorizers", "gatewayResponses", "models")


def describe_api(api: RestApi) -> dict[str, Any]:
    """The members of ``RestApi``."""
    described = api.describe()
    for member in OWN_MEMBERS:
        described.pop(member, None)
    if api.policy is not None:
        described["policy"] = escape(api.policy)
    return described


def new_api(call: Call, params: Params) -> RestApi:
    """An API with nothing but its root."""
    api_id = call.ports.randomness.text(LOWER_ALPHANUMERIC, API_ID_CHARACTERS)
    root_id = call.ports.randomness.text(LOWER_ALPHANUMERIC, API_ID_CHARACTERS)
    policy = parse_policy_member(
        params.get("policy"), partition=PARTITION, region=call.region, account=call.account, api_id=api_id
    )
    return RestApi(
        id=api_id,
        account=call.account,
        region=call.region,
        created_date=call.now,
        policy=policy,
        root_resource_id=root_id,
        resources={root_id: Resource(id=root_id, path="/")},
        tags=dict(params.get("tags") or {}),
        **parse_settings(params),
    )


async def create_rest_api(call: Call, params: Params) -> Answer:
    """Create an empty API.

    Raises:
        BadRequestException: A setting that is none, a policy that is none, or something that is not offered.
    """
    api = new_api(call, params)
    check_policy_change(call, before=None, after=api)
    await call.ports.api_store.add_api(api)
    return describe_api(api)


async def get_rest_api(call: Call, params: Params) -> Answer:
    """An API."""
    return describe_api(await get_api(call, params["restApiId"]))


async def get_rest_apis(call: Call, params: Params) -> Answer:
    """The account's APIs in the Region, a page at a time."""
    limit, after = page_bounds(params)
    apis = await call.ports.api_store.apis(call.account, call.region, after=after, limit=limit + 1)
    answer: dict[str, object] = {"items": [describe_api(api) for api in apis[:limit]]}
    if len(apis) > limit:
        answer["position"] = encode_position(apis[limit - 1].id)
    return answer


async def update_rest_api(call: Call, params: Params) -> Answer:
    """Patch an API's settings. Callers meet a changed policy or endpoint when the API is deployed again."""
    operations = patch_operations(params)

    def change(api: RestApi) -> RestApi:
        document = patch.patch(api.describe(), operations, patch.API)
        policy = parse_policy_member(
            document.get("policy"), partition=PARTITION, region=api.region, account=api.account, api_id=api.id
        )
        return msgspec.structs.replace(api, policy=policy, **parse_settings(document))

    return describe_api(await edit_api(call, params["restApiId"], change))


async def delete_rest_api(call: Call, params: Params) -> Answer:
    """Delete an API with its deployments and stages: from now on nothing answers."""
    if not await call.ports.api_store.remove_api(call.account, call.region, params["restApiId"]):
        raise no_api(call, params["restApiId"])
    return {}
