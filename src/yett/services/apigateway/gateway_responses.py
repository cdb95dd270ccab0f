"""Gateway responses: what the gateway itself answers.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_GatewayResponse.html
"""

import msgspec

from yett.rules.apigateway import patch
from yett.rules.apigateway.errors import BadRequest, NotFound
from yett.rules.apigateway.gateway_response import (
    DEFAULT_STATUS,
    default_gateway_response,
    parse_gateway_response,
    parse_response_type,
)
from yett.rules.apigateway.rest_api import GatewayResponse, RestApi
from yett.services.apigateway.editing import Answer, Params, edit_api, get_api, page, patch_operations
from yett.services.call import Call


def effective(api: RestApi, response_type: str) -> GatewayResponse:
    """The customized response, or the default one."""
    return api.gateway_responses.get(response_type) or default_gateway_response(response_type)


def with_response(api: RestApi, response: GatewayResponse) -> RestApi:
    """The API with this response."""
    return msgspec.structs.replace(api, gateway_responses={**api.gateway_responses, response.response_type: response})


async def put_gateway_response(call: Call, params: Params) -> Answer:
    """Customize a gateway response. Callers meet it when the API is deployed again."""
    response = parse_gateway_response(parse_response_type(params["responseType"]), params)
    await edit_api(call, params["restApiId"], lambda api: with_response(api, response))
    return response.describe()


async def get_gateway_response(call: Call, params: Params) -> Answer:
    """A gateway response, customized or default."""
    api = await get_api(call, params["restApiId"])
    return effective(api, parse_response_type(params["responseType"])).describe()


async def get_gateway_responses(call: Call, params: Params) -> Answer:
    """All 21, sorted by name."""
    api = await get_api(call, params["restApiId"])
    return page([(name, effective(api, name).describe()) for name in sorted(DEFAULT_STATUS)], params)


async def update_gateway_response(call: Call, params: Params) -> Answer:
    """Patch a gateway response; a default one is customized by it."""
    response_type = parse_response_type(params["responseType"])
    operations = patch_operations(params)
    for operation in operations:
        # OBSERVED: this resource's own words (spec 08, no. 29).
        if operation.parts[0] not in ("statusCode", "responseParameters", "responseTemplates") or (
            operation.path == "/statusCode" and operation.op != "replace"
        ):
            raise BadRequest(f"Invalid patch path {operation.path}")

    def change(api: RestApi) -> RestApi:
        document = patch.patch(effective(api, response_type).describe(), operations, patch.GATEWAY_RESPONSE)
        return with_response(api, parse_gateway_response(response_type, document))

    return effective(await edit_api(call, params["restApiId"], change), response_type).describe()


async def delete_gateway_response(call: Call, params: Params) -> Answer:
    """Let the default answer again."""
    response_type = parse_response_type(params["responseType"])

    def change(api: RestApi) -> RestApi:
        if response_type not in api.gateway_responses:
            raise NotFound("Gateway response type not defined on api")
        kept = {name: one for name, one in api.gateway_responses.items() if name != response_type}
        return msgspec.structs.replace(api, gateway_responses=kept)

    await edit_api(call, params["restApiId"], change)
    return {}
