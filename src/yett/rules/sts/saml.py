"""What a SAML assertion must say to open a session of a role, and what it says of its subject.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct, structs

from yett.rules.sts.federation import ProviderTagsRefused, is_source_identity, read_provider_tags
from yett.rules.sts.limits import (
    SAML_REDEEMED_SECONDS,
    SAML_SESSION_SECONDS,
    SAML_SKEW_SECONDS,
    SAML_SUBJECT_CHARACTERS,
)
from yett.rules.sts.saml_attributes import attribute_keys
from yett.tokens.saml.response import Assertion, Confirmation
from yett.values.errors import Refusal

SIGN_IN: Final = "https://signin.aws.amazon.com/saml"
WEB_SERVICES: Final = "urn:amazon:webservices"
BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
FORMAT_PREFIX: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
# UNCERTAIN: what `saml:sub_type` has where the NameID has no Format; here SAML's own default, whole.
UNSPECIFIED: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"

PREFIX: Final = "https://aws.amazon.com/SAML/Attributes/"
ROLE: Final = f"{PREFIX}Role"
ROLE_SESSION_NAME: Final = f"{PREFIX}RoleSessionName"
SESSION_DURATION: Final = f"{PREFIX}SessionDuration"
SOURCE_IDENTITY: Final = f"{PREFIX}SourceIdentity"
TRANSITIVE_TAG_KEYS: Final = f"{PREFIX}TransitiveTagKeys"
PRINCIPAL_TAG: Final = f"{PREFIX}PrincipalTag:"

_SESSION_NAME: Final = re.compile(r"[a-zA-Z_0-9+=,.@-]{2,64}")
_REGIONAL: Final = re.compile(
    r"https://[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}\.signin\.aws\.amazon\.com/saml(/acs/[A-Z0-9]+)?"
)


class Fault(StrEnum):
    """What is wrong with an assertion whose signature is good."""

    STATUS = "STATUS"  # the provider says that nobody was authenticated
    ISSUER = "ISSUER"
    SUBJECT = "SUBJECT"  # there is none, or it is not confirmed as a bearer
    RECIPIENT = "RECIPIENT"
    AUDIENCE = "AUDIENCE"
    EXPIRED = "EXPIRED"
    NOT_YET_VALID = "NOT_YET_VALID"
    TOO_OLD = "TOO_OLD"  # since it was issued
    ROLE = "ROLE"  # the role and the provider are no pair of the assertion's
    SESSION_NAME_MISSING = "SESSION_NAME_MISSING"
    SESSION_NAME = "SESSION_NAME"
    SESSION_DURATION = "SESSION_DURATION"
    SOURCE_IDENTITY = "SOURCE_IDENTITY"
    TAGS = "TAGS"
    USED = "USED"  # it was for one use


class AssertionRefused(Refusal):
    """The assertion makes nobody's session."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class ServiceProvider(Struct, frozen=True, kw_only=True):
    """For whom an assertion may be: AWS, under the URLs that its own sign-in has, or this server."""

    provider_uuid: str  # SAMLProviderUUID, which an address of a provider's own ends with
    own_url: str  # this server's, without a slash at the end
    is_own_only: bool = False  # whether only the provider's own addresses count: where it must encrypt

    def is_recipient(self, url: str | None) -> bool:
        """Whether an assertion that is sent to this address is for us.

        The address of another provider is not; where assertions must be encrypted, nor is the one of all providers.

        Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html
        """
        own = f"/acs/{self.provider_uuid}"
        endings = {own} if self.is_own_only else {"", own}
        if url in {base + ending for base in (SIGN_IN, f"{self.own_url}/saml") for ending in endings}:
            return True
        regional = None if url is None else _REGIONAL.fullmatch(url)
        return regional is not None and (regional[1] or "") in endings

    def is_audience(self, name: str) -> bool:
        """Whether an assertion for this audience is for us: it may be for all of the account's providers."""
        return name == WEB_SERVICES or structs.replace(self, is_own_only=False).is_recipient(name)


class OneUse(Struct, frozen=True, kw_only=True):
    """An assertion that may be used once: what is remembered of it, and until when."""

    mark: str
    until: datetime


