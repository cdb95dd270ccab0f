"""OpenAPI 2.0 and 3.0 bodies with API Gateway's extensions: a document becomes a REST API.

What bears on access and is not enforced is refused by its name and JSON pointer; a root-level ``security`` is ignored,
as AWS ignores it for REST APIs, with a warning in the answer.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
"""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import yaml

from yett.rules.apigateway.errors import BadRequest, NotOffered
from yett.rules.apigateway.gateway_response import parse_gateway_response, parse_response_type
from yett.rules.apigateway.limits import OPENAPI_BYTES, OPENAPI_NODES
from yett.rules.apigateway.openapi_node import Node, at, escaped, mapping
from yett.rules.apigateway.openapi_paths import Importing, import_paths
from yett.rules.apigateway.openapi_security import import_authorizers, security_schemes
from yett.rules.apigateway.openapi_vocabulary import ENDPOINT_MEMBERS, PREFIX, ROOT, refuse_unknown
from yett.rules.apigateway.resource_policy import parse_resource_policy
from yett.rules.apigateway.rest_api import GatewayResponse, Model, RestApi
from yett.values.bounded_yaml import BoundedLoader


def parse_body(body: bytes) -> Node:
    """The document that the bytes spell, in JSON or YAML.

    Raises:
        BadRequest: It is neither, too large, or no OpenAPI 2.0 or 3.0.
    """
    if len(body) > OPENAPI_BYTES:
        raise BadRequest(f"an OpenAPI body has {OPENAPI_BYTES} bytes at most")
    try:
        document = json.loads(body)
    except ValueError:
        try:
            document = yaml.load(body, BoundedLoader)  # noqa: S506 - a SafeLoader with bounds
        except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
            raise BadRequest("Invalid OpenAPI input.") from error
    except RecursionError as error:
        raise BadRequest("Invalid OpenAPI input.") from error
    if not isinstance(document, dict):
        raise BadRequest("Invalid OpenAPI input.")
    count_nodes(document)
    if str(document.get("swagger")) != "2.0" and not str(document.get("openapi", "")).startswith("3.0"):
        raise BadRequest("Invalid OpenAPI input. Supported versions are 2.0 and 3.0")
    return document


def count_nodes(document: object) -> None:
    """Refuse a document that is endless once its YAML aliases are followed."""
    waiting, seen = [document], 0
    while waiting:
        node = waiting.pop()
        seen += 1
        if seen > OPENAPI_NODES:
            raise BadRequest(f"an OpenAPI body has {OPENAPI_NODES} values at most")
        if isinstance(node, dict):
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def import_api(document: Node, api: RestApi, *, merge: bool, partition: str, ids: Iterator[str]) -> RestApi:
    """The API as the document defines it.

    *api* is what there is (for an import: a new, empty one). With *merge* the document's methods, authorizers and
    settings are laid over it, without they replace it; ids of paths and of authorizers by name are kept. *ids* gives
    fresh identifiers, six characters each.

    Raises:
        BadRequest: With the JSON pointer of the part at fault.
        NotOffered: Likewise, naming what is not offered.
    """
    refuse_unknown(document, ROOT, "#")
    schemes = security_schemes(document)
    authorizers = import_authorizers(schemes, api, merge=merge, ids=ids)
    resources = import_paths(Importing(document, authorizers, schemes), api, merge=merge, ids=ids)
    info = mapping(document.get("info"), "#/info")
    return msgspec.structs.replace(
        api,
        name=str(info.get("title") or api.name),
        description=str(info["description"]) if info.get("description") else (api.description if merge else None),
        version=str(info["version"]) if info.get("version") else api.version,
        warnings=warnings(document),
        resources=resources,
        authorizers=authorizers,
        policy=import_policy(document, api, merge=merge, partition=partition),
        gateway_responses=import_gateway_responses(document, api, merge=merge),
        models=import_models(document, api, merge=merge, ids=ids),
        **import_settings(document, merge=merge),
    )


def warnings(document: Node) -> tuple[str, ...]:
    """What the client should know about its document."""
    if document.get("security"):
        return ("`security` at the root is ignored for REST APIs: it must stand at each operation (`#/security`)",)
    return ()


# -- settings of the whole API


def import_settings(document: Node, *, merge: bool) -> dict[str, Any]:
    """Binary media types, compression, API key source and the default endpoint."""
    settings: dict[str, Any] = {}
    binary = document.get(f"{PREFIX}binary-media-types")
    if binary is not None or not merge:
        settings["binary_media_types"] = tuple(str(one) for one in binary or ())
    if (source := document.get(f"{PREFIX}api-key-source")) is not None:
        if source not in ("HEADER", "AUTHORIZER"):
            raise BadRequest(f"Invalid API key source specified (at `#/{PREFIX}api-key-source`)")
        settings["api_key_source"] = source
    if (size := document.get(f"{PREFIX}minimum-compression-size")) is not None:
        settings["minimum_compression_size"] = int(size)
    name = f"{PREFIX}endpoint-configuration"
    places = [("#", document)]
    places += [(f"#/servers/{index}", server) for index, server in enumerate(document.get("servers") or ())]
    for pointer, place in places:
        endpoint = mapping(place.get(name), f"{pointer}/{name}")
        refuse_unknown(endpoint, ENDPOINT_MEMBERS, f"{pointer}/{name}", closed=True)
        if endpoint.get("vpcEndpointIds"):
            raise NotOffered("VPC endpoints of private APIs", where=f"{pointer}/{name}/vpcEndpointIds")
        if "disableExecuteApiEndpoint" in endpoint:
            settings["disable_execute_api_endpoint"] = endpoint["disableExecuteApiEndpoint"] in (True, "true")
    return settings


def import_policy(document: Node, api: RestApi, *, merge: bool, partition: str) -> str | None:
    """The resource policy."""
    policy = document.get(f"{PREFIX}policy")
    if policy is None:
        return api.policy if merge else None
    text = policy if isinstance(policy, str) else json.dumps(policy)
    with at(f"#/{PREFIX}policy"):
        return parse_resource_policy(text, partition=partition, region=api.region, account=api.account, api_id=api.id)


def import_gateway_responses(document: Node, api: RestApi, *, merge: bool) -> dict[str, GatewayResponse]:
    """Customized gateway responses."""
    responses = dict(api.gateway_responses) if merge else {}
    name = f"{PREFIX}gateway-responses"
    for response_type, response in mapping(document.get(name), f"#/{name}").items():
        pointer = f"#/{name}/{escaped(response_type)}"
        with at(pointer):
            parsed = parse_gateway_response(parse_response_type(response_type), mapping(response, pointer))
        responses[response_type] = parsed
    return responses


def import_models(document: Node, api: RestApi, *, merge: bool, ids: Iterator[str]) -> dict[str, Model]:
    """Schemas; nothing asks for them while validators are not offered."""
    models = dict(api.models) if merge else {}
    schemas = mapping(document.get("definitions"), "#/definitions")
    if not schemas:
        schemas = mapping(mapping(document.get("components"), "#/components").get("schemas"), "#/components/schemas")
    for name, schema in schemas.items():
        text = json.dumps(schema, default=str)
        models[name] = Model(id=next(ids), name=name, schema=text, content_type="application/json")
    return models
