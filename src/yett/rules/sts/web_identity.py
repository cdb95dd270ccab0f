"""What a web identity token says of its holder, and who may assume a role with it.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from yett.rules.sts.federation import ProviderTagsRefused, is_source_identity, read_provider_tags
from yett.tokens import TokenFault, TokenRefused, verify_claims
from yett.values.errors import Refusal

# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
ALGORITHMS: Final = frozenset({"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"})
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-assume-role-idp
TAGS_CLAIM: Final = "https://aws.amazon.com/tags"
SOURCE_IDENTITY_CLAIM: Final = "https://aws.amazon.com/source_identity"
GOOGLE: Final = "accounts.google.com"
# What `iss` has in the tokens of providers that need no registration -> where their keys are found. Trust policies name
# them by host. Of those with access tokens of OAuth 2.0 (Facebook, Login with Amazon) none is taken.
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html
# Source: https://developers.google.com/identity/gsi/web/guides/verify-google-id-token (both forms of Google's `iss`)
BUILT_IN: Final[Mapping[str, str]] = {
    "https://accounts.google.com": "https://accounts.google.com",
    "accounts.google.com": "https://accounts.google.com",
    "https://cognito-identity.amazonaws.com": "https://cognito-identity.amazonaws.com",
}


class Fault(StrEnum):
    """What is wrong with a token."""

    MALFORMED = "MALFORMED"  # no JWT
    EXPIRED = "EXPIRED"
    NOT_YET_VALID = "NOT_YET_VALID"
    MISSING_CLAIM = "MISSING_CLAIM"
    AUDIENCE = "AUDIENCE"
    TAGS = "TAGS"
    SOURCE_IDENTITY = "SOURCE_IDENTITY"


class WebIdentityRefused(Refusal):
    """The token makes nobody's session. ``detail`` is what the fault is about: a claim, a moment."""

    def __init__(self, fault: Fault, detail: str = "") -> None:
        super().__init__(f"{fault.value} {detail}".strip())
        self.fault = fault
        self.detail = detail


class WebIdentity(Struct, frozen=True, kw_only=True):
    """Whom a provider vouches for."""

    provider: str  # its URL without the scheme: what condition keys begin with
    subject: str
    audience: str
    original_audience: tuple[str, ...]  # what `aud` has in a token of Google's with an `azp`
    methods: tuple[str, ...]  # amr
    tags: Mapping[str, str]
    transitive_tag_keys: tuple[str, ...]
    source_identity: str | None

    @property
    def keys(self) -> Mapping[str, str | tuple[str, ...]]:
        """The condition keys of this request, and of all that the session will make.

        Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
        """
        keys: dict[str, str | tuple[str, ...]] = {
            f"{self.provider}:aud": self.audience,
            f"{self.provider}:sub": self.subject,
        }
        if self.original_audience:
            keys[f"{self.provider}:oaud"] = self.original_audience
        return keys | ({f"{self.provider}:amr": self.methods} if self.methods else {})


def read_web_identity(
    claims: Mapping[str, Any], *, provider: str, client_ids: Iterable[str] | None, now: datetime
) -> WebIdentity:
    """Read the claims of a token whose signature and issuer are good.

    *client_ids* is None of a provider that nobody registered: for whom its tokens are, trust policies alone decide.

    Raises:
        WebIdentityRefused: It is too old or too young, or for another audience, or a claim is no good.
    """
    check_time(claims, now)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise WebIdentityRefused(Fault.MISSING_CLAIM, "sub")
    methods = claims.get("amr", [])
    listed = methods if isinstance(methods, list) else [methods]
    tags, transitive_tag_keys = read_tags(claims.get(TAGS_CLAIM))
    return WebIdentity(
        provider=provider,
        subject=subject,
        audience=read_audience(claims, None if client_ids is None else frozenset(client_ids)),
        original_audience=read_original_audience(claims) if provider == GOOGLE else (),
        methods=tuple(method for method in listed if isinstance(method, str)),
        tags=tags,
        transitive_tag_keys=transitive_tag_keys,
        source_identity=read_source_identity(claims.get(SOURCE_IDENTITY_CLAIM)),
    )


def check_time(claims: Mapping[str, Any], now: datetime) -> None:
    """Refuse a token before or after its time.

    Raises:
        WebIdentityRefused
    """
    for name in ("exp", "iat"):
        if name not in claims:
            raise WebIdentityRefused(Fault.MISSING_CLAIM, name)
    try:
        verify_claims(claims, now=now)
    except TokenRefused as refused:
        match refused.fault:
            case TokenFault.EXPIRED:
                raise WebIdentityRefused(Fault.EXPIRED, str(int(claims["exp"]))) from refused
            case TokenFault.NOT_YET_VALID:
                raise WebIdentityRefused(Fault.NOT_YET_VALID) from refused
            case _:
                raise WebIdentityRefused(Fault.MALFORMED) from refused


def read_audience(claims: Mapping[str, Any], client_ids: frozenset[str] | None) -> str:
    """For whom the token is: one of the provider's client ids, if it has any.

    OBSERVED: where there is an ``azp``, it is that which counts (https://github.com/aws/aws-sdk-net/issues/3071).

    Raises:
        WebIdentityRefused: It is for somebody else.
    """
    if "aud" not in claims:
        raise WebIdentityRefused(Fault.MISSING_CLAIM, "aud")
    given = claims["azp"] if claims.get("azp") is not None else claims["aud"]
    # UNCERTAIN: which of several audiences the condition key has, where there is no azp; here the first that is known.
    for value in given if isinstance(given, list) else [given]:
        if isinstance(value, str) and (value in client_ids if client_ids is not None else value):
            return value
    raise WebIdentityRefused(Fault.AUDIENCE)


def read_original_audience(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """What ``accounts.google.com:oaud`` has: the ``aud`` that stood back for an ``azp``.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
    """
    if claims.get("azp") is None:
        return ()
    given = claims.get("aud")
    return tuple(value for value in (given if isinstance(given, list) else [given]) if isinstance(value, str))


def read_tags(claim: object) -> tuple[dict[str, str], tuple[str, ...]]:
    """Session tags and the keys of those that are transitive.

    Raises:
        WebIdentityRefused
    """
    if claim is None:
        return {}, ()
    principal_tags = claim.get("principal_tags", {}) if isinstance(claim, Mapping) else None
    if not isinstance(claim, Mapping) or not isinstance(principal_tags, Mapping):
        raise WebIdentityRefused(Fault.TAGS)
    try:
        return read_provider_tags(principal_tags, claim.get("transitive_tag_keys", []))
    except ProviderTagsRefused as refused:
        raise WebIdentityRefused(Fault.TAGS) from refused


def read_source_identity(claim: object) -> str | None:
    """The source identity, if the provider sets one.

    Raises:
        WebIdentityRefused
    """
    if claim is None:
        return None
    if isinstance(claim, str) and is_source_identity(claim):
        return claim
    raise WebIdentityRefused(Fault.SOURCE_IDENTITY)
