"""A signed request to an AWS API: whose is it?

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from functools import lru_cache
from typing import Final

from yett.ports.bundle import Ports
from yett.ports.callers import Caller, CredentialsRefused
from yett.ports.iam_store import LastUse
from yett.sigv4 import Expectation, Fault, Presented, SignatureRefused, SigningKeys, read_presented, verify
from yett.values.http import HttpRequest
from yett.values.secret import Secret

# What the signature of an unknown key is checked with, so that it costs what a known one does. It never lets anyone in.
DECOY: Final = Secret("0" * 40)
# A bounded memory of keys derived from secrets: what it answers depends on its arguments alone, so one serves all.
SIGNING_KEYS: Final = SigningKeys()


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
    verify(
        request,
        presented,
        secret_access_key=caller.secret_access_key,
        now=now,
        expectation=expectation,
        signing_keys=SIGNING_KEYS,
    )
    if session_token is None:
        note_use(presented, ports)
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
    secret = DECOY if caller is None else caller.secret_access_key
    try:
        verify(
            request,
            presented,
            secret_access_key=secret,
            now=now,
            expectation=presented.expectation,
            signing_keys=SIGNING_KEYS,
        )
    except SignatureRefused:
        if refusal is None:
            raise
    if caller is None:
        raise refusal or SignatureRefused(fault=Fault.MISMATCH, reason="nobody has signed this")
    if session_token is None:
        note_use(presented, ports)
    return caller


def note_use(presented: Presented, ports: Ports) -> None:
    """Remember when, and for what, an access key was used."""
    scope = presented.scope
    use = LastUse(at=presented.read_at, service=scope.service, region=scope.region)
    ports.iam_store.note_use(presented.access_key_id, use)
