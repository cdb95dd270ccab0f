"""APIs from OpenAPI bodies.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_ImportRestApi.html, .../API_PutRestApi.html
"""

from collections.abc import Mapping
from typing import Any, Final

from yett.rules.apigateway.errors import BadRequest, NotOffered
from yett.rules.apigateway.openapi import import_api, parse_body
from yett.rules.apigateway.rest_api import RestApi
from yett.services.apigateway.editing import Answer, Params, edit_api, part_ids
from yett.services.apigateway.passed_roles import check_passed_roles
from yett.services.apigateway.policy_changes import check_policy_change
from yett.services.apigateway.rest_apis import describe_api, new_api
from yett.services.call import PARTITION, Call

PARAMETERS: Final = frozenset({"endpointConfigurationTypes", "ignore", "basepath"})


async def import_rest_api(call: Call, params: Params) -> Answer:
    """Create an API from an OpenAPI body.

    Raises:
        BadRequestException: The body is none, or asks for what is not offered; with the JSON pointer of the fault.
    """
    document = parse_body(read_bytes(params["body"]))
    given: Mapping[str, str] = params.get("parameters") or {}
    check_parameters(document, given)
    api = import_api(
        document, new_api(call, settings_of(document, given)), merge=False, partition=PARTITION, ids=part_ids(call)
    )
    refuse_warnings(api, params)
    check_passed_roles(call, before=None, after=api)
    check_policy_change(call, before=None, after=api)
    await call.ports.api_store.add_api(api)
    return describe_api(api)


def settings_of(document: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """What a new API is before the document is laid over it."""
    title = (document.get("info") or {}).get("title")
    settings: dict[str, Any] = {"name": str(title or "Untitled")}
    if "endpointConfigurationTypes" in parameters:
        settings["endpointConfiguration"] = {"types": [parameters["endpointConfigurationTypes"]]}
    return settings


async def put_rest_api(call: Call, params: Params) -> Answer:
    """Lay an OpenAPI body over an API (``mode=merge``, the default) or put it in its place (``overwrite``)."""
    document = parse_body(read_bytes(params["body"]))
    check_parameters(document, params.get("parameters") or {})
    merge = (params.get("mode") or "merge") == "merge"

    def change(api: RestApi) -> RestApi:
        changed = import_api(document, api, merge=merge, partition=PARTITION, ids=part_ids(call))
        refuse_warnings(changed, params)
        return changed

    return describe_api(await edit_api(call, params["restApiId"], change))


def read_bytes(body: object) -> bytes:
    """The body, however the caller's protocol gave it."""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    raise BadRequest("Invalid OpenAPI input.")


def check_parameters(document: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
    """Refuse what an import is asked to do and would not."""
    for name in parameters:
        if name not in PARAMETERS:
            raise NotOffered(f"the import parameter `{name}`")
    base_path = parameters.get("basepath", "ignore")
    if base_path != "ignore" and has_base_path(document):
        raise NotOffered(f"the import parameter `basepath={base_path}`")


def has_base_path(document: Mapping[str, Any]) -> bool:
    """Whether a document places its paths below another: by ``basePath``, or by the URL of a server.

    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-import-api-basePath.html
    """
    if str(document.get("basePath") or "/") != "/":
        return True
    servers = document.get("servers")
    urls = [str(one.get("url", "")) for one in servers if isinstance(one, dict)] if isinstance(servers, list) else []
    paths = [url.partition("://")[2].partition("/")[2] if "://" in url else url.strip("/") for url in urls]
    return any(paths) or any("{" in url for url in urls)


def refuse_warnings(api: RestApi, params: Params) -> None:
    """Do as ``failOnWarnings`` says."""
    if params.get("failOnWarnings") and api.warnings:
        raise BadRequest(f"Warnings found during import: {'; '.join(api.warnings)}")
