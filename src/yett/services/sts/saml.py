"""AssumeRoleWithSAML: a role's permissions for whoever has a signed assertion of a provider that the role trusts.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html
"""

from collections.abc import Mapping
from typing import Final

from yett.ports.iam_store import AssertionEncryptionMode, SamlProvider
from yett.rules.sts.saml import AssertionRefused, Fault, SamlIdentity, ServiceProvider, read_saml_identity, shorten
from yett.services.call import Call, ServiceError
from yett.services.sts.errors import validation_error
from yett.services.sts.federation import (
    DENIED,
    Vouched,
    expired_token,
    invalid_token,
    open_session,
    read_role_arn,
)
from yett.services.sts.sessions import Answer, Params
from yett.tokens import TokenFault, TokenRefused
from yett.tokens.saml.response import Assertion, read_response, verify_response
from yett.values.arn import Arn, NotAnArn

ACTION: Final = "sts:AssumeRoleWithSAML"
# OBSERVED: these texts, in reports of clients and in AWS's page of troubleshooting
# (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_saml.html).
NO_PROVIDER: Final = "Specified provider doesn't exist"
BAD_SIGNATURE: Final = "Response signature invalid"
ISSUER: Final = "Issuer not present in specified provider"
# UNCERTAIN: what a response is told that is no document, or not of SAML's form.
UNREADABLE: Final = "Invalid base64 SAMLResponse"
MALFORMED: Final = "Invalid SAML response"
UNENCRYPTED: Final = "Response does not contain an encrypted assertion"
FAULTS: Final[Mapping[Fault, tuple[str, str]]] = {
    Fault.ISSUER: ("InvalidIdentityToken", ISSUER),
    Fault.SUBJECT: ("AccessDenied", DENIED.format(action=ACTION)),
    Fault.AUDIENCE: ("InvalidIdentityToken", "Response does not contain the required audience."),
    Fault.EXPIRED: ("ExpiredTokenException", "Response has expired"),
    Fault.TOO_OLD: ("ExpiredTokenException", "Token must be redeemed within 5 minutes of issuance"),
    Fault.ROLE: (
        "InvalidIdentityToken",
        "SAML Assertion doesn't contain the requested Role and Metadata in the attributes",
    ),
    Fault.SESSION_NAME_MISSING: ("InvalidIdentityToken", "RoleSessionName is required in AuthnResponse"),
    Fault.SESSION_NAME: (
        "InvalidIdentityToken",
        "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}",
    ),
    Fault.SOURCE_IDENTITY: (
        "InvalidIdentityToken",
        'Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"',
    ),
    # UNCERTAIN: the texts from here on.
    Fault.STATUS: ("IDPRejectedClaim", "The identity provider reported that authentication failed"),
    Fault.RECIPIENT: ("InvalidIdentityToken", "Response does not contain the required recipient"),
    Fault.NOT_YET_VALID: ("InvalidIdentityToken", "Response is not yet valid"),
    Fault.SESSION_DURATION: ("InvalidIdentityToken", "SessionDuration in AuthnResponse is invalid"),
    Fault.TAGS: ("InvalidIdentityToken", "The session tags in AuthnResponse are invalid"),
    Fault.USED: ("InvalidIdentityToken", "Response was used before"),
}
STATUS: Final[Mapping[str, int]] = {"AccessDenied": 403, "IDPRejectedClaim": 403}  # the others: 400


