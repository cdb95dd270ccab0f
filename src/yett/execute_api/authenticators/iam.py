"""``AWS_IAM``: a Signature Version 4, checked against IAM's and STS's keys.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/permissions.html
"""

from datetime import datetime
from functools import lru_cache
from secrets import token_bytes
from typing import Final

from yett.execute_api.authenticators.vouched import vouched_standing
from yett.ports.bundle import Ports
from yett.ports.callers import Caller, CredentialFault, CredentialsRefused
from yett.rules.execute_api.call import Routed, Standing
from yett.rules.execute_api.errors import (
    ExpiredToken,
    GatewayError,
    InvalidSignature,
    MalformedPath,
    MissingAuthenticationToken,
)
from yett.rules.execute_api.method_override import METHOD_OVERRIDE
from yett.rules.execute_api.plan import StagePlan
from yett.rules.execute_api.signature_causes import find_cause, name_cause
from yett.services.iam.authentication import DECOY, expect, look_up, recognise
from yett.sigv4 import (
    Dialect,
    Expectation,
    Fault,
    Outline,
    Presented,
    SignatureRefused,
    SignedRequest,
    code_for,
    message_for,
    outline,
    read_presented,
)
from yett.sigv4.comparison import DIGEST_BYTES
from yett.values.http import HttpRequest

SERVICE: Final = "execute-api"  # the signing name
SKEW_SECONDS: Final = 300  # OBSERVED: "- 5 min." (spec 08, no. 10)

INVALID_TOKEN_MESSAGE: Final = "The security token included in the request is invalid."  # noqa: S105
# UNCERTAIN: which error type an unknown access key or a foreign token gets; changed in this one constant (spec 01,
# section 3).
INVALID_TOKEN_TYPE: Final = "UnrecognizedClientException"  # noqa: S105


# What an access key is refused with that is none of ours: somebody may vouch for it.
NOT_OURS: Final = frozenset({CredentialFault.UNKNOWN_ACCESS_KEY, CredentialFault.SESSION_TOKEN_INVALID})
# Refused signatures of a process that are looked into, for their cause (some 24 HMACs) and for an outline of what came.
EXAMINED_PER_SECOND: Final = 50


