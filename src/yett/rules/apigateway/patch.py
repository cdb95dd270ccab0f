"""JSON patch as API Gateway speaks it: values are strings, and each resource has its own table of paths.

A patch is applied to the resource's members as AWS spells them; whoever asked parses the result as if it had been put
whole, so that a patch can make nothing that a put may not.

Source: https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html
"""

import copy
import re
from collections.abc import Iterable, Mapping
from enum import Enum, auto
from typing import Any, Final

from msgspec import Struct

from yett.rules.apigateway.errors import BadRequest, NotFound, NotOffered
from yett.rules.apigateway.limits import PATCH_OPERATIONS

OPERATIONS: Final = ("add", "remove", "replace", "move", "copy", "test")
WHOLE_NUMBER: Final = re.compile(r"-?[0-9]{1,10}")


class Holds(Enum):
    """What a path leads to."""

    TEXT = auto()
    BOOLEAN = auto()
    NUMBER = auto()
    MAP = auto()  # of texts; the path's last part is the key
    BOOLEAN_MAP = auto()
    SET = auto()  # the path's last part is the entry: add, remove, or replace it with the value
    LIST = auto()  # the value is the entry; replace takes several, with commas between
    REFUSED = auto()  # AWS has it; not offered


class Rule(Struct, frozen=True):
    """One row of a resource's table."""

    holds: Holds
    operations: frozenset[str]
    feature: str = ""  # REFUSED only: what is not offered


def row(holds: Holds, *operations: str) -> Rule:
    """A row that takes these operations."""
    return Rule(holds, frozenset(operations))


def refused(feature: str) -> Rule:
    """A row for what AWS has and yett does not."""
    return Rule(Holds.REFUSED, frozenset(OPERATIONS), feature)


PatchTable = Mapping[str, Rule]  # "/name" or, for what has keys, "/variables/{key}"


class PatchOperation(Struct, frozen=True, kw_only=True):
    """One operation; the path unescaped."""

    op: str
    path: str  # as given
    parts: tuple[str, ...]
    value: str | None = None


