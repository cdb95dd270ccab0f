"""The condition keys of API Gateway's operations: what a request asks for, and what there is already.

An import gives what its document defines: of methods and authorizers, as many values as they have. A document that
cannot be imported gives none, and is refused by the operation.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from yett.rules.apigateway.errors import ApiRefused
from yett.rules.apigateway.openapi import import_api, parse_body
from yett.rules.apigateway.patch import API, AUTHORIZER, METHOD, PatchTable, parse_operations, patch
from yett.rules.apigateway.rest_api import Authorizer, Method, RestApi, Stage
from yett.rules.apigateway.stage import TABLE as STAGE
from yett.services.apigateway.editing import Params, part_ids
from yett.services.apigateway.openapi import read_bytes, settings_of
from yett.services.apigateway.rest_apis import new_api
from yett.services.apigateway.tags import find_tagged, tag_keys
from yett.services.call import PARTITION, Call
from yett.services.permissions.row import render_value, value_at, values_at

Keys = dict[str, tuple[str, ...]]

# Operation -> key -> the input member that has its value.
REQUESTED: Final[Mapping[str, Mapping[str, str]]] = {
    "CreateRestApi": {
        "ApiName": "name",
        "DisableExecuteApiEndpoint": "disableExecuteApiEndpoint",
        "EndpointType": "endpointConfiguration.types",
    },
    "CreateAuthorizer": {"AuthorizerType": "type", "AuthorizerUri": "authorizerUri"},
    "CreateDeployment": {"StageName": "stageName"},
    "PutMethod": {"ApiKeyRequired": "apiKeyRequired", "RouteAuthorizationType": "authorizationType"},
}
# Operation -> the beginning of a patch's path -> the key that its value is of.
PATCHED: Final[Mapping[str, Mapping[str, str]]] = {
    "UpdateRestApi": {
        "/name": "ApiName",
        "/disableExecuteApiEndpoint": "DisableExecuteApiEndpoint",
        "/endpointConfiguration/types": "EndpointType",
    },
    "UpdateAuthorizer": {"/type": "AuthorizerType", "/authorizerUri": "AuthorizerUri"},
    "UpdateMethod": {"/apiKeyRequired": "ApiKeyRequired", "/authorizationType": "RouteAuthorizationType"},
    "UpdateStage": {
        "/accessLogSettings/destinationArn": "AccessLoggingDestination",
        "/accessLogSettings/format": "AccessLoggingFormat",
    },
}
TABLES: Final[Mapping[str, PatchTable]] = {
    "UpdateRestApi": API,
    "UpdateAuthorizer": AUTHORIZER,
    "UpdateMethod": METHOD,
    "UpdateStage": STAGE,
}
# What is kept where a patch leaves nothing.
DEFAULTS: Final = {"/endpointConfiguration/types": ("EDGE",), "/authorizationType": ("NONE",)}
# What a request that leaves the member out, or empty, asks for.
UNSAID: Final[Mapping[str, Mapping[str, str]]] = {
    "CreateRestApi": {"DisableExecuteApiEndpoint": "false", "EndpointType": "EDGE"},
    "PutMethod": {"ApiKeyRequired": "false", "RouteAuthorizationType": "NONE"},
}


async def resource_keys(call: Call, params: Params) -> Mapping[str, tuple[str, ...]]:
    """The condition keys of a call: those of tags, of its request, and of what it changes or deletes."""
    api, stage = await find_tagged(call, params)
    return {
        **tag_keys(api, stage),
        **prefixed("Request", requested(call, params, api)),
        **prefixed("Resource", present(call.operation, params, api, stage)),
    }


def prefixed(side: str, keys: Mapping[str, Iterable[str]]) -> Keys:
    """The keys as policies spell them. A value that several things share stands once."""
    return {f"apigateway:{side}/{key}": tuple(dict.fromkeys(values)) for key, values in keys.items()}


def requested(call: Call, params: Params, api: RestApi | None) -> Keys:
    """What the request asks for."""
    if "body" in params and call.operation in {"ImportRestApi", "PutRestApi"}:
        imported = read_import(call, params, api)
        return {} if imported is None else whole(imported)
    keys: Keys = {key: (value,) for key, value in UNSAID.get(call.operation, {}).items()}
    keys |= {
        key: values
        for key, member in REQUESTED.get(call.operation, {}).items()
        if value_at(params, member) not in (None, "") and (values := values_at(params, member))
    }
    for path, key in PATCHED.get(call.operation, {}).items():
        if values := patched(call, params, path, api):
            keys[key] = values
    return keys


def patched(call: Call, params: Params, path: str, api: RestApi | None) -> tuple[str, ...]:
    """The values that will be kept at a path which a patch changes, if it does; a boolean as policies spell it."""
    types = [] if api is None else [str(each) for each in api.endpoint_configuration.types]
    try:
        operations = parse_operations(params.get("patchOperations") or ())
        touching = [each for each in operations if f"/{'/'.join(each.parts)}/".startswith(f"{path}/")]
        kept = patch({"endpointConfiguration": {"types": types}}, touching, TABLES[call.operation])
    except ApiRefused:
        return ()  # refused by the operation
    values = values_at(kept, path[1:].replace("/", ".")) if touching else ()
    return tuple(filter(None, values)) or (DEFAULTS.get(path, ()) if touching else ())


def read_import(call: Call, params: Params, api: RestApi | None) -> RestApi | None:
    """What the document of an import defines, by itself where it can stand alone; None where it cannot be imported."""
    try:
        base = new_api(call, settings_of({}, params.get("parameters") or {})) if api is None else api
        document: Mapping[str, Any] = parse_body(read_bytes(params["body"]))
    except ApiRefused:
        return None
    for merge in (False, True):
        try:
            return import_api(document, base, merge=merge, partition=PARTITION, ids=part_ids(call))
        except ApiRefused:
            continue
    return None


def present(operation: str, params: Params, api: RestApi | None, stage: Stage | None) -> Keys:
    """What there is of what the operation changes or deletes."""
    if api is None:
        return {}
    match operation:
        case "PutRestApi":
            return whole(api)
        case "UpdateRestApi" | "DeleteRestApi":
            return of_api(api)
        case "UpdateMethod" | "DeleteMethod":
            resource = api.resources.get(params["resourceId"])
            method = None if resource is None else resource.resource_methods.get(str(params["httpMethod"]))
            return {} if method is None else of_methods([method])
        case "UpdateAuthorizer" | "DeleteAuthorizer":
            authorizer = api.authorizers.get(params["authorizerId"])
            return {} if authorizer is None else of_authorizers([authorizer])
        case "UpdateStage" | "DeleteStage":
            settings = (stage.access_log_settings if stage is not None else None) or {}
            names = {"destinationArn": "AccessLoggingDestination", "format": "AccessLoggingFormat"}
            return {names[name]: (value,) for name, value in settings.items() if name in names}
        case _:
            return {}


def whole(api: RestApi) -> Keys:
    """The keys of an API with all its methods and authorizers."""
    methods = [method for resource in api.resources.values() for method in resource.resource_methods.values()]
    return of_api(api) | of_methods(methods) | of_authorizers(list(api.authorizers.values()))


def of_api(api: RestApi) -> Keys:
    """The keys of an API's settings."""
    return {
        "ApiName": (api.name,),
        "DisableExecuteApiEndpoint": (render_value(api.disable_execute_api_endpoint),),
        "EndpointType": tuple(str(each) for each in api.endpoint_configuration.types),
    }


def of_methods(methods: list[Method]) -> Keys:
    """The keys of methods."""
    if not methods:
        return {}
    return {
        "ApiKeyRequired": tuple(render_value(each.api_key_required) for each in methods),
        "RouteAuthorizationType": tuple(each.authorization_type for each in methods),
    }


def of_authorizers(authorizers: list[Authorizer]) -> Keys:
    """The keys of authorizers."""
    uris = tuple(each.authorizer_uri for each in authorizers if each.authorizer_uri is not None)
    keys: Keys = {"AuthorizerType": tuple(each.type for each in authorizers)} if authorizers else {}
    return keys | ({"AuthorizerUri": uris} if uris else {})
