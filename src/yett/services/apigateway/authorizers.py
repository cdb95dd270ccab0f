"""Authorizers.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_Authorizer.html
"""

import msgspec

from yett.rules.apigateway import patch
from yett.rules.apigateway.authorizer import parse_authorizer
from yett.rules.apigateway.errors import BadRequest, Conflict
from yett.rules.apigateway.limits import AUTHORIZERS_PER_API
from yett.rules.apigateway.method import parse_method
from yett.rules.apigateway.rest_api import Authorizer, RestApi
from yett.services.apigateway.editing import Answer, Params, edit_api, get_api, page, part_ids, patch_operations
from yett.services.apigateway.errors import CONCURRENT, NO_AUTHORIZER
from yett.services.call import Call


def get_authorizer(api: RestApi, params: Params) -> Authorizer:
    """The authorizer that ``authorizerId`` names."""
    authorizer = api.authorizers.get(params["authorizerId"])
    if authorizer is None:
        raise NO_AUTHORIZER
    return authorizer


def with_authorizer(api: RestApi, authorizer: Authorizer) -> RestApi:
    """The API with this authorizer in the place of the one of its id; names are unique."""
    if any(one.name == authorizer.name and one.id != authorizer.id for one in api.authorizers.values()):
        raise BadRequest("Authorizer name must be unique.")
    authorizers = {**api.authorizers, authorizer.id: authorizer}
    if len(authorizers) > AUTHORIZERS_PER_API:
        raise BadRequest(
            "Maximum number of Authorizers for this API has been reached. Please contact AWS if you need additional "
            "Authorizers."
        )
    return msgspec.structs.replace(api, authorizers=authorizers)


async def create_authorizer(call: Call, params: Params) -> Answer:
    """Add an authorizer to an API.

    Raises:
        BadRequestException: What its type needs is missing, or it is of a type that is not offered.
        ConflictException: There is no such API.
    """
    authorizer = parse_authorizer(next(part_ids(call)), params)
    # OBSERVED: an unknown API is told like a collision (spec 08, no. 31).
    await edit_api(
        call, params["restApiId"], lambda api: with_authorizer(api, authorizer), missing=Conflict(CONCURRENT)
    )
    return authorizer.describe()


async def get_authorizer_(call: Call, params: Params) -> Answer:
    """An authorizer."""
    return get_authorizer(await get_api(call, params["restApiId"]), params).describe()


async def get_authorizers(call: Call, params: Params) -> Answer:
    """An API's authorizers, a page at a time."""
    api = await get_api(call, params["restApiId"])
    return page(sorted((one.id, one.describe()) for one in api.authorizers.values()), params)


async def update_authorizer(call: Call, params: Params) -> Answer:
    """Patch an authorizer. Its methods must still fit it."""
    operations = patch_operations(params)

    def change(api: RestApi) -> RestApi:
        old = get_authorizer(api, params)
        changed = parse_authorizer(old.id, patch.patch(old.describe(), operations, patch.AUTHORIZER))
        api = with_authorizer(api, changed)
        for resource in api.resources.values():
            for method in resource.resource_methods.values():
                if method.authorizer_id == old.id:
                    parse_method(method.http_method, method.describe(), authorizers=api.authorizers)
        return api

    return get_authorizer(await edit_api(call, params["restApiId"], change), params).describe()


async def delete_authorizer(call: Call, params: Params) -> Answer:
    """Delete an authorizer that no method asks.

    Raises:
        ConflictException: A method does.
    """

    def change(api: RestApi) -> RestApi:
        lost = get_authorizer(api, params)
        users = [
            f"{method.http_method} {resource.path}"
            for resource in api.resources.values()
            for method in resource.resource_methods.values()
            if method.authorizer_id == lost.id
        ]
        if users:
            # UNCERTAIN: AWS's text.
            raise Conflict(f"Cannot delete authorizer '{lost.name}', is referenced in method(s): {', '.join(users)}")
        kept = {id: one for id, one in api.authorizers.items() if id != lost.id}  # noqa: A001
        return msgspec.structs.replace(api, authorizers=kept)

    await edit_api(call, params["restApiId"], change)
    return {}
