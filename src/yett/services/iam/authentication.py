"""A signed request to an AWS API: whose is it?

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from datetime import datetime
from functools import lru_cache
from typing import Final

from yett.ports.bundle import Ports
from yett.ports.callers import Caller, CredentialsRefused
from yett.ports.iam_store import LastUse
from yett.sigv4 import Expectation, Fault, Presented, SignatureRefused, SigningKeys, read_presented, verify
from yett.values.http import HttpRequest
from yett.values.secret import Secret

DECOY_SCOPES: Final = 4_096  # ours: so many that an unknown key's signature costs what a known one's does
# What the signature of an unknown key is checked with, so that it costs what a known one does. It never lets anyone in.
DECOY: Final = Secret("0" * 40)
DECOY_KEYS: Final = SigningKeys(DECOY, DECOY_SCOPES)


async def authenticate(
    request: HttpRequest, ports: Ports, *, service: str, region: str | None, skew_seconds: int
) -> Caller:
    """The caller who signed the request for this service (its signing name) and Region (None: whichever it names).

    Raises:
        SignatureRefused: It is not signed, or not well, or the signature is another.
        CredentialsRefused: The access key or the session token is not good.
        Unavailable: The store failed us.
    """
    expectation = expect(service, region, skew_seconds, ports.settings.strict_signed_headers)
    caller = recognise(request, ports, expectation)
    return caller if isinstance(caller, Caller) else await look_up(request, caller, ports)


@lru_cache(maxsize=256)
def expect(service: str, region: str | None, skew_seconds: int, is_strict: bool) -> Expectation:
    """What an endpoint accepts: the same value for the same endpoint, by which `read_presented` remembers."""
    return Expectation(service=service, region=region, skew_seconds=skew_seconds, is_strict=is_strict)


def recognise(request: HttpRequest, ports: Ports, expectation: Expectation) -> Caller | Presented:
    """The caller who signed the request, if it is in memory; if not, the signature, unverified, for `look_up`.

    Raises:
        SignatureRefused: As `authenticate`.
    """
    now = request.received_at
    presented = read_presented(request, now=now, expectation=expectation)
    if presented is None:
        raise SignatureRefused(fault=Fault.NONE_PRESENT, reason="the request is not signed")
    access_key_id, session_token = presented.access_key_id, presented.session_token
    caller = ports.callers.current(access_key_id, session_token, now=now)
    if caller is None:
        return presented
    verify(request, presented, signing_keys=caller.signing_keys, now=now, expectation=expectation)
    note_use(caller, presented, ports, now)
    return caller


async def look_up(request: HttpRequest, presented: Presented, ports: Ports) -> Caller:
    """The caller who signed the request, by the store.

    Raises:
        SignatureRefused: The signature is another.
        CredentialsRefused: The access key or the session token is not good.
        Unavailable: The store failed us.
    """
    now, access_key_id, session_token = request.received_at, presented.access_key_id, presented.session_token
    caller: Caller | None = None
    refusal: CredentialsRefused | None = None
    try:
        caller = await ports.callers.resolve(access_key_id, session_token, now=now)
    except CredentialsRefused as error:
        refusal = error
    signing_keys = DECOY_KEYS if caller is None else caller.signing_keys
    try:
        verify(request, presented, signing_keys=signing_keys, now=now, expectation=presented.expectation)
    except SignatureRefused:
        if refusal is None:
            raise
    if caller is None:
        try:
            raise refusal or SignatureRefused(fault=Fault.MISMATCH, reason="nobody has signed this")
        finally:
            refusal = None  # it holds this frame: each would keep the other for the garbage collector
    note_use(caller, presented, ports, now)
    return caller


def note_use(caller: Caller, presented: Presented, ports: Ports, now: datetime) -> None:
    """Remember that the caller's access key or role was used, whatever policies will say to the call."""
    if caller.used is not None:
        scope = presented.scope
        ports.iam_store.note_use(caller.used, LastUse(at=now, service=scope.service, region=scope.region))