class Examinations:
    """So much work for refused signatures in a second, and no more: guessing must not become costly for others."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._second = 0
        self._taken = 0

    def take(self, now: datetime) -> bool:
        """Whether there is work left for this second."""
        second = int(now.timestamp())
        if second != self._second:
            self._second, self._taken = second, 0
        self._taken += 1
        return self._taken <= self._per_second


MISMATCH: Final = Fault.MISMATCH
EXAMINATIONS: Final = Examinations(EXAMINED_PER_SECOND)


async def authenticate_iam(routed: Routed, ports: Ports) -> Standing:
    """The standing of whoever signed the request.

    Raises:
        GatewayError: There is no signature, or it, its moment, scope or credentials are not good.
    """
    request, plan = routed.sent, routed.question.plan
    try:
        found = recognise(request, ports, _expect(plan.region, ports.settings.strict_signed_headers))
        if isinstance(found, Caller) and METHOD_OVERRIDE not in request.headers.by_name():
            return found.standing
        return (await _settle(found, request, plan, ports)).standing
    except (SignatureRefused, CredentialsRefused) as refusal:
        if isinstance(refusal, CredentialsRefused) and refusal.fault in NOT_OURS:
            vouched = await vouched_standing(routed, ports, _expect(plan.region, False))
            if vouched is not None:
                return vouched
        raise _word(refusal, request, plan, ports) from refusal


async def verify_signature(request: HttpRequest, plan: StagePlan, ports: Ports) -> None:
    """Let a request pass that bears a good signature, whoever's it is.

    Raises:
        GatewayError: As ``authenticate_iam``, in AWS's words for the gateway.
    """
    try:
        found = recognise(request, ports, _expect(plan.region, ports.settings.strict_signed_headers))
        await _settle(found, request, plan, ports)
    except (SignatureRefused, CredentialsRefused) as refusal:
        raise _word(refusal, request, plan, ports) from refusal


@lru_cache(maxsize=256)
def _expect(region: str, is_strict: bool) -> Expectation:
    return expect(SERVICE, region, SKEW_SECONDS, is_strict)


async def _settle(found: Caller | Presented, request: HttpRequest, plan: StagePlan, ports: Ports) -> Caller:
    """The caller, looked up if it was not recognised, who has signed for the method too."""
    caller = found if isinstance(found, Caller) else await look_up(request, found, ports)
    if request.headers.get(METHOD_OVERRIDE) is not None:
        _check_override_is_signed(request, plan)
    return caller


def _word(
    refusal: SignatureRefused | CredentialsRefused, request: HttpRequest, plan: StagePlan, ports: Ports
) -> GatewayError:
    """The refusal in AWS's words for the gateway."""
    if isinstance(refusal, SignatureRefused):
        cause, outlined = None, None
        if refusal.fault is not MISMATCH:
            cause = name_cause(refusal)
        elif EXAMINATIONS.take(request.received_at):
            cause = _find_cause(request, plan, ports)
            outlined = outline(refusal.canonical_request, refusal.string_to_sign, salt=token_bytes(DIGEST_BYTES))
        return _translate(refusal, echo=ports.settings.echo_canonical_request, cause=cause, outlined=outlined)
    if EXAMINATIONS.take(request.received_at):
        _find_cause(request, plan, ports)  # in vain: so that an unknown access key costs what a known one does
    if refusal.fault is CredentialFault.SESSION_TOKEN_EXPIRED:
        return ExpiredToken(refusal.reason)
    return InvalidSignature(
        f"the credentials are not good: {refusal.reason}",
        error_type=INVALID_TOKEN_TYPE,
        message=INVALID_TOKEN_MESSAGE,
    )


def _find_cause(request: HttpRequest, plan: StagePlan, ports: Ports) -> str | None:
    """Which slip of the client's explains its signature, looked for now: neither signature nor secret is kept."""
    now, signed = request.received_at, SignedRequest.of(request)
    expectation = _expect(plan.region, False)
    try:
        presented = read_presented(signed, now=now, expectation=expectation)
    except SignatureRefused:
        return None
    if presented is None:
        return None
    caller = ports.callers.current(presented.access_key_id, presented.session_token, now=now)
    secret = DECOY if caller is None else caller.secret_access_key
    return find_cause(signed, presented, secret_access_key=secret, expectation=expectation)


def _check_override_is_signed(request: HttpRequest, plan: StagePlan) -> None:
    """Refuse a method that whoever signed did not sign for: the header that names it must be among the signed ones."""
    # UNCERTAIN: what the service does; an unsigned override would let anyone on the way turn a GET into a DELETE.
    expectation = _expect(plan.region, False)
    presented = read_presented(SignedRequest.of(request), now=request.received_at, expectation=expectation)
    if presented is None or METHOD_OVERRIDE not in presented.signed_headers:
        raise SignatureRefused(fault=Fault.MISMATCH, reason=f"`{METHOD_OVERRIDE}` is not among the signed headers")


def _translate(refusal: SignatureRefused, *, echo: bool, cause: str | None, outlined: Outline | None) -> GatewayError:
    if refusal.fault is Fault.NONE_PRESENT:
        return MissingAuthenticationToken("the request bears no signature")
    if refusal.fault is Fault.PATH:
        return MalformedPath(f"the signature is refused: {refusal.reason}")
    if refusal.fault is Fault.SECURITY_TOKEN_EXPIRED:
        return ExpiredToken(refusal.reason)
    message = message_for(refusal, dialect=Dialect.JSON, echo_canonical_request=echo)
    reason = f"the signature is refused: {refusal.reason}"
    return InvalidSignature(
        reason,
        error_type=code_for(refusal, dialect=Dialect.JSON),
        message=message,
        cause=cause,
        outline=outlined,
    )