class SamlIdentity(Struct, frozen=True, kw_only=True):
    """Whom a provider vouches for, and what session it asks for."""

    subject: str
    subject_type: str
    issuer: str
    audience: str  # the recipient, as AWS's answers and `saml:aud` have it
    name_qualifier: str
    session_name: str
    seconds: int | None  # SessionDuration: at most so long
    ends_at: datetime | None  # SessionNotOnOrAfter: at most until then
    tags: Mapping[str, str]
    transitive_tag_keys: tuple[str, ...]
    source_identity: str | None
    attributes: Mapping[str, tuple[str, ...]]  # the condition keys that the subject's attributes give
    provider: str  # "123456789012/ExampleIdP"
    one_use: OneUse | None  # None: it may be used as often as one likes, while it is good

    @property
    def request_keys(self) -> Mapping[str, str | tuple[str, ...]]:
        """The condition keys that trust policies may ask for.

        Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-saml
        """
        return {
            **self.attributes,
            **self.session_keys,
            "saml:aud": self.audience,
            "saml:iss": self.issuer,
            "saml:doc": self.provider,
        }

    @property
    def session_keys(self) -> Mapping[str, str | tuple[str, ...]]:
        """The condition keys of all that the session will do.

        Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-saml_permission-policy
        """
        return {
            "saml:namequalifier": self.name_qualifier,
            "saml:sub": self.subject,
            "saml:sub_type": self.subject_type,
        }


def read_saml_identity(
    assertion: Assertion,
    *,
    entity_id: str,
    account: str,
    provider_name: str,
    role_arn: str,
    provider_arn: str,
    service_provider: ServiceProvider,
    now: datetime,
) -> SamlIdentity:
    """Read an assertion whose signature is one of the provider's.

    *account* and *provider_name* are those of the provider. As on AWS an assertion may be handed in again, for the same
    role or another that it lists, until it is five minutes old.

    Raises:
        AssertionRefused
    """
    if not assertion.is_success:
        raise AssertionRefused(Fault.STATUS)
    if assertion.issuer != entity_id:
        raise AssertionRefused(Fault.ISSUER)
    check_time(assertion, now)
    recipient = confirm(assertion, service_provider, now)
    check_audience(assertion, service_provider)
    subject, subject_format = assertion.subject, assertion.subject_format or UNSPECIFIED
    if subject is None or max(len(subject), len(subject_format)) > SAML_SUBJECT_CHARACTERS:
        raise AssertionRefused(Fault.SUBJECT)
    if not lists_pair(assertion, role_arn, provider_arn):
        raise AssertionRefused(Fault.ROLE)
    tags, transitive_tag_keys = read_tags(assertion)
    return SamlIdentity(
        subject=subject,
        subject_type=subject_format.removeprefix(FORMAT_PREFIX),
        issuer=assertion.issuer,
        audience=recipient,
        name_qualifier=qualify(assertion.issuer, account, provider_name),
        session_name=read_session_name(assertion),
        seconds=read_duration(assertion),
        ends_at=assertion.session_not_on_or_after,
        tags=tags,
        transitive_tag_keys=transitive_tag_keys,
        source_identity=read_source_identity(assertion),
        attributes=attribute_keys(assertion.attributes),
        provider=f"{account}/{provider_name}",
        one_use=read_one_use(assertion) if assertion.is_for_one_use else None,
    )


def read_one_use(assertion: Assertion) -> OneUse:
    """What to remember of an assertion for one use: its issuer and id, until it would be too old anyway.

    UNCERTAIN: whether AWS keeps to ``OneTimeUse``, as SAML asks of whoever relies on an assertion.

    Source: https://docs.oasis-open.org/security/saml/v2.0/saml-core-2.0-os.pdf (section 2.5.1.5)
    """
    mark = hashlib.sha256(f"{len(assertion.issuer)} {assertion.issuer} {assertion.id}".encode()).hexdigest()
    return OneUse(mark=mark, until=assertion.issued_at + timedelta(seconds=SAML_REDEEMED_SECONDS))


def check_time(assertion: Assertion, now: datetime) -> None:
    """Refuse an assertion before or after its time.

    Raises:
        AssertionRefused
    """
    ends = (assertion.not_on_or_after, assertion.session_not_on_or_after)
    if any(end is not None and end <= now for end in ends):
        raise AssertionRefused(Fault.EXPIRED)
    if assertion.issued_at + timedelta(seconds=SAML_REDEEMED_SECONDS) <= now:
        raise AssertionRefused(Fault.TOO_OLD)
    latest = now + timedelta(seconds=SAML_SKEW_SECONDS)
    if assertion.issued_at > latest or (assertion.not_before is not None and assertion.not_before > latest):
        raise AssertionRefused(Fault.NOT_YET_VALID)


