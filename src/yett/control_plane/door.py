"""AWS's own APIs: request -> operation -> caller -> perform -> response.

A request for an operation whose service model asks for no signature has no caller; its service says in which account it
acts. Every other request is refused without a valid signature, wherever it comes from.
"""

import re
from typing import Final

import structlog

from yett.control_plane import forwarding
from yett.control_plane.errors import INTERNAL, named, wire_error
from yett.ports.bundle import Ports
from yett.services.call import Call, ServiceError
from yett.services.iam.authentication import authenticate
from yett.services.perform import SERVICES, perform, place_of_unsigned
from yett.services.sts.authorization_message import encode_denial
from yett.values.http import Headers, HttpRequest, HttpResponse
from yett.wire import (
    Operation,
    Protocol,
    Service,
    find_operation,
    find_service,
    parse_input,
    render_error,
    render_output,
    scope_of,
)
from yett.wire.limits import MAX_BODY_BYTES

OFFERED: Final = (*SERVICES, forwarding.SERVICE)
# Five minutes are the rule, IAM and STS take fifteen.
# Source: spec 02, section 4, row 10
SKEW_SECONDS: Final = 300
WIDE_SKEW_SECONDS: Final = 900
WIDELY_SKEWED: Final = frozenset({"iam", "sts"})
REGION: Final = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}")

# Browsers call sign-in and sign-up from the pages of any site (Amplify): those operations ask for no signature, and so
# lend a page no authority that it has not itself.
CORS_HEADERS: Final = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"),
)
PREFLIGHT: Final = Headers(
    (
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Allow-Methods", "POST"),
        (
            "Access-Control-Allow-Headers",
            "amz-sdk-invocation-id,amz-sdk-request,cache-control,content-type,x-amz-target,x-amz-user-agent",
        ),
        ("Access-Control-Max-Age", "172800"),
    )
)

# Why policies refused, sealed: `aws sts decode-authorization-message` tells whoever may know.
AUTHORIZATION_MESSAGE: Final = "x-yett-authorization-message"

log = structlog.get_logger("yett.control_plane")


async def answer(request: HttpRequest, ports: Ports) -> HttpResponse:
    """Answer a call of any operation."""
    return await respond(request, ports, permits_signed=True)


async def answer_unsigned(request: HttpRequest, ports: Ports) -> HttpResponse:
    """Answer calls of operations that need no signature, and refuse all others: for ports that the world can reach."""
    return await respond(request, ports, permits_signed=False)


async def respond(request: HttpRequest, ports: Ports, *, permits_signed: bool) -> HttpResponse:
    """Find the service and operation, have it done, and word whatever comes of it in the service's protocol."""
    if is_preflight(request):
        return HttpResponse(status=200, headers=PREFLIGHT)
    service = guess_dialect(request)
    operation: Operation | None = None
    try:
        if len(request.body) > MAX_BODY_BYTES:
            return render(service, "too large", request, f"the body is over {MAX_BODY_BYTES} bytes")
        service = find_service(request, OFFERED)
        operation = find_operation(request, service)
        if operation.needs_signature and not permits_signed:
            return render(service, "access denied", request, "this port serves only operations that need no signature")
        response = await do(request, operation, ports)
    except Exception as error:  # noqa: BLE001 - the one place where a mistake of ours becomes an answer
        response = refuse(error, service, request, ports)
    if operation is not None and not operation.needs_signature:
        headers = Headers((*response.headers, *CORS_HEADERS))
        return HttpResponse(status=response.status, headers=headers, body=response.body)
    return response


async def do(request: HttpRequest, operation: Operation, ports: Ports) -> HttpResponse:
    """The straight line: who calls, what they say, and what comes of it.

    Raises:
        Exception: Every kind that `errors.wire_error` knows.
    """
    call = await identify(request, operation, ports)
    params = parse_input(operation, request)
    if operation.service.name == forwarding.SERVICE:
        return await forwarding.relay(call, operation, params)
    return render_output(operation, await perform(call, params), request.request_id)


async def identify(request: HttpRequest, operation: Operation, ports: Ports) -> Call:
    """Who calls, in which account and Region.

    Raises:
        SignatureRefused, CredentialsRefused, MalformedInput, ServiceError
    """
    service = operation.service
    caller = None
    if operation.needs_signature:
        scope = scope_of(request)
        region = ports.settings.region if scope is None or not REGION.fullmatch(scope[0]) else scope[0]
        caller = await authenticate(
            request,
            ports,
            service=service.signing_name,
            region=region,
            skew_seconds=WIDE_SKEW_SECONDS if service.name in WIDELY_SKEWED else SKEW_SECONDS,
        )
        account = caller.identity.account
    else:
        params = parse_input(operation, request)
        account, region = await place_of_unsigned(service.name, operation.name, params, ports)
    return Call(
        service=service.name,
        operation=operation.name,
        caller=caller,
        account=account,
        region=region,
        now=request.received_at,
        request_id=request.request_id,
        source_ip=request.source_ip,
        secure_transport=request.scheme == "https",
        user_agent=request.headers.get("user-agent") or "",
        vpc_origin=request.vpc_origin,
        ports=ports,
    )


def refuse(error: Exception, service: Service, request: HttpRequest, ports: Ports) -> HttpResponse:
    """The answer to whatever went wrong; what was a mistake of ours is told to our log alone."""
    echo = ports.settings.echo_canonical_request
    worded = wire_error(error, service.protocol, echo_canonical_request=echo)
    if worded is None:
        log.exception("control plane failed", request_id=request.request_id, service=service.name, exc_info=error)
        return render(service, "internal", request, INTERNAL)
    log.info("control plane refused", request_id=request.request_id, service=service.name, code=worded.code)
    response = render_error(
        service,
        worded.code,
        worded.message,
        status=worded.status,
        request_id=request.request_id,
        fields=worded.fields,
    )
    denial = error.denial if isinstance(error, ServiceError) else None
    message = None if denial is None else encode_denial(denial, ports, now=request.received_at)
    if message is None:
        return response
    headers = Headers((*response.headers, (AUTHORIZATION_MESSAGE, message)))
    return HttpResponse(status=response.status, headers=headers, body=response.body)


def render(service: Service, kind: str, request: HttpRequest, message: str) -> HttpResponse:
    """An error of the table."""
    worded = named(kind, service.protocol, message)
    return render_error(service, worded.code, worded.message, status=worded.status, request_id=request.request_id)


def guess_dialect(request: HttpRequest) -> Service:
    """A nameless service of the protocol that the request seems to speak, for errors that precede the service."""
    if request.headers.get("x-amz-target") is not None:
        protocol = Protocol.JSON
    elif (request.headers.get("content-type") or "").startswith("application/x-www-form-urlencoded"):
        protocol = Protocol.QUERY
    else:
        protocol = Protocol.REST_JSON
    return Service(name="", protocol=protocol, signing_name="", api_version="")


def is_preflight(request: HttpRequest) -> bool:
    """Whether a browser asks if a page may call an operation of a user pool."""
    asked = (request.headers.get("access-control-request-headers") or "").lower()
    return request.method == "OPTIONS" and "x-amz-target" in asked
