"""DynamoDB: yett checks signature and permission, and relays the rest to a backend that checks neither.

What is relayed is written anew from what was understood, so that the backend cannot understand something else; accounts
and Regions are kept apart by the credentials that the relayed request is signed with.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from yett.control_plane.dynamodb_resources import ADMINISTRATIVE, NOT_RELAYED, RELAYED, Ask, TableUnclear, asks_of
from yett.policy.request import ContextValue, LazyValue
from yett.ports.audit_trail import AuditEntry
from yett.ports.dynamodb import Backend
from yett.ports.errors import Unavailable
from yett.ports.upstream import UpstreamRequest
from yett.services.call import Call, ServiceError
from yett.services.iam.authorization import authorize, context_of, wording_of
from yett.sigv4 import SignedRequest, sign
from yett.values.http import Headers, HttpResponse
from yett.wire import Operation
from yett.wire.protocols import json

SERVICE: Final = "dynamodb"
TIMEOUT_SECONDS: Final = 60.0  # as botocore's own read time-out
ACCOUNT_HEADER: Final = "x-moto-account-id"  # how the embedded backend is told the account; others ignore it
RELAYED_HEADERS: Final = ("content-type", "x-amz-crc32")  # of an answer
# Keys that only the table's own schema, or a parse of every expression, could tell. A policy that asks for one is not
# guessed at: the call is refused.
UNTOLD_KEYS: Final = ("dynamodb:LeadingKeys", "dynamodb:FirstPartitionKeyValues", "dynamodb:Attributes")


async def relay(call: Call, operation: Operation, params: Mapping[str, Any]) -> HttpResponse:
    """Check the caller's permission on every table that the request names, then hand on the backend's answer.

    The caller was authenticated.

    Raises:
        ServiceError: The operation is not relayed, a table is unclear, permission is missing, or the backend is away.
    """
    asks: tuple[Ask, ...] = ()
    outcome = "InternalFailure"
    try:
        asks = find_asks(call, params)
        for ask in asks:
            authorize_ask(call, ask, params)
        response = await send(call, operation, params)
        outcome = "allowed"  # by us; a failed condition or a missing table is the backend's own answer
        return response
    except ServiceError as error:
        outcome = error.code
        raise
    finally:
        if outcome != "allowed" or call.operation in ADMINISTRATIVE:
            await call.ports.audit_trail.record(entry_of(call, asks, outcome))


def find_asks(call: Call, params: Mapping[str, Any]) -> tuple[Ask, ...]:
    """What is asked of the caller's policies.

    Raises:
        ServiceError: The operation is not relayed, or does not say which table is meant.
    """
    if call.operation not in RELAYED:
        reason = NOT_RELAYED.get(call.operation, "it is not relayed by yett")
        raise ServiceError("UnsupportedOperationException", f"dynamodb:{call.operation} is not available: {reason}")
    try:
        return asks_of(call.operation, params, account=call.account, region=call.region)
    except TableUnclear as error:
        raise ServiceError("ValidationException", error.reason) from error


def authorize_ask(call: Call, ask: Ask, params: Mapping[str, Any]) -> None:
    """Ask the caller's policies.

    Raises:
        ServiceError: AccessDenied.
    """
    if call.caller is None:
        raise ServiceError("AccessDenied", f"{ask.action} needs a signature", status=403)
    context = context_of(call, keys_of(call, ask, params))
    authorize(call.caller, ask.action, (ask.resource,), context, wording_of(call))


def keys_of(call: Call, ask: Ask, params: Mapping[str, Any]) -> dict[str, ContextValue | LazyValue]:
    """DynamoDB's condition keys.

    Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
    """

    def refuse() -> ContextValue:
        # A key that is merely absent would satisfy ForAllValues and the negated operators.
        who = "anonymous" if call.caller is None else call.caller.identity.arn
        reason = f"because a policy asks for one of {', '.join(UNTOLD_KEYS)}, which yett cannot tell"
        text = f"User: {who} is not authorized to perform: {ask.action} on resource: {ask.resource} {reason}"
        raise ServiceError("AccessDenied", text, status=403)

    keys: dict[str, ContextValue | LazyValue] = dict.fromkeys(UNTOLD_KEYS, refuse)
    if call.operation in ("Query", "Scan"):
        keys["dynamodb:FullTableScan"] = call.operation == "Scan"
    for member in ("Select", "ReturnValues", "ReturnConsumedCapacity"):
        if isinstance(value := params.get(member), str):
            keys[f"dynamodb:{member}"] = value
    if ask.enclosing is not None:
        keys["dynamodb:EnclosingOperation"] = ask.enclosing
    return keys


async def send(call: Call, operation: Operation, params: Mapping[str, Any]) -> HttpResponse:
    """Relay a permitted request.

    Raises:
        ServiceError: The backend is away.
    """
    body = (
        b"{}" if operation.input is None else msgspec.json.encode(json.write(operation.input, params, operation.name))
    )
    try:
        backend = await call.ports.dynamodb.backend(call.account)
        answer = await call.ports.upstream.send(
            UpstreamRequest(
                method="POST",
                scheme=backend.scheme,
                host=backend.host,
                port=backend.port,
                target="/",
                headers=sign_anew(call, operation, backend, body),
                body=body,
                timeout_seconds=TIMEOUT_SECONDS,
                network_rule=backend.network_rule,
            )
        )
    except Unavailable as error:
        raise ServiceError("ServiceUnavailable", "The DynamoDB behind yett cannot be reached.", status=503) from error
    headers = [("x-amzn-RequestId", call.request_id)]
    headers += [(name, value) for name, value in answer.headers if name.lower() in RELAYED_HEADERS]
    return HttpResponse(status=answer.status, headers=Headers.of(headers), body=answer.body)


def sign_anew(call: Call, operation: Operation, backend: Backend, body: bytes) -> Headers:
    """The header lines of the relayed request, signed with what stands for the account at the backend.

    Nothing of the caller's own lines is among them: a backend may read account or Region from the likes of User-Agent.
    """
    is_usual = backend.port == {"http": 80, "https": 443}[backend.scheme]
    lines = Headers(
        (
            ("Host", backend.host if is_usual else f"{backend.host}:{backend.port}"),
            ("Content-Type", f"application/x-amz-json-{operation.service.json_version}"),
            ("X-Amz-Target", f"{operation.service.target_prefix}.{operation.name}"),
            (ACCOUNT_HEADER, call.account),
        )
    )
    signed = sign(
        SignedRequest("POST", "/", "", lines, body),
        access_key_id=backend.credentials.access_key_id,
        secret_access_key=backend.credentials.secret_access_key,
        session_token=backend.credentials.session_token,
        region=call.region,
        service=SERVICE,
        now=call.now,
    )
    return Headers((*lines, *signed))


def entry_of(call: Call, asks: tuple[Ask, ...], outcome: str) -> AuditEntry:
    """The line in the trail."""
    return AuditEntry(
        request_id=call.request_id,
        at=call.now,
        account=call.account,
        principal="anonymous" if call.caller is None else call.caller.identity.arn,
        source_ip=call.source_ip,
        action=f"{SERVICE}:{call.operation}",
        resource=" ".join(dict.fromkeys(ask.resource for ask in asks[:5])) or "*",
        outcome=outcome,
    )
