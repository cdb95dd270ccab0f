"""`$context`: what mappings, authorizer events and backends may know of a call.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, Protocol

import msgspec

from yett.rules.execute_api.call import Question
from yett.rules.execute_api.request_ids import extended_request_id
from yett.values.http import HttpRequest
from yett.values.identity import AuthorizerIdentity, IamIdentity, Identity, PoolIdentity

IDENTITY_MEMBERS: Final = (
    "accessKey",
    "accountId",
    "caller",
    "cognitoAuthenticationProvider",
    "cognitoAuthenticationType",
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
    "principalOrgId",
    "user",
    "userArn",
)
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Known(Protocol):
    """What of a call its variables are read from: a `Routed`, or what is left of one when the call is over."""

    @property
    def request(self) -> HttpRequest: ...

    @property
    def question(self) -> Question: ...

    @property
    def path(self) -> str: ...


def domain_name(known: Known) -> str:
    """The host that the client called."""
    return known.request.host


def request_path(known: Known) -> str:
    """The path with its stage, as ``requestContext.path`` shows it."""
    return f"/{known.question.plan.stage}{known.path}"


def render_clf(moment: datetime) -> str:
    """``04/Mar/2020:19:15:17 +0000``, in English whatever the locale."""
    return (
        f"{moment.day:02}/{MONTHS[moment.month - 1]}/{moment.year}"
        f":{moment.hour:02}:{moment.minute:02}:{moment.second:02} +0000"
    )


def describe_identity(known: Known, identity: Identity) -> dict[str, object]:
    """``requestContext.identity``. Members without a value are null, none is left out (spec 08, no. 5)."""
    described: dict[str, object] = dict.fromkeys(IDENTITY_MEMBERS)
    if isinstance(identity, IamIdentity):
        described["accessKey"] = identity.access_key_id
        described["accountId"] = identity.account
        described["caller"] = described["user"] = identity.user_id
        described["principalOrgId"] = identity.organization_id
        described["userArn"] = identity.arn
    facts = known.question.facts
    if facts.vpc_origin is not None:  # events of other calls have no such members
        described |= {"vpcId": facts.vpc_origin.vpc, "vpceId": facts.vpc_origin.endpoint}
    described["sourceIp"] = facts.source_ip
    described["userAgent"] = facts.user_agent
    return described


def describe_authorizer(identity: Identity) -> dict[str, object] | None:
    """``requestContext.authorizer`` of a proxy event; None where the method has no authorizer."""
    match identity:
        case AuthorizerIdentity():
            return {
                **identity.context,
                "principalId": identity.principal_id,
                "integrationLatency": identity.latency_ms,
            }
        case PoolIdentity():
            described: dict[str, object] = {"claims": render_claims(identity)}
            if identity.scopes:
                described["scopes"] = list(identity.scopes)
            return described
        case _:
            return None


def render_claims(identity: PoolIdentity) -> dict[str, str]:
    """A token's claims as REST APIs hand them on: every value a string (OBSERVED, spec 05, A1)."""
    return {name: _render_claim(name, value) for name, value in identity.claims.items() if value is not None}


def _render_claim(name: str, value: object) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float() if name in {"exp", "iat"}:
            return _render_java_date(datetime.fromtimestamp(value, UTC))
        case int() | float():
            return str(int(value)) if value == int(value) else str(value)
        case [*items] if all(isinstance(item, str) for item in items):
            return ",".join(str(item) for item in items)
        case [single]:
            return msgspec.json.encode(single).decode()
        case _:
            return msgspec.json.encode(value).decode()


def _render_java_date(moment: datetime) -> str:
    """``Thu Nov 28 04:24:11 UTC 2019``."""
    return (
        f"{DAYS[moment.weekday()]} {MONTHS[moment.month - 1]} {moment.day:02} "
        f"{moment.hour:02}:{moment.minute:02}:{moment.second:02} UTC {moment.year}"
    )


def context_variable(name: str, known: Known, identity: Identity) -> str | None:
    """The value of ``$context.{name}`` as text; None where it has none."""
    simple = _SIMPLE.get(name)
    if simple is not None:
        return simple(known)
    if name.startswith("identity."):
        value = describe_identity(known, identity).get(name.removeprefix("identity."))
        return None if value is None else str(value)
    if name.startswith("authorizer.claims.") and isinstance(identity, PoolIdentity):
        return render_claims(identity).get(name.removeprefix("authorizer.claims."))
    if name == "authorizer.principalId" and isinstance(identity, AuthorizerIdentity):
        return identity.principal_id
    if name.startswith("authorizer.") and isinstance(identity, AuthorizerIdentity):
        return identity.context.get(name.removeprefix("authorizer."))
    return None


_SIMPLE: Final[Mapping[str, Callable[[Known], str]]] = {
    "accountId": lambda known: known.question.plan.account,
    "apiId": lambda known: known.question.plan.api_id,
    "deploymentId": lambda known: known.question.plan.deployment_id,
    "domainName": domain_name,
    "domainPrefix": lambda known: known.request.host.partition(".")[0],
    "extendedRequestId": lambda known: extended_request_id(known.question.facts.request_id),
    "httpMethod": lambda known: known.request.method,
    "path": request_path,
    "protocol": lambda known: known.request.protocol,
    "requestId": lambda known: known.question.facts.request_id,
    "requestTime": lambda known: render_clf(known.question.facts.received_at),
    "requestTimeEpoch": lambda known: str(int(known.question.facts.received_at.timestamp() * 1000)),
    "resourceId": lambda known: known.question.method.resource_id,
    "resourcePath": lambda known: known.question.method.resource_path,
    "stage": lambda known: known.question.plan.stage,
}
