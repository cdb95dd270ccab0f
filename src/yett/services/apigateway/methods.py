"""Methods and their responses.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_Method.html
"""

import msgspec

from yett.rules.apigateway import patch
from yett.rules.apigateway.errors import Conflict
from yett.rules.apigateway.method import parse_http_method, parse_method, parse_method_response
from yett.rules.apigateway.rest_api import Method, MethodResponse, RestApi
from yett.services.apigateway.editing import (
    Answer,
    Params,
    edit_api,
    get_api,
    get_method,
    get_resource,
    patch_operations,
    with_method,
    with_resource,
)
from yett.services.apigateway.errors import NO_METHOD, NO_RESOURCE, NO_RESPONSE
from yett.services.call import Call


async def put_method(call: Call, params: Params) -> Answer:
    """Add a method to a resource.

    Raises:
        BadRequestException: No verb, no authorizer of its type, or an API key or validator, which are not offered.
        NotFoundException: There is no such API or resource.
        ConflictException: The resource has this method.
    """
    verb = parse_http_method(params["httpMethod"])

    def change(api: RestApi) -> RestApi:
        resource = get_resource(api, params)
        if verb in resource.resource_methods:
            raise Conflict("Method already exists for this resource")
        return with_method(api, resource, parse_method(verb, params, authorizers=api.authorizers))

    # OBSERVED: an unknown API is told like an unknown resource (spec 08, no. 30).
    api = await edit_api(call, params["restApiId"], change, missing=NO_RESOURCE)
    return get_method(api, params).describe()


async def get_method_(call: Call, params: Params) -> Answer:
    """A method with its responses and integration."""
    return get_method(await get_api(call, params["restApiId"]), params).describe()


async def update_method(call: Call, params: Params) -> Answer:
    """Patch a method."""
    operations = patch_operations(params)

    def change(api: RestApi) -> RestApi:
        resource, method = get_resource(api, params), get_method(api, params)
        document = patch.patch(method.describe(), operations, patch.METHOD)
        parsed = parse_method(method.http_method, document, authorizers=api.authorizers)
        kept = {"method_responses": method.method_responses, "method_integration": method.method_integration}
        return with_method(api, resource, msgspec.structs.replace(parsed, **kept))

    return get_method(await edit_api(call, params["restApiId"], change), params).describe()


async def delete_method(call: Call, params: Params) -> Answer:
    """Delete a method."""

    def change(api: RestApi) -> RestApi:
        resource, method = get_resource(api, params), get_method(api, params)
        kept = {verb: one for verb, one in resource.resource_methods.items() if verb != method.http_method}
        return with_resource(api, msgspec.structs.replace(resource, resource_methods=kept))

    await edit_api(call, params["restApiId"], change)
    return {}


# -- method responses


def get_response(method: Method, params: Params) -> MethodResponse:
    """The response of the method that ``statusCode`` names."""
    response = method.method_responses.get(str(params["statusCode"]))
    if response is None:
        raise NO_RESPONSE
    return response


def with_response(api: RestApi, params: Params, response: MethodResponse) -> RestApi:
    """The API with this response in the place of the method's of its status."""
    method = get_method(api, params)
    responses = {**method.method_responses, response.status_code: response}
    return with_method(api, get_resource(api, params), msgspec.structs.replace(method, method_responses=responses))


async def put_method_response(call: Call, params: Params) -> Answer:
    """Declare what a method may answer with."""
    response = parse_method_response(str(params["statusCode"]), params)

    def change(api: RestApi) -> RestApi:
        if response.status_code in get_method(api, params).method_responses:
            raise Conflict("Response already exists for this resource")
        return with_response(api, params, response)

    await edit_api(call, params["restApiId"], change, missing=NO_METHOD)
    return response.describe()


async def get_method_response(call: Call, params: Params) -> Answer:
    """A method response."""
    api = await get_api(call, params["restApiId"])
    return get_response(get_method(api, params), params).describe()


async def update_method_response(call: Call, params: Params) -> Answer:
    """Patch a method response."""
    operations = patch_operations(params)

    def change(api: RestApi) -> RestApi:
        response = get_response(get_method(api, params), params)
        document = patch.patch(response.describe(), operations, patch.METHOD_RESPONSE)
        return with_response(api, params, parse_method_response(response.status_code, document))

    api = await edit_api(call, params["restApiId"], change)
    return get_response(get_method(api, params), params).describe()


async def delete_method_response(call: Call, params: Params) -> Answer:
    """Delete a method response."""

    def change(api: RestApi) -> RestApi:
        method = get_method(api, params)
        lost = get_response(method, params).status_code
        kept = {status: one for status, one in method.method_responses.items() if status != lost}
        return with_method(api, get_resource(api, params), msgspec.structs.replace(method, method_responses=kept))

    await edit_api(call, params["restApiId"], change)
    return {}
