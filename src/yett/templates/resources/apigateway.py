"""AWS::ApiGateway::*."""

import json
from collections.abc import Mapping
from typing import Any, Final

from yett.ports.stack_store import ResourceRecord
from yett.templates.fitting import DoesNotFit, fit, tags
from yett.templates.resources import apigateway_stages
from yett.templates.resources.actor import MARK, Actor, Made, ResourceType, Wanted, exists, gone, names, pages, there

SERVICE: Final = "apigateway"

# -- APIs

API_SETTINGS: Final = {
    "Name": "name",
    "Description": "description",
    "BinaryMediaTypes": "binaryMediaTypes",
    "ApiKeySourceType": "apiKeySource",
    "EndpointConfiguration": "endpointConfiguration",
    "MinimumCompressionSize": "minimumCompressionSize",
    "DisableExecuteApiEndpoint": "disableExecuteApiEndpoint",
    "Policy": "policy",
}


def api_settings(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The members of CreateRestApi."""
    if str(properties.get("Mode", "overwrite")) != "overwrite":
        raise DoesNotFit("the mode `merge` is not offered: the body is the whole API", way=("Mode",))
    given = {member: properties[name] for name, member in API_SETTINGS.items() if name in properties}
    body = properties.get("Body")
    title = body.get("info", {}).get("title") if isinstance(body, dict) else None
    given.setdefault("name", title or "Untitled")
    given["tags"] = tags(properties)
    if "endpointConfiguration" not in given and "endpointConfigurationTypes" in properties.get("Parameters", {}):
        given["endpointConfiguration"] = {"types": [properties["Parameters"]["endpointConfigurationTypes"]]}
    return fit(SERVICE, "CreateRestApi", given)


# What an API has where a setting is not given.
# Source: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateRestApi.html
API_DEFAULTS: Final[Mapping[str, Any]] = {
    "Description": "",
    "BinaryMediaTypes": [],
    "ApiKeySourceType": "HEADER",
    "EndpointConfiguration": {"Types": ["EDGE"]},
    "DisableExecuteApiEndpoint": False,
}


async def create_api(actor: Actor, wanted: Wanted) -> Made:
    settings = api_settings(wanted.properties)
    settings["tags"] = {**settings["tags"], MARK: actor.mark(wanted.logical_id)}
    api = await actor.do(SERVICE, "CreateRestApi", settings)
    try:
        await put_body(actor, str(api["id"]), wanted.properties)
    except BaseException:
        await gone(actor, SERVICE, "DeleteRestApi", {"restApiId": api["id"]})
        raise
    return describe_api(api)


def describe_api(api: Mapping[str, Any]) -> Made:
    api_id = str(api["id"])
    return Made(physical_id=api_id, attributes={"RootResourceId": str(api["rootResourceId"]), "RestApiId": api_id})


async def put_body(actor: Actor, api_id: str, properties: Mapping[str, Any]) -> None:
    """Put the OpenAPI body in, and lay the settings that stand beside it over it."""
    if "Body" not in properties:
        return
    body = json.dumps(properties["Body"]).encode()
    fails = str(properties.get("FailOnWarnings", "false")).lower() == "true"
    given = {str(name): str(one) for name, one in properties.get("Parameters", {}).items()}
    params = {"restApiId": api_id, "mode": "overwrite", "body": body, "failOnWarnings": fails, "parameters": given}
    await actor.do(SERVICE, "PutRestApi", params)
    await patch_api(actor, api_id, {name: one for name, one in properties.items() if name != "EndpointConfiguration"})


async def patch_api(actor: Actor, api_id: str, properties: Mapping[str, Any]) -> None:
    """Make the API's settings what the properties say."""
    settings = api_settings(properties)
    patches = [
        {"op": "replace", "path": f"/{member}", "value": patch_value(settings[member])}
        for name, member in API_SETTINGS.items()
        if name in properties and member not in ("binaryMediaTypes", "endpointConfiguration")
    ]
    present = await actor.do(SERVICE, "GetRestApi", {"restApiId": api_id})
    if "BinaryMediaTypes" in properties:
        wanted, old = settings["binaryMediaTypes"], present.get("binaryMediaTypes", [])
        patches += [media_patch("remove", one) for one in old if one not in wanted]
        patches += [media_patch("add", one) for one in wanted if one not in old]
    if "EndpointConfiguration" in properties and (types := settings["endpointConfiguration"].get("types")):
        patches.append({"op": "replace", "path": "/endpointConfiguration/types", "value": ",".join(types)})
    if patches:
        await actor.do(SERVICE, "UpdateRestApi", {"restApiId": api_id, "patchOperations": patches})


def patch_value(value: Any) -> str:
    """A value as patches write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def media_patch(operation: str, media_type: str) -> dict[str, str]:
    """Add or remove a binary media type."""
    return {"op": operation, "path": f"/binaryMediaTypes/{media_type.replace('~', '~0').replace('/', '~1')}"}


async def update_api(actor: Actor, wanted: Wanted, old: ResourceRecord) -> Made | None:
    """In place: an API keeps its address for life. A setting that goes gets its default."""
    lost = set(old.properties) - set(wanted.properties)
    defaults = {name: one for name, one in API_DEFAULTS.items() if name in lost}
    if "Body" in lost:
        empty = {"swagger": "2.0", "info": {"title": api_settings(wanted.properties)["name"]}, "paths": {}}
        defaults["Body"] = empty
    properties = {**wanted.properties, **defaults}
    await patch_api(actor, old.physical_id, properties)
    if "Policy" in lost or "MinimumCompressionSize" in lost:
        await unset(actor, old.physical_id, lost)
    await put_body(actor, old.physical_id, properties)
    await tag_anew(actor, f"/restapis/{old.physical_id}", wanted.properties, old.properties)
    return describe_api(await actor.do(SERVICE, "GetRestApi", {"restApiId": old.physical_id}))


async def unset(actor: Actor, api_id: str, lost: set[str]) -> None:
    """Take settings away that have no default to be replaced by."""
    for name in sorted(lost & {"Policy", "MinimumCompressionSize"}):
        patches = [{"op": "remove", "path": f"/{API_SETTINGS[name]}"}]
        await actor.do(SERVICE, "UpdateRestApi", {"restApiId": api_id, "patchOperations": patches})


async def tag_anew(actor: Actor, path: str, new: Mapping[str, Any], old: Mapping[str, Any]) -> None:
    """Change the tags of an API or a stage from what they were to what they shall be."""
    wanted = tags(new)
    before = tags(old)
    arn = f"arn:aws:apigateway:{actor.region}::{path}"
    if lost := sorted(before.keys() - wanted.keys()):
        await actor.do(SERVICE, "UntagResource", {"resourceArn": arn, "tagKeys": lost})
    if wanted != before and wanted:
        await actor.do(SERVICE, "TagResource", {"resourceArn": arn, "tags": wanted})


async def find_api(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    """The API that bears this creation's mark."""
    found = await pages(actor, SERVICE, "GetRestApis", {"limit": 500}, items="items", cursor="position")
    mark = actor.mark(wanted.logical_id)
    return tuple(str(one["id"]) for one in found if (one.get("tags") or {}).get(MARK) == mark)


async def delete_api(actor: Actor, old: ResourceRecord) -> None:
    await gone(actor, SERVICE, "DeleteRestApi", {"restApiId": old.physical_id})


# -- resources, methods, authorizers, gateway responses, models


async def create_resource(actor: Actor, wanted: Wanted) -> Made:
    made = await actor.do(SERVICE, "CreateResource", fit(SERVICE, "CreateResource", wanted.properties))
    return Made(physical_id=str(made["id"]), attributes={"ResourceId": str(made["id"])})


async def find_resource(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    api = {"restApiId": wanted.properties["RestApiId"], "limit": 500}
    found = await pages(actor, SERVICE, "GetResources", api, items="items", cursor="position")
    place = (wanted.properties["ParentId"], wanted.properties["PathPart"])
    return tuple(str(one["id"]) for one in found if (one.get("parentId"), one.get("pathPart")) == place)


async def delete_resource(actor: Actor, old: ResourceRecord) -> None:
    params = {"restApiId": old.properties["RestApiId"], "resourceId": old.physical_id}
    await gone(actor, SERVICE, "DeleteResource", params)


async def create_method(actor: Actor, wanted: Wanted) -> Made:
    """A method with its responses, integration and the integration's responses."""
    properties = dict(wanted.properties)
    integration = dict(properties.pop("Integration", {}))
    responses = properties.pop("MethodResponses", [])
    params = fit(SERVICE, "PutMethod", {"AuthorizationType": "NONE", **properties})
    place = {name: params[name] for name in ("restApiId", "resourceId", "httpMethod")}
    await actor.do(SERVICE, "PutMethod", params)
    try:
        for response in responses:
            await actor.do(SERVICE, "PutMethodResponse", fit(SERVICE, "PutMethodResponse", {**place, **response}))
        if integration:
            rows = integration.pop("IntegrationResponses", [])
            if "IntegrationHttpMethod" in integration:
                integration["integrationHttpMethod"] = integration.pop("IntegrationHttpMethod")
            await actor.do(SERVICE, "PutIntegration", fit(SERVICE, "PutIntegration", {**place, **integration}))
            for row in rows:
                await actor.do(
                    SERVICE, "PutIntegrationResponse", fit(SERVICE, "PutIntegrationResponse", {**place, **row})
                )
    except BaseException:
        await gone(actor, SERVICE, "DeleteMethod", place)
        raise
    return Made(physical_id="/".join(place.values()))


async def find_method(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    place = {
        "restApiId": str(wanted.properties["RestApiId"]),
        "resourceId": str(wanted.properties["ResourceId"]),
        "httpMethod": str(wanted.properties["HttpMethod"]),
    }
    return ("/".join(place.values()),) if await exists(actor, SERVICE, "GetMethod", place) else ()


async def delete_method(actor: Actor, old: ResourceRecord) -> None:
    api_id, resource_id, verb = old.physical_id.split("/")
    params = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": verb}
    await gone(actor, SERVICE, "DeleteMethod", params)


async def create_authorizer(actor: Actor, wanted: Wanted) -> Made:
    made = await actor.do(SERVICE, "CreateAuthorizer", fit(SERVICE, "CreateAuthorizer", wanted.properties))
    return Made(physical_id=str(made["id"]), attributes={"AuthorizerId": str(made["id"])})


AUTHORIZER_DEFAULTS: Final[Mapping[str, Any]] = {"authorizerResultTtlInSeconds": 300}
REMOVABLE: Final = ("authorizerCredentials", "identityValidationExpression")


async def update_authorizer(actor: Actor, wanted: Wanted, old: ResourceRecord) -> Made | None:
    """In place, so that methods keep theirs; unless it moves to another API or loses a part that cannot be taken away.

    Source: https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateAuthorizer.html
    """
    new, before = (fit(SERVICE, "CreateAuthorizer", one.properties) for one in (wanted, old))
    lost = set(before) - set(new)
    if new["restApiId"] != before["restApiId"] or not lost <= {*AUTHORIZER_DEFAULTS, *REMOVABLE, "authType"}:
        return None
    given = {name: one for name, one in AUTHORIZER_DEFAULTS.items() if name in lost} | new
    arns, present = given.pop("providerARNs", []), before.get("providerARNs", [])
    patches = [{"op": "remove", "path": f"/{name}"} for name in REMOVABLE if name in lost]
    patches += [
        {"op": "replace", "path": f"/{name}", "value": patch_value(one)}
        for name, one in given.items()
        if name != "restApiId" and one != before.get(name)
    ]
    patches += [{"op": "add", "path": "/providerARNs", "value": one} for one in arns if one not in present]
    patches += [{"op": "remove", "path": "/providerARNs", "value": one} for one in present if one not in arns]
    if patches:
        params = {"restApiId": new["restApiId"], "authorizerId": old.physical_id, "patchOperations": patches}
        await actor.do(SERVICE, "UpdateAuthorizer", params)
    return Made(physical_id=old.physical_id, attributes=old.attributes)


async def find_authorizer(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    api = {"restApiId": wanted.properties["RestApiId"], "limit": 500}
    found = await pages(actor, SERVICE, "GetAuthorizers", api, items="items", cursor="position")
    return tuple(str(one["id"]) for one in found if one.get("name") == wanted.properties.get("Name"))


async def delete_authorizer(actor: Actor, old: ResourceRecord) -> None:
    params = {"restApiId": old.properties["RestApiId"], "authorizerId": old.physical_id}
    await gone(actor, SERVICE, "DeleteAuthorizer", params)


async def put_gateway_response(actor: Actor, wanted: Wanted) -> Made:
    params = fit(SERVICE, "PutGatewayResponse", wanted.properties)
    await actor.do(SERVICE, "PutGatewayResponse", params)
    return Made(physical_id=f"{params['restApiId']}/{params['responseType']}")


async def update_gateway_response(actor: Actor, wanted: Wanted, old: ResourceRecord) -> Made | None:
    """In place, unless it is another type's or API's."""
    if any(wanted.properties.get(name) != old.properties.get(name) for name in ("RestApiId", "ResponseType")):
        return None
    return await put_gateway_response(actor, wanted)


async def find_gateway_response(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    """The response, if it is not the default one."""
    place = {"restApiId": str(wanted.properties["RestApiId"]), "responseType": str(wanted.properties["ResponseType"])}
    found = await there(actor, SERVICE, "GetGatewayResponse", place)
    return () if found is None or found.get("defaultResponse", True) else ("/".join(place.values()),)


async def delete_gateway_response(actor: Actor, old: ResourceRecord) -> None:
    api_id, response_type = old.physical_id.split("/")
    await gone(actor, SERVICE, "DeleteGatewayResponse", {"restApiId": api_id, "responseType": response_type})


async def create_model(actor: Actor, wanted: Wanted) -> Made:
    given = {"Name": wanted.logical_id, "ContentType": "application/json", **wanted.properties}
    made = await actor.do(SERVICE, "CreateModel", fit(SERVICE, "CreateModel", given))
    return Made(physical_id=str(made["name"]))


async def find_model(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    name = str(wanted.properties.get("Name", wanted.logical_id))
    place = {"restApiId": wanted.properties["RestApiId"], "modelName": name}
    return (name,) if await exists(actor, SERVICE, "GetModel", place) else ()


async def delete_model(actor: Actor, old: ResourceRecord) -> None:
    params = {"restApiId": old.properties["RestApiId"], "modelName": old.physical_id}
    await gone(actor, SERVICE, "DeleteModel", params)


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::ApiGateway::RestApi": ResourceType(
        reads=names(
            "Name Description Body Policy EndpointConfiguration BinaryMediaTypes ApiKeySourceType Parameters Tags"
        )
        | names("DisableExecuteApiEndpoint MinimumCompressionSize FailOnWarnings Mode"),
        create=create_api,
        update=update_api,
        delete=delete_api,
        find=find_api,
    ),
    "AWS::ApiGateway::Resource": ResourceType(
        reads=names("RestApiId ParentId PathPart"), create=create_resource, delete=delete_resource, find=find_resource
    ),
    "AWS::ApiGateway::Method": ResourceType(
        reads=names("RestApiId ResourceId HttpMethod AuthorizationType AuthorizerId AuthorizationScopes ApiKeyRequired")
        | names("OperationName RequestParameters RequestModels RequestValidatorId Integration MethodResponses"),
        create=create_method,
        delete=delete_method,
        find=find_method,
    ),
    "AWS::ApiGateway::Authorizer": ResourceType(
        reads=names("RestApiId Name Type AuthorizerUri AuthorizerCredentials IdentitySource ProviderARNs AuthType")
        | names("IdentityValidationExpression AuthorizerResultTtlInSeconds"),
        create=create_authorizer,
        update=update_authorizer,
        delete=delete_authorizer,
        find=find_authorizer,
    ),
    "AWS::ApiGateway::GatewayResponse": ResourceType(
        reads=names("RestApiId ResponseType StatusCode ResponseParameters ResponseTemplates"),
        create=put_gateway_response,
        update=update_gateway_response,
        delete=delete_gateway_response,
        find=find_gateway_response,
    ),
    "AWS::ApiGateway::Model": ResourceType(
        reads=names("RestApiId Name Description Schema ContentType"),
        create=create_model,
        delete=delete_model,
        find=find_model,
    ),
    **apigateway_stages.TYPES,
}
