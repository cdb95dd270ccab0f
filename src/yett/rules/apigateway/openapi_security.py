"""Security schemes of an OpenAPI document: authorizers, and what each operation asks of its caller.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authorizer.html
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from yett.rules.apigateway.authorizer import DEFAULT_TTL_SECONDS, parse_authorizer
from yett.rules.apigateway.errors import BadRequest, NotOffered
from yett.rules.apigateway.limits import AUTHORIZERS_PER_API
from yett.rules.apigateway.openapi_node import Node, at, escaped, mapping
from yett.rules.apigateway.openapi_vocabulary import AUTHORIZER_MEMBERS, PREFIX, SCHEME, refuse_unknown
from yett.rules.apigateway.rest_api import Authorizer, RestApi
from yett.rules.execute_api.deployment import AuthorizationType, AuthorizerType

# Schemes that SAM names without defining them: `Authorizer: NONE`, and `AWS_IAM` in a merged definition.
# UNCERTAIN: what AWS makes of an undefined AWS_IAM; here it asks for a signature, which is what its author wrote.
UNDEFINED: Final[Mapping[str, AuthorizationType]] = {
    "NONE": AuthorizationType.NONE,
    "AWS_IAM": AuthorizationType.AWS_IAM,
}
SIGV4_PREFIX: Final = "aws"  # "awsSigv4"; anything that begins so means AWS_IAM (spec 06, section 7)

Schemes = Mapping[str, tuple[str, Node]]  # name -> its JSON pointer and the scheme


def security_schemes(document: Node) -> dict[str, tuple[str, Node]]:
    """Every scheme with its pointer, by name."""
    if "swagger" in document:
        base, schemes = "#/securityDefinitions", document.get("securityDefinitions")
    else:
        components = mapping(document.get("components"), "#/components")
        base, schemes = "#/components/securitySchemes", components.get("securitySchemes")
    found = {}
    for name, scheme in mapping(schemes, base).items():
        pointer = f"{base}/{escaped(name)}"
        refuse_unknown(mapping(scheme, pointer), SCHEME, pointer)
        found[name] = (pointer, mapping(scheme, pointer))
    return found


def import_authorizers(schemes: Schemes, api: RestApi, *, merge: bool, ids: Iterator[str]) -> dict[str, Authorizer]:
    """The authorizers by id; those of the same name keep theirs."""
    ids_by_name = {authorizer.name: authorizer.id for authorizer in api.authorizers.values()}
    authorizers = dict(api.authorizers) if merge else {}
    for name, (pointer, scheme) in schemes.items():
        extension = scheme.get(f"{PREFIX}authorizer")
        if extension is None:
            continue
        where = f"{pointer}/{PREFIX}authorizer"
        refuse_unknown(mapping(extension, where), AUTHORIZER_MEMBERS, where, closed=True)
        with at(where):
            authorizer = parse_authorizer(
                ids_by_name.get(name) or next(ids), authorizer_members(name, scheme, extension)
            )
        authorizers[authorizer.id] = authorizer
    if len(authorizers) > AUTHORIZERS_PER_API:
        raise BadRequest(f"an API has {AUTHORIZERS_PER_API} authorizers at most")
    return authorizers


def authorizer_members(name: str, scheme: Node, extension: Node) -> dict[str, Any]:
    """A scheme with an authorizer, as CreateAuthorizer's members."""
    kind = str(extension.get("type") or "").upper()
    header = scheme.get("name") if scheme.get("in") == "header" and scheme.get("name") != "Unused" else None
    source = extension.get("identitySource") or (f"method.request.header.{header}" if header else None)
    ttl_seconds = extension.get("authorizerResultTtlInSeconds")
    return {
        "name": name,
        "type": kind,
        "providerARNs": extension.get("providerARNs"),
        "authType": scheme.get(f"{PREFIX}authtype"),
        "authorizerUri": extension.get("authorizerUri"),
        "authorizerCredentials": extension.get("authorizerCredentials"),
        "identitySource": source,
        "identityValidationExpression": extension.get("identityValidationExpression"),
        # OBSERVED: an import shows the default (spec 08, no. 19).
        "authorizerResultTtlInSeconds": DEFAULT_TTL_SECONDS if ttl_seconds is None else int(ttl_seconds),
    }


def authorization(
    operation: Node, schemes: Schemes, authorizers: Mapping[str, Authorizer], pointer: str
) -> dict[str, Any]:
    """``authorizationType``, ``authorizerId`` and ``authorizationScopes`` of an operation.

    Raises:
        BadRequest: It names a scheme that is not defined, or two that would each decide alone.
        NotOffered: It names a scheme by which nothing would be checked.
    """
    found = []
    for index, requirement in enumerate(operation.get("security") or ()):
        for name, scopes in mapping(requirement, f"{pointer}/security/{index}").items():
            where = f"{pointer}/security/{index}/{escaped(name)}"
            if name in UNDEFINED and name not in schemes:
                found.append({"authorizationType": UNDEFINED[name].value})
            else:
                found.append(scheme_authorization(name, scopes or [], schemes, authorizers, where))
    if (auth := operation.get(f"{PREFIX}auth")) is not None:
        kind = str(mapping(auth, f"{pointer}/{PREFIX}auth").get("type") or "").upper()
        if kind not in (AuthorizationType.NONE, AuthorizationType.AWS_IAM):
            raise BadRequest(f"Invalid authorization type `{kind}` (at `{pointer}/{PREFIX}auth`)")
        if not found or kind != AuthorizationType.NONE:
            found.append({"authorizationType": kind})
    distinct = [one for index, one in enumerate(found) if one not in found[:index]]
    if len(distinct) > 1:
        raise NotOffered("several kinds of authorization for one method", where=f"{pointer}/security")
    return distinct[0] if distinct else {"authorizationType": AuthorizationType.NONE.value}


def scheme_authorization(
    name: str,
    scopes: list[str],
    schemes: Schemes,
    authorizers: Mapping[str, Authorizer],
    where: str,
) -> dict[str, Any]:
    """What one entry of an operation's ``security`` asks for."""
    if name not in schemes:
        raise BadRequest(f"Errors found during import: security scheme `{name}` is not defined (at `{where}`)")
    _, scheme = schemes[name]
    authorizer = next((one for one in authorizers.values() if one.name == name), None)
    if f"{PREFIX}authorizer" in scheme and authorizer is not None:
        cognito = authorizer.type == AuthorizerType.COGNITO_USER_POOLS
        kind = AuthorizationType.COGNITO_USER_POOLS if cognito else AuthorizationType.CUSTOM
        return {"authorizationType": kind.value, "authorizerId": authorizer.id, "authorizationScopes": list(scopes)}
    if str(scheme.get(f"{PREFIX}authtype") or "").lower().startswith(SIGV4_PREFIX):
        return {"authorizationType": AuthorizationType.AWS_IAM.value}
    if scheme.get("type") == "apiKey" and str(scheme.get("name") or "").lower() == "x-api-key":
        raise NotOffered("API keys", where=where)
    raise NotOffered(f"the security scheme `{name}`, which has no `{PREFIX}authorizer`", where=where)
