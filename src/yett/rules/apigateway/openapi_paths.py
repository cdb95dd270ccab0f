"""Paths of an OpenAPI document: resources, methods and their integrations.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from yett.rules.apigateway.errors import BadRequest
from yett.rules.apigateway.integration import parse_integration, parse_integration_response
from yett.rules.apigateway.method import parse_method, parse_method_response
from yett.rules.apigateway.openapi_node import Node, at, escaped, mapping, resolve
from yett.rules.apigateway.openapi_security import Schemes, authorization
from yett.rules.apigateway.openapi_vocabulary import (
    ANY_METHOD,
    INTEGRATION_MEMBERS,
    INTEGRATION_RESPONSE_MEMBERS,
    OPERATION,
    PATH_ITEM,
    PREFIX,
    VERBS,
    refuse_unknown,
)
from yett.rules.apigateway.resource_path import add_child, descendants
from yett.rules.apigateway.rest_api import Authorizer, Integration, Method, Resource, RestApi
from yett.rules.execute_api.deployment import IntegrationType

PARAMETER_PLACES: Final = {"path": "path", "query": "querystring", "header": "header"}


class Importing(Struct, frozen=True):
    """The document, and what was read of it before its paths."""

    document: Node
    authorizers: Mapping[str, Authorizer]
    schemes: Schemes


def import_paths(importing: Importing, api: RestApi, *, merge: bool, ids: Iterator[str]) -> dict[str, Resource]:
    """The tree of resources. Paths without methods of their own are made on the way."""
    known = {resource.path: resource for resource in api.resources.values()}
    root = api.resources[api.root_resource_id]
    resources = dict(api.resources) if merge else {root.id: msgspec.structs.replace(root, resource_methods={})}
    for path, item in mapping(importing.document.get("paths"), "#/paths").items():
        pointer = f"#/paths/{escaped(path)}"
        if path.startswith("x-"):
            continue
        refuse_unknown(mapping(item, pointer), PATH_ITEM, pointer)
        with at(pointer):
            resource = find_or_add(resources, path, root_id=root.id, known=known, ids=ids)
        methods = dict(resource.resource_methods)
        for verb, operation in mapping(item, pointer).items():
            http_method = "ANY" if verb == ANY_METHOD else verb.upper()
            if verb != ANY_METHOD and verb not in VERBS:
                continue
            where = f"{pointer}/{verb}"
            methods[http_method] = import_operation(
                importing,
                item,
                mapping(operation, where),
                http_method=http_method,
                resource_id=resource.id,
                pointer=where,
            )
        resources[resource.id] = msgspec.structs.replace(resource, resource_methods=methods)
    if not merge:
        drop_what_lost_its_parent(resources, root.id)
    return resources


def find_or_add(
    resources: dict[str, Resource], path: str, *, root_id: str, known: Mapping[str, Resource], ids: Iterator[str]
) -> Resource:
    """The resource of the path, made with its parents if need be."""
    if not path.startswith("/"):
        raise BadRequest(f"Errors found during import: a path begins with a slash, unlike `{path}`")
    resource = resources[root_id]
    for part in [part for part in path.split("/") if part]:
        child = next(
            (one for one in resources.values() if one.parent_id == resource.id and one.path_part == part), None
        )
        if child is None:
            old = known.get(f"{resource.path.rstrip('/')}/{part}")
            child = add_child(resources, id=old.id if old else next(ids), parent_id=resource.id, path_part=part)
            resources[child.id] = child
        resource = child
    return resource


def drop_what_lost_its_parent(resources: dict[str, Resource], root_id: str) -> None:
    """Keep what hangs on the root."""
    kept = set(descendants(resources, root_id))
    for lost in [one for one in resources if one not in kept]:
        del resources[lost]


def import_operation(
    importing: Importing, item: Node, operation: Node, *, http_method: str, resource_id: str, pointer: str
) -> Method:
    """A method with its responses and integration."""
    refuse_unknown(operation, OPERATION, pointer)
    members = authorization(operation, importing.schemes, importing.authorizers, pointer) | {
        "operationName": operation.get("operationId"),
        "requestParameters": request_parameters(importing.document, item, operation, pointer),
    }
    with at(pointer):
        method = parse_method(http_method, members, authorizers=importing.authorizers)
    responses = {}
    for status, response in mapping(operation.get("responses"), f"{pointer}/responses").items():
        if str(status) == "default":
            continue
        where = f"{pointer}/responses/{status}"
        headers = mapping(resolve(importing.document, response, where).get("headers"), f"{where}/headers")
        with at(where):
            responses[str(status)] = parse_method_response(
                str(status), {"responseParameters": {f"method.response.header.{name}": False for name in headers}}
            )
    extension = operation.get(f"{PREFIX}integration")
    where = f"{pointer}/{PREFIX}integration"
    integration = None if extension is None else import_integration(mapping(extension, where), resource_id, where)
    return msgspec.structs.replace(method, method_responses=responses, method_integration=integration)


def request_parameters(document: Node, item: Node, operation: Node, pointer: str) -> dict[str, bool]:
    """The declared parameters, those of the path item first."""
    found = {}
    for holder in (item, operation):
        for index, given in enumerate(holder.get("parameters") or ()):
            parameter = resolve(document, given, f"{pointer}/parameters/{index}")
            place = PARAMETER_PLACES.get(str(parameter.get("in")))
            if place is not None:
                found[f"method.request.{place}.{parameter.get('name')}"] = parameter.get("required") is True
    return found


def import_integration(extension: Node, resource_id: str, pointer: str) -> Integration:
    """An ``x-amazon-apigateway-integration``; its responses are keyed by selection pattern, ``default`` for none."""
    refuse_unknown(extension, INTEGRATION_MEMBERS, pointer, closed=True)
    with at(pointer):
        integration = parse_integration(
            {**extension, "type": str(extension.get("type") or "").upper(), **upper(extension)}, resource_id=resource_id
        )
    rows = {}
    for pattern, given in mapping(extension.get("responses"), f"{pointer}/responses").items():
        where = f"{pointer}/responses/{escaped(str(pattern))}"
        response = mapping(given, where)
        refuse_unknown(response, INTEGRATION_RESPONSE_MEMBERS, where, closed=True)
        status = str(response.get("statusCode") or "")
        members = {**response, **upper(response), "selectionPattern": None if pattern == "default" else str(pattern)}
        with at(where):
            if status in rows:
                raise BadRequest(f"two responses of an integration have the status {status}")
            rows[status] = parse_integration_response(status, members, mock=integration.type == IntegrationType.MOCK)
    return msgspec.structs.replace(integration, integration_responses=rows)


def upper(members: Node) -> dict[str, Any]:
    """The members whose values the extension spells in lower case, as the API spells them."""
    names = ("passthroughBehavior", "contentHandling", "connectionType", "httpMethod", "responseTransferMode")
    return {name: str(members[name]).upper() for name in names if members.get(name)}
