"""A signed request to an AWS API: whose is it?

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from typing import Final

from yett.ports.bundle import Ports
from yett.ports.callers import Caller, CredentialsRefused
from yett.ports.iam_store import LastUse
from yett.sigv4 import Expectation, Fault, SignatureRefused, SignedRequest, SigningKeys, read_presented, verify
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
    now = request.received_at
    signed = SignedRequest.of(request)
    strict = ports.settings.strict_signed_headers
    expectation = Expectation(service=service, region=region, skew_seconds=skew_seconds, is_strict=strict)
    presented = read_presented(signed, now=now, expectation=expectation)
    if presented is None:
        raise SignatureRefused(fault=Fault.NONE_PRESENT, reason="the request is not signed")
    access_key_id, session_token = presented.access_key_id, presented.session_token
    caller = ports.callers.current(access_key_id, session_token, now=now)
    refusal: CredentialsRefused | None = None
    if caller is None:
        try:
            caller = await ports.callers.resolve(access_key_id, session_token, now=now)
        except CredentialsRefused as error:
            refusal = error
    secret = DECOY if caller is None else caller.secret_access_key
    try:
        verify(
            signed,
            presented,
            secret_access_key=secret,
            now=now,
            expectation=expectation,
            signing_keys=SIGNING_KEYS,
        )
    except SignatureRefused:
        if refusal is None:
            raise
    if caller is None:
        raise refusal or SignatureRefused(fault=Fault.MISMATCH, reason="nobody has signed this")
    if session_token is None:
        ports.iam_store.note_use(access_key_id, LastUse(at=now, service=service, region=presented.scope.region))
    return caller