def parse_operations(operations: Iterable[Mapping[str, Any]]) -> tuple[PatchOperation, ...]:
    """The operations of a request.

    Raises:
        BadRequest: One has no path, or an operation that none has.
    """
    parsed = []
    for operation in operations:
        path, op, value = operation.get("path"), operation.get("op"), operation.get("value")
        if not path or not path.startswith("/"):
            raise BadRequest(f"Invalid patch path {path or 'null'}")
        if op not in OPERATIONS:
            raise BadRequest(f"Invalid patch operation specified. Must be one of: [{', '.join(OPERATIONS)}]")
        parts = tuple(part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/"))
        parsed.append(PatchOperation(op=op, path=path, parts=parts, value=value))
    if len(parsed) > PATCH_OPERATIONS:
        raise BadRequest(f"a patch has {PATCH_OPERATIONS} operations at most")
    return tuple(parsed)


def patch(document: Mapping[str, Any], operations: Iterable[PatchOperation], table: PatchTable) -> dict[str, Any]:
    """The document after all the operations, in order; the one given stays as it was.

    Raises:
        BadRequest: A path or operation that the table has not, or a value that does not fit.
        NotFound: A key is to be removed or replaced that is not there.
        NotOffered: The path belongs to something that yett does not enforce.
    """
    patched: dict[str, Any] = copy.deepcopy(dict(document))
    for operation in operations:
        apply(patched, operation, find_rule(operation, table))
    return patched


def find_rule(operation: PatchOperation, table: PatchTable) -> Rule:
    """The row for an operation."""
    whole = "/" + "/".join(operation.parts)
    rule = table.get(whole)
    if rule is None and len(operation.parts) >= 2:
        rule = table.get("/" + "/".join(operation.parts[:-1]) + "/{key}")
    if rule is None:
        rule = table.get(f"/{operation.parts[0]}/{{any}}")
    if rule is not None and rule.holds is Holds.REFUSED:
        raise NotOffered(rule.feature, where=operation.path)
    if rule is None or operation.op not in rule.operations:
        able = [path.removesuffix("/{key}") for path, other in table.items() if operation.op in other.operations]
        # OBSERVED: two spaces (spec 08, no. 27).
        raise BadRequest(
            f"Invalid patch path  '{operation.path}' specified for op '{operation.op}'. "
            f"Must be one of: [{', '.join(able)}]"
        )
    return rule


def apply(document: dict[str, Any], operation: PatchOperation, rule: Rule) -> None:
    """Do one operation to the document."""
    match rule.holds:
        case Holds.MAP | Holds.BOOLEAN_MAP:
            apply_to_map(inner(document, operation.parts[:-1], {}), operation, rule)
        case Holds.SET:
            apply_to_set(inner(document, operation.parts[:-1], []), operation, entry=operation.parts[-1])
        case Holds.LIST:
            apply_to_list(inner(document, operation.parts, []), operation)
        case _:
            holder, name = inner(document, operation.parts[:-1], {}), operation.parts[-1]
            if operation.op == "remove":
                holder.pop(name, None)
            else:
                holder[name] = parse_value(operation, rule.holds)


def inner(document: dict[str, Any], parts: tuple[str, ...], empty: Any) -> Any:
    """The part of the document at the path, made if it is not there."""
    for index, part in enumerate(parts):
        document = document.setdefault(part, copy.copy(empty) if index == len(parts) - 1 else {})
    return document


def parse_value(operation: PatchOperation, holds: Holds) -> str | bool | int | None:
    """The value that an operation gives."""
    value = operation.value
    if holds in (Holds.BOOLEAN, Holds.BOOLEAN_MAP):
        # OBSERVED: what is no boolean counts as false (spec 08, no. 27).
        return (value or "").lower() == "true"
    if holds is Holds.NUMBER:
        if value is None or not WHOLE_NUMBER.fullmatch(value):
            raise BadRequest(f"Invalid number specified for {operation.path}: {value}")
        return int(value)
    return value


def apply_to_map(entries: dict[str, Any], operation: PatchOperation, rule: Rule) -> None:
    """Add, replace or remove an entry."""
    name = operation.parts[-1]
    if operation.op != "add" and name not in entries:
        # OBSERVED for gateway responses (spec 08, no. 29).
        raise NotFound("Invalid parameter name specified")
    if operation.op == "remove":
        del entries[name]
        return
    value = parse_value(operation, rule.holds)
    if value is None:
        raise BadRequest(f"Invalid null or empty value in {operation.parts[0]}")
    entries[name] = value


def apply_to_set(entries: list[str], operation: PatchOperation, *, entry: str) -> None:
    """Add an entry, or remove or replace the one that the path names."""
    if operation.op == "add":
        if entry not in entries:
            entries.append(entry)
        return
    if entry not in entries:
        raise NotFound("Invalid parameter name specified")
    entries.remove(entry)
    if operation.op == "replace" and operation.value and operation.value not in entries:
        entries.append(operation.value)


def apply_to_list(entries: list[str], operation: PatchOperation) -> None:
    """Add or remove the value, or replace all."""
    value = operation.value or ""
    match operation.op:
        case "add" if value and value not in entries:
            entries.append(value)
        case "remove" if value in entries:
            entries.remove(value)
        case "remove":
            raise NotFound("Invalid parameter name specified")
        case "replace":
            entries[:] = [part.strip() for part in value.split(",") if part.strip()]
        case _:
            pass


# -- the tables, a resource each; the order is that in which a refusal names them

API: Final[PatchTable] = {
    "/name": row(Holds.TEXT, "replace"),
    "/description": row(Holds.TEXT, "replace"),
    "/version": row(Holds.TEXT, "replace"),
    "/policy": row(Holds.TEXT, "replace", "remove"),
    "/apiKeySource": row(Holds.TEXT, "replace"),
    "/minimumCompressionSize": row(Holds.NUMBER, "replace", "remove"),
    "/disableExecuteApiEndpoint": row(Holds.BOOLEAN, "replace"),
    "/binaryMediaTypes/{key}": row(Holds.SET, "add", "remove", "replace"),
    "/endpointConfiguration/types/{key}": row(Holds.SET, "add", "remove", "replace"),
    "/endpointConfiguration/types": row(Holds.LIST, "replace"),
    "/endpointConfiguration/ipAddressType": row(Holds.TEXT, "replace"),
    "/endpointConfiguration/vpcEndpointIds": refused("VPC endpoints of private APIs"),
    "/securityPolicy": refused("TLS security policies"),
    "/endpointAccessMode": refused("endpoint access modes"),
}
RESOURCE: Final[PatchTable] = {"/pathPart": row(Holds.TEXT, "replace"), "/parentId": row(Holds.TEXT, "replace")}
METHOD: Final[PatchTable] = {
    "/authorizationType": row(Holds.TEXT, "replace"),
    "/authorizerId": row(Holds.TEXT, "replace", "remove"),
    "/authorizationScopes": row(Holds.LIST, "add", "remove", "replace"),
    "/apiKeyRequired": row(Holds.BOOLEAN, "replace"),
    "/operationName": row(Holds.TEXT, "replace"),
    "/requestParameters/{key}": row(Holds.BOOLEAN_MAP, "add", "remove", "replace"),
    "/requestModels/{key}": row(Holds.MAP, "add", "remove", "replace"),
    "/requestValidatorId": refused("request validators"),
}
METHOD_RESPONSE: Final[PatchTable] = {
    "/responseParameters/{key}": row(Holds.BOOLEAN_MAP, "add", "remove", "replace"),
    "/responseModels/{key}": row(Holds.MAP, "add", "remove", "replace"),
}
INTEGRATION: Final[PatchTable] = {
    "/uri": row(Holds.TEXT, "replace"),
    "/httpMethod": row(Holds.TEXT, "replace"),
    "/credentials": row(Holds.TEXT, "replace", "remove"),
    "/passthroughBehavior": row(Holds.TEXT, "replace"),
    "/contentHandling": row(Holds.TEXT, "replace", "remove"),
    "/timeoutInMillis": row(Holds.NUMBER, "replace"),
    "/requestParameters/{key}": row(Holds.MAP, "add", "remove", "replace"),
    "/requestTemplates/{key}": row(Holds.MAP, "add", "remove", "replace"),
    "/cacheNamespace": row(Holds.TEXT, "replace"),
    "/cacheKeyParameters/{key}": row(Holds.SET, "add", "remove", "replace"),
    "/connectionType": row(Holds.TEXT, "replace"),
    "/connectionId": refused("VPC links"),
    "/tlsConfig/{any}": refused("TLS settings of integrations"),
    "/responseTransferMode": refused("response streaming"),
    "/integrationTarget": refused("integration targets"),
}
INTEGRATION_RESPONSE: Final[PatchTable] = {
    "/selectionPattern": row(Holds.TEXT, "replace", "remove"),
    "/contentHandling": row(Holds.TEXT, "replace", "remove"),
    "/responseParameters/{key}": row(Holds.MAP, "add", "remove", "replace"),
    "/responseTemplates/{key}": row(Holds.MAP, "add", "remove", "replace"),
}
AUTHORIZER: Final[PatchTable] = {
    "/name": row(Holds.TEXT, "replace"),
    "/type": row(Holds.TEXT, "replace"),
    "/authType": row(Holds.TEXT, "replace"),
    "/authorizerUri": row(Holds.TEXT, "replace"),
    "/authorizerCredentials": row(Holds.TEXT, "replace", "remove"),
    "/authorizerResultTtlInSeconds": row(Holds.NUMBER, "replace"),
    "/identitySource": row(Holds.TEXT, "replace"),
    "/identityValidationExpression": row(Holds.TEXT, "replace", "remove"),
    "/providerARNs": row(Holds.LIST, "add", "remove", "replace"),
    "/jwtConfiguration/{any}": refused("JWT authorizers of REST APIs"),
}
GATEWAY_RESPONSE: Final[PatchTable] = {
    "/statusCode": row(Holds.TEXT, "replace"),
    "/responseParameters/{key}": row(Holds.MAP, "add", "remove", "replace"),
    "/responseTemplates/{key}": row(Holds.MAP, "add", "remove", "replace"),
}
DEPLOYMENT: Final[PatchTable] = {"/description": row(Holds.TEXT, "replace")}
MODEL: Final[PatchTable] = {
    "/description": row(Holds.TEXT, "replace"),
    "/schema": row(Holds.TEXT, "replace"),
}
ACCOUNT: Final[PatchTable] = {"/cloudwatchRoleArn": row(Holds.TEXT, "replace", "remove")}