def confirm(assertion: Assertion, service_provider: ServiceProvider, now: datetime) -> str:
    """The address that the assertion was made for, if whoever bears it is its subject there, and still.

    Raises:
        AssertionRefused: There is not exactly one confirmation, or it is another, or over.

    Source: https://docs.oasis-open.org/security/saml/v2.0/saml-profiles-2.0-os.pdf (section 4.1.4.2)
    """
    match assertion.confirmations:
        case [Confirmation(method=method, not_on_or_after=datetime() as end) as confirmation] if method == BEARER:
            pass
        case _:
            raise AssertionRefused(Fault.SUBJECT)
    if confirmation.not_before is not None and confirmation.not_before > now + timedelta(seconds=SAML_SKEW_SECONDS):
        raise AssertionRefused(Fault.NOT_YET_VALID)
    if end <= now:
        raise AssertionRefused(Fault.EXPIRED)
    recipient = confirmation.recipient
    if recipient is None or not service_provider.is_recipient(recipient):
        raise AssertionRefused(Fault.RECIPIENT)
    # https://docs.oasis-open.org/security/saml/v2.0/saml-bindings-2.0-os.pdf (section 3.5.5.2)
    if assertion.destination is not None and not service_provider.is_recipient(assertion.destination):
        raise AssertionRefused(Fault.RECIPIENT)
    return recipient


def check_audience(assertion: Assertion, service_provider: ServiceProvider) -> None:
    """Refuse an assertion that is not restricted to us; each of its restrictions must name us.

    Raises:
        AssertionRefused
    """
    restrictions = assertion.audiences
    if not restrictions or not all(any(map(service_provider.is_audience, names)) for names in restrictions):
        raise AssertionRefused(Fault.AUDIENCE)


def values_of(assertion: Assertion, name: str) -> list[str | None] | None:
    """All values of the attributes of this name, whose case counts; None where there is no such attribute."""
    found = [attribute for attribute in assertion.attributes if attribute.name == name]
    return [value for attribute in found for value in attribute.values] if found else None


def lists_pair(assertion: Assertion, role_arn: str, provider_arn: str) -> bool:
    """Whether the assertion lets its subject have this role by this provider; a pair's order does not matter."""
    for value in values_of(assertion, ROLE) or ():
        pair = [] if value is None else [part.strip() for part in value.split(",")]
        if sorted(pair) == sorted((role_arn, provider_arn)):
            return True
    return False


def read_session_name(assertion: Assertion) -> str:
    """The name of the session.

    Raises:
        AssertionRefused: There is not one, or no session can have it.
    """
    match values_of(assertion, ROLE_SESSION_NAME):
        case None | []:
            raise AssertionRefused(Fault.SESSION_NAME_MISSING)
        case [str() as name] if _SESSION_NAME.fullmatch(name):
            return name
        case _:
            raise AssertionRefused(Fault.SESSION_NAME)


def read_duration(assertion: Assertion) -> int | None:
    """How long the provider lets the session last, in seconds.

    Raises:
        AssertionRefused: It is no number of seconds that a session may last.
    """
    low, high = SAML_SESSION_SECONDS
    match values_of(assertion, SESSION_DURATION):
        case None:
            return None
        case [str() as text] if text.isascii() and text.isdigit() and len(text) <= 5 and low <= int(text) <= high:
            return int(text)
        case _:
            raise AssertionRefused(Fault.SESSION_DURATION)


def read_source_identity(assertion: Assertion) -> str | None:
    """The source identity, if the provider sets one.

    Raises:
        AssertionRefused
    """
    match values_of(assertion, SOURCE_IDENTITY):
        case None:
            return None
        case [str() as text] if is_source_identity(text):
            return text
        case _:
            raise AssertionRefused(Fault.SOURCE_IDENTITY)


def read_tags(assertion: Assertion) -> tuple[dict[str, str], tuple[str, ...]]:
    """Session tags, and the keys of those that are transitive.

    Raises:
        AssertionRefused: No session can have them, or one is set twice.
    """
    tags: dict[str, object] = {}
    for attribute in assertion.attributes:
        if attribute.name.startswith(PRINCIPAL_TAG):
            key = attribute.name.removeprefix(PRINCIPAL_TAG)
            if key in tags:
                raise AssertionRefused(Fault.TAGS)
            tags[key] = list(attribute.values)
    try:
        return read_provider_tags(tags, values_of(assertion, TRANSITIVE_TAG_KEYS) or ())
    except ProviderTagsRefused as refused:
        raise AssertionRefused(Fault.TAGS) from refused


def qualify(issuer: str, account: str, provider_name: str) -> str:
    """What makes a subject's name unique, together with it.

    Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html (NameQualifier)
    """
    digest = hashlib.sha1(f"{issuer}{account}/{provider_name}".encode(), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


def shorten(seconds: int, identity: SamlIdentity, now: datetime) -> int:
    """How long a session lasts that is to last *seconds*: no longer than the provider says, nor than until it says."""
    if identity.seconds is not None:
        seconds = min(seconds, identity.seconds)
    if identity.ends_at is not None:
        seconds = min(seconds, int((identity.ends_at - now).total_seconds()))
    return seconds
