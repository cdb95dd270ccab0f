"""AssumeRoleWithWebIdentity: a role's permissions for whoever holds a token of a provider that the role trusts.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import structs

from yett.policy import (
    AuthorizationRequest,
    CompiledPolicies,
    Kind,
    NamedPolicy,
    Outcome,
    Principal,
    compile_policies,
    parse_stored_policy,
)
from yett.ports.bundle import Ports
from yett.ports.errors import Unavailable
from yett.ports.iam_store import OidcProvider, Role
from yett.rules.organizations.resource_control import resource_control
from yett.rules.sts.assume_role import choose_duration
from yett.rules.sts.errors import SessionRefused
from yett.rules.sts.session_policy import measure_packed
from yett.rules.sts.web_identity import (
    ALGORITHMS,
    Fault,
    WebIdentity,
    WebIdentityRefused,
    read_web_identity,
    weigh_federation,
)
from yett.services.call import Call, ServiceError
from yett.services.iam.authorization import context_of
from yett.services.sts.assume_role import Asked, arn_of, assumption_keys, describe, make_session
from yett.services.sts.errors import access_denied, session_refused, validation_error
from yett.services.sts.sessions import Answer, Params, read_session_policies
from yett.tokens import KeySet, TokenRefused, UnverifiedJws, read_jws, verify_jws
from yett.values.arn import Arn, NotAnArn
from yett.values.identifiers import is_account_id

# OBSERVED: these texts, in reports of clients (spec 07, section 3.2).
NOT_A_JWT: Final = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
NO_KEY: Final = (
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity "
    "documentation for requirements"
)
NO_PROVIDER: Final = "No OpenIDConnect provider found in your account for {issuer}"
EXPIRED: Final = "Token expired: current date/time {now} must be before the expiration date/time {expiry}"
DENIED: Final = "Not authorized to perform {action}"
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
    role = await call.ports.iam_store.find(Role, role_arn.account, role_arn.resource.rpartition("/")[2])
    if role is None or arn_of(role) != params["RoleArn"]:
        raise access_denied(DENIED.format(action=ACTION))
    asked = Asked(
        session_name=params["RoleSessionName"],
        tags=identity.tags,
        transitive_tag_keys=identity.transitive_tag_keys,
        session_tags=identity.tags,
        session_transitive_keys=identity.transitive_tag_keys,
        source_identity=identity.source_identity,
        external_id=None,
    )
    guardrails = resource_control(await call.ports.organization_store.find(role.account), role.account)
    weigh(call, role, asked, identity=identity, provider=provider, guardrails=guardrails)
    policy, arns = await read_session_policies(call, params, account=role.account)
    try:
        packed = measure_packed(policy, arns, asked.session_tags)
        seconds = choose_duration(
            params.get("DurationSeconds"), role_maximum_seconds=role.max_session_seconds, is_chained=False
        )
    except SessionRefused as error:
        raise session_refused(error) from error
    session = make_session(call, role, asked, policy=policy, policy_arns=arns, seconds=seconds)
    session = structs.replace(session, federated_provider=provider.arn, federation_keys=identity.keys)
    return {
        **describe(call, session, packed=packed),
        "SubjectFromWebIdentityToken": identity.subject,
        "Audience": identity.audience,
        "Provider": provider.arn,
    }


def read_role_arn(text: str) -> Arn:
    """The ARN of a role.

    Raises:
        ServiceError: ValidationError, for anything else.
    """
    try:
        arn = Arn.parse(text)
    except NotAnArn as error:
        raise validation_error("Request ARN is invalid") from error
    if arn.service != "iam" or not arn.resource.startswith("role/"):
        raise validation_error("Request ARN is invalid")
    return arn


async def place_of_role(operation: str, params: Mapping[str, Any], ports: Ports) -> tuple[str, str] | None:  # noqa: ARG001
    """Account and Region of an unsigned call: those of the role that it names."""
    try:
        account = Arn.parse(params.get("RoleArn") or "").account
    except NotAnArn:
        return None
    return (account, ports.settings.region) if is_account_id(account) else None


async def verify(call: Call, token: str, *, account: str) -> tuple[OidcProvider, WebIdentity]:
    """Who the token says its holder is, and the account's provider that vouches for it.

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
    provider = await call.ports.iam_store.find(OidcProvider, account, issuer.partition("://")[2])
    if provider is None or provider.url != issuer:
        raise invalid_token(NO_PROVIDER.format(issuer=issuer))
    try:
        verify_jws(read, await find_keys(call, issuer, read), algorithms=ALGORITHMS)
    except TokenRefused as refused:
        raise invalid_token(BAD_SIGNATURE) from refused
    try:
        # The signature covers the very payload that was read above.
        identity = read_web_identity(claims, provider=provider.name, client_ids=provider.client_ids, now=call.now)
    except WebIdentityRefused as refused:
        raise token_refused(call, refused) from refused
    return provider, identity


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


def weigh(
    call: Call,
    role: Role,
    asked: Asked,
    *,
    identity: WebIdentity,
    provider: OidcProvider,
    guardrails: tuple[CompiledPolicies, ...],
) -> None:
    """Let the token's holder assume the role so, or refuse. The guardrails are those of the role's account.

    Raises:
        ServiceError: AccessDenied.
    """
    trust = NamedPolicy("trust", parse_stored_policy(role.trust_policy, kind=Kind.TRUST))
    trust_policy = compile_policies([trust], actions=None)
    context = context_of(call, {**assumption_keys(role, asked), **identity.keys})
    actions = [ACTION]
    actions += ["sts:TagSession"] if asked.session_tags else []
    actions += ["sts:SetSourceIdentity"] if asked.source_identity is not None else []
    for action in actions:
        request = AuthorizationRequest(
            action=action,
            resource=arn_of(role),
            principal=Principal.federated(provider.arn),
            resource_account=role.account,
            context=context,
        )
        decision = weigh_federation(request, trust_policy=trust_policy, guardrails=guardrails)
        if decision.outcome is not Outcome.ALLOW:
            raise access_denied(DENIED.format(action=action))


def invalid_token(message: str) -> ServiceError:
    """400."""
    return ServiceError("InvalidIdentityToken", message, status=400)


def token_refused(call: Call, refused: WebIdentityRefused) -> ServiceError:
    """A rule's refusal, as AWS's error."""
    if refused.fault is Fault.EXPIRED:
        message = EXPIRED.format(now=int(call.now.timestamp()), expiry=refused.detail)
        return ServiceError("ExpiredTokenException", message, status=400)
    return invalid_token(FAULTS[refused.fault].format(detail=refused.detail))
