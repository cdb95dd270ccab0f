"""API Gateway's extensions of OpenAPI: which are read, which change nothing, and which are not offered.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
"""

from collections.abc import Mapping
from typing import Any, Final

from yett.rules.apigateway.errors import NotOffered

PREFIX: Final = "x-amazon-apigateway-"
ANY_METHOD: Final = f"{PREFIX}any-method"
VERBS: Final = frozenset({"get", "put", "post", "delete", "patch", "options", "head"})

READ: Final = ""  # the importer reads it, or it changes nothing of who may call what

# Name -> READ, or what it asks for that is not offered.
ROOT: Final[Mapping[str, str]] = {
    f"{PREFIX}policy": READ,
    f"{PREFIX}gateway-responses": READ,
    f"{PREFIX}binary-media-types": READ,
    f"{PREFIX}endpoint-configuration": READ,
    f"{PREFIX}api-key-source": READ,
    f"{PREFIX}minimum-compression-size": READ,
    f"{PREFIX}documentation": READ,
    f"{PREFIX}importexport-version": READ,
    f"{PREFIX}tag-value": READ,
    f"{PREFIX}request-validators": READ,  # definitions; whoever uses one is refused
    f"{PREFIX}request-validator": "request validators",
    f"{PREFIX}security-policy": "TLS security policies",
    f"{PREFIX}endpoint-access-mode": "endpoint access modes",
    f"{PREFIX}cors": "the CORS settings of HTTP APIs",
}
PATH_ITEM: Final[Mapping[str, str]] = {ANY_METHOD: READ}
OPERATION: Final[Mapping[str, str]] = {
    f"{PREFIX}integration": READ,
    f"{PREFIX}auth": READ,
    f"{PREFIX}request-validator": "request validators",
}
SCHEME: Final[Mapping[str, str]] = {f"{PREFIX}authtype": READ, f"{PREFIX}authorizer": READ}
ENDPOINT_MEMBERS: Final[Mapping[str, str]] = {
    "disableExecuteApiEndpoint": READ,
    "vpcEndpointIds": READ,  # refused where it names one
}
AUTHORIZER_MEMBERS: Final[Mapping[str, str]] = {
    "type": READ,
    "authorizerUri": READ,
    "authorizerCredentials": READ,
    "authorizerResultTtlInSeconds": READ,
    "identitySource": READ,
    "identityValidationExpression": READ,
    "providerARNs": READ,
    "jwtConfiguration": "JWT authorizers of REST APIs",
    "authorizerPayloadFormatVersion": "the payload formats of HTTP APIs' authorizers",
    "enableSimpleResponses": "the simple responses of HTTP APIs' authorizers",
}
INTEGRATION_MEMBERS: Final[Mapping[str, str]] = {
    "type": READ,
    "uri": READ,
    "httpMethod": READ,
    "credentials": READ,
    "connectionType": READ,
    "connectionId": READ,
    "contentHandling": READ,
    "passthroughBehavior": READ,
    "requestParameters": READ,
    "requestTemplates": READ,
    "responses": READ,
    "timeoutInMillis": READ,
    "cacheNamespace": READ,
    "cacheKeyParameters": READ,
    "tlsConfig": READ,
    "responseTransferMode": READ,
    "payloadFormatVersion": "the payload formats of HTTP APIs",
    "integrationSubtype": "the service integrations of HTTP APIs",
}
INTEGRATION_RESPONSE_MEMBERS: Final[Mapping[str, str]] = {
    "statusCode": READ,
    "responseParameters": READ,
    "responseTemplates": READ,
    "contentHandling": READ,
}


def refuse_unknown(node: Mapping[str, Any], table: Mapping[str, str], pointer: str, *, closed: bool = False) -> None:
    """Refuse what the table refuses or does not know: of a *closed* object any member, else extensions of Amazon's.

    Raises:
        NotOffered: With the pointer of the first such member.
    """
    for name in node:
        known = table.get(name)
        if known == READ or (known is None and not closed and not str(name).lower().startswith("x-amazon-")):
            continue
        raise NotOffered(known or f"`{name}`", where=f"{pointer}/{name}")
