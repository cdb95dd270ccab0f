"""Invoke: the caller's policies and the function's are weighed here, then the runner runs it.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

import base64
from collections.abc import Mapping
from typing import Final

import msgspec

from yett.ports.function_runner import FunctionNotFound, FunctionThrottled, FunctionUnavailable
from yett.rules.lambda_.limits import EVENT_PAYLOAD_BYTES, PAYLOAD_BYTES
from yett.rules.lambda_.names import FunctionReference
from yett.rules.lambda_.resource_policy import INVOKE
from yett.services.call import Call
from yett.services.iam.authorization import authorize, context_of, wording_of
from yett.services.lambda_.configuration import read_reference
from yett.services.lambda_.errors import (
    AccessDenied,
    InvalidParameterValue,
    InvalidRequestContent,
    RequestTooLarge,
    ResourceNotFound,
    ServiceFailed,
    TooManyRequests,
)
from yett.services.lambda_.tags import resource_keys

REFUSED: Final[Mapping[str, str]] = {
    "ClientContext": "the handler's context has no client",
    "DurableExecutionName": "durable executions are not offered",
    "TenantId": "tenants are not kept apart",
}


async def invoke(call: Call, params: Mapping[str, object]) -> Mapping[str, object]:
    """Run a function: and wait for it, or queue it as an event, or only say whether the caller may.

    Raises:
        ServiceError: AccessDenied: the caller's policies with the function's do not allow it.
        ResourceNotFound, RequestTooLarge, InvalidRequestContent, TooManyRequests, ServiceFailed
    """
    reference = read_reference(call, params)
    function = await call.ports.functions.resolve(reference.qualified_arn)
    if call.caller is None:
        raise AccessDenied("Missing Authentication Token")
    # A function that does not exist has no policy: whether it does is told to whoever may invoke it.
    policy = function.resource_policy if function is not None else None
    context = context_of(call, await resource_keys(call, params))
    authorize(call.caller, INVOKE, (reference.qualified_arn,), context, wording_of(call), resource_policy=policy)
    if function is None or reference.region != call.region:
        raise ResourceNotFound.of_function(reference.qualified_arn)
    for member, reason in REFUSED.items():
        if params.get(member):
            raise InvalidParameterValue(f"yett does not offer {member}: {reason}")
    invocation_type = params.get("InvocationType") or "RequestResponse"
    payload = read_payload(params, EVENT_PAYLOAD_BYTES if invocation_type == "Event" else PAYLOAD_BYTES)
    try:
        match invocation_type:
            case "DryRun":
                return {"StatusCode": 204}
            case "Event":
                await call.ports.function_runner.submit(reference.qualified_arn, payload, request_id=call.request_id)
                return {"StatusCode": 202, "Payload": b""}
            case _:
                return await run(call, reference, payload, has_tail=params.get("LogType") == "Tail")
    except FunctionNotFound as error:
        raise ResourceNotFound.of_function(reference.qualified_arn) from error
    except FunctionThrottled as error:
        raise TooManyRequests(is_reserved=function.reserved_concurrency is not None) from error
    except FunctionUnavailable as error:
        raise ServiceFailed from error


async def run(call: Call, reference: FunctionReference, payload: bytes, *, has_tail: bool) -> dict[str, object]:
    """Run the function and wait for its answer."""
    arn = reference.qualified_arn
    answer = await call.ports.function_runner.invoke(arn, payload, request_id=call.request_id)
    found: dict[str, object] = {
        "StatusCode": 200,
        "ExecutedVersion": answer.executed_version,
        "Payload": answer.payload,
    }
    if answer.function_error is not None:
        found["FunctionError"] = answer.function_error
    if has_tail:
        found["LogResult"] = base64.b64encode(answer.log_tail).decode()
    return found


def read_payload(params: Mapping[str, object], limit_bytes: int) -> bytes:
    """The event: JSON; ``{}`` if none is given.

    Raises:
        RequestTooLarge: It is over the limit.
        InvalidRequestContent: It is no JSON.
    """
    payload = params.get("Payload")
    if not isinstance(payload, bytes) or not payload:
        return b"{}"
    if len(payload) > limit_bytes:
        raise RequestTooLarge(limit_bytes)
    try:
        msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequestContent(str(error)) from error
    return payload