async def assume_role_with_saml(call: Call, params: Params) -> Answer:
    """Give the bearer of an assertion a session of a role that trusts the assertion's provider.

    Raises:
        ServiceError: InvalidIdentityToken, ExpiredTokenException or IDPRejectedClaim, for the assertion; AccessDenied,
            for a role that does not exist or does not trust its provider; ValidationError, for a session that is too
            long.
    """
    read_role_arn(params["RoleArn"])
    provider = await find_provider(call, params["PrincipalArn"])
    identity = read_identity(call, params, provider)
    vouched = Vouched(
        action=ACTION,
        provider=provider.arn,
        session_name=identity.session_name,
        tags=identity.tags,
        transitive_tag_keys=identity.transitive_tag_keys,
        source_identity=identity.source_identity,
        request_keys=identity.request_keys,
        session_keys=identity.session_keys,
    )
    if identity.one_use is not None and not await call.ports.iam_store.use_once(
        call.account, identity.one_use.mark, until=identity.one_use.until, now=call.now
    ):
        raise refused_as(Fault.USED)
    opened = await open_session(call, params, vouched, bound=lambda seconds: shorten(seconds, identity, call.now))
    return {
        **opened,
        "Subject": identity.subject,
        "SubjectType": identity.subject_type,
        "Issuer": identity.issuer,
        "Audience": identity.audience,
        "NameQualifier": identity.name_qualifier,
    }


async def find_provider(call: Call, text: str) -> SamlProvider:
    """The provider of this very ARN, which is of the role's account.

    Raises:
        ServiceError: ValidationError, when it is no ARN of a provider; InvalidIdentityToken, when there is none.
    """
    try:
        arn = Arn.parse(text)
    except NotAnArn as error:
        raise validation_error("Request ARN is invalid") from error
    if arn.service != "iam" or not arn.resource.startswith("saml-provider/"):
        raise validation_error("Request ARN is invalid")
    # The call's account is the role's, which a provider of another account vouches for nobody in.
    name = arn.resource.removeprefix("saml-provider/")
    provider = await call.ports.iam_store.find(SamlProvider, call.account, name)
    if provider is None or provider.arn != text:
        raise invalid_token(NO_PROVIDER)
    return provider


def read_identity(call: Call, params: Params, provider: SamlProvider) -> SamlIdentity:
    """Whom the provider vouches for.

    Raises:
        ServiceError
    """
    try:
        return read_saml_identity(
            verify(call, params["SAMLAssertion"], provider),
            entity_id=provider.entity_id,
            account=provider.account,
            provider_name=provider.name,
            role_arn=params["RoleArn"],
            provider_arn=provider.arn,
            service_provider=ServiceProvider(
                provider_uuid=provider.id,
                own_url=call.ports.settings.public_url,
                is_own_only=provider.encryption_mode is AssertionEncryptionMode.REQUIRED,
            ),
            now=call.now,
        )
    except AssertionRefused as refused:
        raise refused_as(refused.fault) from refused


def refused_as(fault: Fault) -> ServiceError:
    """A rule's refusal, as AWS's error."""
    code, message = FAULTS[fault]
    return ServiceError(code, message, status=STATUS.get(code, 400))


def verify(call: Call, text: str, provider: SamlProvider) -> Assertion:
    """What the response asserts, signed by one of the provider's keys.

    Raises:
        ServiceError: InvalidIdentityToken, ExpiredTokenException.
    """
    try:
        response = read_response(text)
    except TokenRefused as refused:
        is_document = refused.fault in {TokenFault.CLAIM, TokenFault.SIGNATURE}
        raise invalid_token(MALFORMED if is_document else UNREADABLE) from refused
    if response.issuer not in {provider.entity_id, None}:
        raise invalid_token(ISSUER)
    # UNCERTAIN: what is told when the provider's metadata is over.
    if provider.valid_until <= call.now:
        raise expired_token("Metadata of the specified provider has expired")
    if provider.encryption_mode is AssertionEncryptionMode.REQUIRED and not response.is_encrypted:
        raise invalid_token(UNENCRYPTED)
    try:
        return verify_response(
            response, provider.certificates, private_keys=[key.pem.reveal() for key in provider.private_keys]
        )
    except TokenRefused as refused:
        raise invalid_token(MALFORMED if refused.fault is TokenFault.CLAIM else BAD_SIGNATURE) from refused
