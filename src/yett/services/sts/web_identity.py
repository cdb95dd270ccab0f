"""AssumeRoleWithWebIdentity: a role's permissions for whoever holds a token of a provider that the role trusts.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from yett.ports.errors import Unavailable
from yett.ports.iam_store import OidcProvider
from yett.rules.sts.web_identity import ALGORITHMS, BUILT_IN, Fault, WebIdentity, WebIdentityRefused, read_web_identity
from yett.services.call import Call, ServiceError
from yett.services.sts.federation import Vouched, expired_token, invalid_token, open_session, read_role_arn
from yett.services.sts.sessions import Answer, Params
from yett.tokens import KeySet, TokenRefused, UnverifiedJws, read_jws, verify_jws

# OBSERVED: these texts, in reports of clients (spec 07, section 3.2).
NOT_A_JWT: Final = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
NO_KEY: Final = (
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity "
    "documentation for requirements"
)
NO_PROVIDER: Final = "No OpenIDConnect provider found in your account for {issuer}"
EXPIRED: Final = "Token expired: current date/time {now} must be before the expiration date/time {expiry}"
# UNCERTAIN: the texts from here on, but that of an audience.
BAD_SIGNATURE: Final = "The signature of the token could not be verified"
UNSUPPORTED_PROVIDER: Final = "Unsupported ProviderId parameter"
FAULTS: Final[Mapping[Fault, str]] = {
    Fault.MALFORMED: NOT_A_JWT,
    Fault.NOT_YET_VALID: "Token must be issued within timeframe",
    Fault.MISSING_CLAIM: "Missing a required claim: {detail}",
    Fault.AUDIENCE: "Incorrect token audience",
    Fault.TAGS: "The session tags in the token are invalid",
    Fault.SOURCE_IDENTITY: "The source identity in the token is invalid",
}
ACTION: Final = "sts:AssumeRoleWithWebIdentity"


async def assume_role_with_web_identity(call: Call, params: Params) -> Answer:
    """Give the holder of a token a session of a role that trusts the token's issuer.

    Raises:
        ServiceError: InvalidIdentityToken or ExpiredTokenException, for the token; AccessDenied, for a role that does
            not exist or does not trust its issuer; ValidationError, for a session that is too long.
    """
    if "ProviderId" in params:  # for access tokens of OAuth 2.0, of providers that are not known here
        raise ServiceError("InvalidParameterValue", UNSUPPORTED_PROVIDER, status=400)
    role_arn = read_role_arn(params["RoleArn"])
    provider, identity = await verify(call, params["WebIdentityToken"], account=role_arn.account)
    vouched = Vouched(
        action=ACTION,
        provider=provider.principal,
        session_name=params["RoleSessionName"],
        tags=identity.tags,
        transitive_tag_keys=identity.transitive_tag_keys,
        source_identity=identity.source_identity,
        request_keys=identity.keys,
        session_keys=identity.keys,
    )
    return {
        **await open_session(call, params, vouched),
        "SubjectFromWebIdentityToken": identity.subject,
        "Audience": identity.audience,
        "Provider": provider.principal,
    }


class Issuer(Struct, frozen=True, kw_only=True):
    """Who vouches: a provider of the account, or one that needs no registration."""

    principal: str  # as trust policies name it: an ARN, or a host
    name: str  # what condition keys begin with
    url: str  # where its keys are found
    client_ids: tuple[str, ...] | None


async def verify(call: Call, token: str, *, account: str) -> tuple[Issuer, WebIdentity]:
    """Who the token says its holder is, and who vouches for it.

    Raises:
        ServiceError: InvalidIdentityToken, ExpiredTokenException.
    """
    try:
        read = read_jws(token)
        claims = read.peek_claims()
    except TokenRefused as refused:
        raise invalid_token(NOT_A_JWT) from refused
    issuer = claims.get("iss")
    if not isinstance(issuer, str):
        raise invalid_token(FAULTS[Fault.MISSING_CLAIM].format(detail="iss"))
    provider = await find_issuer(call, issuer, account=account)
    try:
        verify_jws(read, await find_keys(call, provider.url, read), algorithms=ALGORITHMS)
    except TokenRefused as refused:
        raise invalid_token(BAD_SIGNATURE) from refused
    try:
        # The signature covers the very payload that was read above.
        identity = read_web_identity(claims, provider=provider.name, client_ids=provider.client_ids, now=call.now)
    except WebIdentityRefused as refused:
        raise token_refused(call, refused) from refused
    return provider, identity


async def find_issuer(call: Call, issuer: str, *, account: str) -> Issuer:
    """Who may issue such tokens to the account.

    UNCERTAIN: which counts where an account has registered a provider that needs no registration; here the registered
    one, whose client ids narrow whom it vouches for.

    Raises:
        ServiceError: InvalidIdentityToken, when nobody may.
    """
    provider = await call.ports.iam_store.find(OidcProvider, account, issuer.partition("://")[2])
    if provider is not None and provider.url == issuer:
        return Issuer(principal=provider.arn, name=provider.name, url=issuer, client_ids=provider.client_ids)
    url = BUILT_IN.get(issuer)
    if url is None:
        raise invalid_token(NO_PROVIDER.format(issuer=issuer))
    host = url.partition("://")[2]
    return Issuer(principal=host, name=host, url=url, client_ids=None)


async def find_keys(call: Call, issuer: str, read: UnverifiedJws) -> KeySet:
    """The issuer's keys, fetched anew if they lack the one that the token names.

    Raises:
        ServiceError: InvalidIdentityToken, when they cannot be had or have no such key.
    """
    kid, algorithm = read.header.get("kid"), read.header.get("alg")
    if algorithm not in ALGORITHMS or not isinstance(kid, str | None):
        raise invalid_token(BAD_SIGNATURE)
    key_sets = call.ports.key_sets
    try:
        found = key_sets.current(issuer) or await key_sets.resolve(issuer, now=call.now)
        if found is not None and found[0].find(kid, algorithm) is None:
            found = await key_sets.resolve(issuer, now=call.now, unknown_kid=True)
    except Unavailable as error:
        raise invalid_token(NO_KEY) from error
    if found is None or found[0].find(kid, algorithm) is None:
        raise invalid_token(NO_KEY)
    return found[0]


def token_refused(call: Call, refused: WebIdentityRefused) -> ServiceError:
    """A rule's refusal, as AWS's error."""
    if refused.fault is Fault.EXPIRED:
        message = EXPIRED.format(now=int(call.now.timestamp()), expiry=refused.detail)
        return expired_token(message)
    return invalid_token(FAULTS[refused.fault].format(detail=refused.detail))
