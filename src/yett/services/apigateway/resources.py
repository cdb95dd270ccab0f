"""Resources: the tree of paths.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_Resource.html
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from yett.rules.apigateway import patch
from yett.rules.apigateway.errors import BadRequest
from yett.rules.apigateway.resource_path import add_child, descendants, rename
from yett.rules.apigateway.rest_api import Resource, RestApi
from yett.services.apigateway.editing import (
    Answer,
    Params,
    edit_api,
    get_api,
    get_resource,
    page,
    part_ids,
    patch_operations,
    with_resource,
)
from yett.services.call import Call


def describe_resource(resource: Resource, *, embed: bool = False) -> dict[str, Any]:
    """The members of ``Resource``; its methods by name only, unless they are to be embedded."""
    described = resource.describe()
    methods: Mapping[str, object] = described.get("resourceMethods", {})
    if methods and not embed:
        described["resourceMethods"] = {verb: {} for verb in methods}
    return described


async def create_resource(call: Call, params: Params) -> Answer:
    """Create a resource below another.

    Raises:
        NotFoundException: There is no such parent.
        ConflictException: The parent has a child of this name.
    """
    id = next(part_ids(call))  # noqa: A001

    def change(api: RestApi) -> RestApi:
        child = add_child(api.resources, id=id, parent_id=params["parentId"], path_part=params["pathPart"])
        return with_resource(api, child)

    api = await edit_api(call, params["restApiId"], change)
    return describe_resource(api.resources[id])


async def get_resource_(call: Call, params: Params) -> Answer:
    """A resource, with its methods where ``embed`` asks for them."""
    resource = get_resource(await get_api(call, params["restApiId"]), params)
    return describe_resource(resource, embed="methods" in (params.get("embed") or ()))


async def get_resources(call: Call, params: Params) -> Answer:
    """An API's resources in order of path, a page at a time."""
    api = await get_api(call, params["restApiId"])
    embed = "methods" in (params.get("embed") or ())
    items = sorted((one.path, describe_resource(one, embed=embed)) for one in api.resources.values())
    return page(items, params)


async def update_resource(call: Call, params: Params) -> Answer:
    """Rename a resource, or hang it below another."""
    operations = patch_operations(params)

    def change(api: RestApi) -> RestApi:
        resource = get_resource(api, params)
        document = patch.patch(resource.describe(), operations, patch.RESOURCE)
        if resource.parent_id is None:
            raise BadRequest("Root resource cannot be updated.")
        renamed = rename(api.resources, resource.id, parent_id=document["parentId"], path_part=document["pathPart"])
        return msgspec.structs.replace(api, resources=renamed)

    api = await edit_api(call, params["restApiId"], change)
    return describe_resource(get_resource(api, params))


async def delete_resource(call: Call, params: Params) -> Answer:
    """Delete a resource and all below it."""

    def change(api: RestApi) -> RestApi:
        resource = get_resource(api, params)
        if resource.parent_id is None:
            raise BadRequest("Root resource cannot be removed.")
        lost = set(descendants(api.resources, resource.id))
        kept = {id: one for id, one in api.resources.items() if id not in lost}  # noqa: A001
        return msgspec.structs.replace(api, resources=kept)

    await edit_api(call, params["restApiId"], change)
    return {}
