"""Models: schemas that are kept; nothing checks a body against one while request validators are not offered.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_Model.html
"""

import msgspec

from yett.rules.apigateway import patch
from yett.rules.apigateway.errors import BadRequest, Conflict
from yett.rules.apigateway.rest_api import Model, RestApi
from yett.services.apigateway.editing import Answer, Params, edit_api, get_api, page, part_ids, patch_operations
from yett.services.apigateway.errors import NO_MODEL
from yett.services.call import Call


def get_model(api: RestApi, params: Params) -> Model:
    """The model that ``modelName`` names."""
    model = api.models.get(params["modelName"])
    if model is None:
        raise NO_MODEL
    return model


async def create_model(call: Call, params: Params) -> Answer:
    """Keep a model."""
    name = str(params["name"])
    if not (name.isascii() and name.isalnum()):
        raise BadRequest("Model name must be alphanumeric: " + name)
    model = Model(
        id=next(part_ids(call)),
        name=name,
        description=params.get("description") or None,
        schema=params.get("schema") or None,
        content_type=params["contentType"],
    )

    def change(api: RestApi) -> RestApi:
        if name in api.models:
            raise Conflict("Model name already exists for this REST API")
        return msgspec.structs.replace(api, models={**api.models, name: model})

    await edit_api(call, params["restApiId"], change)
    return model.describe()


async def get_model_(call: Call, params: Params) -> Answer:
    """A model."""
    return get_model(await get_api(call, params["restApiId"]), params).describe()


async def get_models(call: Call, params: Params) -> Answer:
    """An API's models, a page at a time."""
    api = await get_api(call, params["restApiId"])
    return page(sorted((one.name, one.describe()) for one in api.models.values()), params)


async def update_model(call: Call, params: Params) -> Answer:
    """Patch a model."""
    operations = patch_operations(params)

    def change(api: RestApi) -> RestApi:
        model = get_model(api, params)
        document = patch.patch(model.describe(), operations, patch.MODEL)
        changed = msgspec.structs.replace(model, description=document.get("description"), schema=document.get("schema"))
        return msgspec.structs.replace(api, models={**api.models, model.name: changed})

    return get_model(await edit_api(call, params["restApiId"], change), params).describe()


async def delete_model(call: Call, params: Params) -> Answer:
    """Delete a model."""

    def change(api: RestApi) -> RestApi:
        lost = get_model(api, params).name
        return msgspec.structs.replace(api, models={name: one for name, one in api.models.items() if name != lost})

    await edit_api(call, params["restApiId"], change)
    return {}
