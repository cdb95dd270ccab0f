"""A SAML response with one signed assertion, taken apart. Whether what it asserts is good now, and here, rules say.

Signature wrapping is met by counting: in the whole document there is one assertion, below the response itself, each
signature is the child of what it signs, and no two elements have one id. What is read is read in the signed bytes.
An encrypted assertion is opened, and then has to be what one in clear has to be.

Source: https://docs.oasis-open.org/security/saml/v2.0/saml-core-2.0-os.pdf
Source: https://www.usenix.org/conference/usenixsecurity12/technical-sessions/presentation/somorovsky
"""

import base64
import binascii
from collections.abc import Iterable
from datetime import datetime
from typing import Final
from xml.sax.saxutils import quoteattr

from msgspec import Struct

from yett.tokens.errors import TokenFault, TokenRefused
from yett.tokens.limits import SAML_NAMESPACES, SAML_RESPONSE_BYTES
from yett.tokens.saml.encryption import decrypt_element, read_private_key, shut
from yett.tokens.saml.metadata import load_certificate
from yett.tokens.saml.signature import check_ids, verify_enveloped
from yett.tokens.saml.xml import (
    ASSERTION,
    PROTOCOL,
    SIGNATURE,
    Element,
    attribute_needed,
    children,
    elements,
    moment_of,
    named,
    only_child,
    read_xml,
    text_needed,
    text_of,
)

SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
UNDERSTOOD_CONDITIONS: Final = frozenset(
    {f"{ASSERTION}AudienceRestriction", f"{ASSERTION}OneTimeUse", f"{ASSERTION}ProxyRestriction"}
)


class UnverifiedResponse(Struct, frozen=True, kw_only=True):
    """A response of the right shape, of which nothing is verified: good for telling whose keys to try."""

    root: Element
    issuer: str | None  # of the assertion; of the response, which may have none, if the assertion is encrypted
    is_encrypted: bool


class Confirmation(Struct, frozen=True, kw_only=True):
    """How whoever presents the assertion is known to be its subject."""

    method: str  # "urn:oasis:names:tc:SAML:2.0:cm:bearer"
    recipient: str | None
    not_before: datetime | None
    not_on_or_after: datetime | None


class Attribute(Struct, frozen=True, kw_only=True):
    """One attribute of the subject."""

    name: str
    values: tuple[str | None, ...]  # None: a value that is no plain text


class Assertion(Struct, frozen=True, kw_only=True):
    """What a signed assertion says. Moments are as the provider wrote them."""

    id: str
    issuer: str
    issued_at: datetime
    is_success: bool  # what the response's status says
    destination: str | None  # the response's; signed only if the response is
    subject: str | None  # the NameID
    subject_format: str | None  # a URN
    confirmations: tuple[Confirmation, ...]
    not_before: datetime | None
    not_on_or_after: datetime | None
    audiences: tuple[tuple[str, ...], ...]  # of each restriction; each must be met by one
    is_for_one_use: bool
    session_not_on_or_after: datetime | None  # the earliest, of all statements of authentication
    attributes: tuple[Attribute, ...]


def read_response(text: str) -> UnverifiedResponse:
    """Take a response in base 64 apart, as the HTTP POST binding carries it.

    Raises:
        TokenRefused: ENCODING or TOO_LARGE, when it is no document; CLAIM, when it is another one, or has not exactly
            one assertion; SIGNATURE, when a signature or an id is where it could mean something else.
    """
    try:
        document = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise TokenRefused(TokenFault.ENCODING, "the response is not in base 64") from error
    root = read_xml(document, largest_bytes=SAML_RESPONSE_BYTES, most_namespaces=SAML_NAMESPACES)
    if root.tag != f"{PROTOCOL}Response" or root.get("Version") != "2.0":
        raise TokenRefused(TokenFault.CLAIM, "the document is no response of SAML 2.0")
    check_ids(root)
    assertions = list(named(root, "Assertion", "EncryptedAssertion"))
    in_clear, encrypted = (children(root, ASSERTION + name) for name in ("Assertion", "EncryptedAssertion"))
    if len(assertions) != 1 or assertions != [*in_clear, *encrypted]:
        raise TokenRefused(TokenFault.CLAIM, "the response has not exactly one assertion")
    check_signatures(root, root, *in_clear)
    own = only_child(root, f"{ASSERTION}Issuer")
    issuer = issuer_of(in_clear[0]) if in_clear else None if own is None else text_needed(own)
    return UnverifiedResponse(root=root, issuer=issuer, is_encrypted=bool(encrypted))


def check_signatures(root: Element, *signed: Element) -> None:
    """Refuse signatures that are not children of the elements that may have one.

    Raises:
        TokenRefused
    """
    for signature in named(root, "Signature"):
        if signature.tag != f"{SIGNATURE}Signature" or signature.getparent() not in signed:
            raise TokenRefused(TokenFault.SIGNATURE, "a signature is where none belongs")


def verify_response(
    response: UnverifiedResponse, certificates: Iterable[bytes], *, private_keys: Iterable[str] = ()
) -> Assertion:
    """What the response asserts, if every signature in it is good, and one covers the assertion.

    *certificates* (DER) are those of the provider whose keys count, *private_keys* (PEM) those that open what it has
    encrypted.

    Raises:
        TokenRefused
    """
    loaded = [load_certificate(der) for der in certificates]
    root = response.root
    is_response_signed = bool(children(root, f"{SIGNATURE}Signature"))
    if is_response_signed:
        root = verify_enveloped(root, loaded)
    assertion = open_assertion(root, private_keys) if response.is_encrypted else only_assertion(root)
    if children(assertion, f"{SIGNATURE}Signature") or not is_response_signed:
        try:
            assertion = verify_enveloped(assertion, loaded)
        except TokenRefused as refused:
            if response.is_encrypted:  # what was opened is not authentic: nobody learns what is in it
                raise shut() from refused
            raise
    return describe(root, assertion)


def only_assertion(root: Element) -> Element:
    """The assertion below a response."""
    found = only_child(root, f"{ASSERTION}Assertion")
    if found is None:
        raise TokenRefused(TokenFault.CLAIM, "the response has no assertion")
    return found


def open_assertion(root: Element, private_keys: Iterable[str]) -> Element:
    """The encrypted assertion below a response, in clear. It is not authentic yet.

    Raises:
        TokenRefused: With one and the same fault, whatever is wrong with what was opened.
    """
    encrypted = only_child(root, f"{ASSERTION}EncryptedAssertion")
    if encrypted is None:
        raise shut()
    document = decrypt_element(encrypted, [read_private_key(each) for each in private_keys])
    # What was encrypted stood among the namespaces of its place, and stands among them again.
    names = {"xmlns" if prefix is None else f"xmlns:{prefix}": uri for prefix, uri in encrypted.nsmap.items()}
    spaces = "".join(f" {name}={quoteattr(uri)}" for name, uri in names.items())
    try:
        place = read_xml(
            f"<place{spaces}>".encode() + document + b"</place>",
            largest_bytes=2 * SAML_RESPONSE_BYTES,
            most_namespaces=2 * SAML_NAMESPACES,
        )
        check_ids(place)
        found = list(named(place, "Assertion", "EncryptedAssertion"))
        check_signatures(place, *found)
    except TokenRefused as refused:
        raise shut() from refused
    is_alone = len(found) == 1 and found == list(place) and not place.text and not found[0].tail
    if not is_alone or found[0].tag != f"{ASSERTION}Assertion":
        raise shut()
    return found[0]


def describe(root: Element, assertion: Element) -> Assertion:
    """The members of an assertion whose every byte is signed.

    Raises:
        TokenRefused: It is not of SAML's form.
    """
    if assertion.get("Version") != "2.0":
        raise TokenRefused(TokenFault.CLAIM, "the assertion is none of SAML 2.0")
    issuer = issuer_of(assertion)
    own = only_child(root, f"{ASSERTION}Issuer")
    if own is not None and text_needed(own) != issuer:
        raise TokenRefused(TokenFault.ISSUER, "response and assertion have different issuers")
    issued_at = moment_of(assertion, "IssueInstant")
    if issued_at is None:
        raise TokenRefused(TokenFault.CLAIM, "the assertion does not say when it was issued")
    subject = only_child(assertion, f"{ASSERTION}Subject")
    name = None if subject is None else only_child(subject, f"{ASSERTION}NameID")
    conditions = only_child(assertion, f"{ASSERTION}Conditions")
    listed = [] if conditions is None else elements(conditions)
    if any(condition.tag not in UNDERSTOOD_CONDITIONS for condition in listed):
        raise TokenRefused(TokenFault.CLAIM, "the assertion has a condition that is not understood")
    statements = children(assertion, f"{ASSERTION}AuthnStatement")
    if not statements:  # saml-profiles-2.0-os, section 4.1.4.2
        raise TokenRefused(TokenFault.CLAIM, "the assertion does not say that anybody was authenticated")
    sessions = [
        moment for statement in statements if (moment := moment_of(statement, "SessionNotOnOrAfter")) is not None
    ]
    return Assertion(
        id=attribute_needed(assertion, "ID"),
        issuer=issuer,
        issued_at=issued_at,
        is_success=is_success(root),
        destination=root.get("Destination"),
        subject=None if name is None else text_needed(name),
        subject_format=None if name is None else name.get("Format"),
        confirmations=() if subject is None else tuple(read_confirmations(subject)),
        not_before=None if conditions is None else moment_of(conditions, "NotBefore"),
        not_on_or_after=None if conditions is None else moment_of(conditions, "NotOnOrAfter"),
        audiences=tuple(
            tuple(text_needed(audience).strip() for audience in children(condition, f"{ASSERTION}Audience"))
            for condition in listed
            if condition.tag == f"{ASSERTION}AudienceRestriction"
        ),
        is_for_one_use=any(condition.tag == f"{ASSERTION}OneTimeUse" for condition in listed),
        session_not_on_or_after=min(sessions, default=None),
        attributes=tuple(read_attributes(assertion)),
    )


def issuer_of(assertion: Element) -> str:
    """Who the assertion says made it."""
    issuer = only_child(assertion, f"{ASSERTION}Issuer")
    if issuer is None:
        raise TokenRefused(TokenFault.CLAIM, "the assertion has no issuer")
    return text_needed(issuer)


def is_success(root: Element) -> bool:
    """Whether the provider says that it authenticated somebody."""
    status = only_child(root, f"{PROTOCOL}Status")
    code = None if status is None else only_child(status, f"{PROTOCOL}StatusCode")
    return code is not None and code.get("Value") == SUCCESS


def read_confirmations(subject: Element) -> Iterable[Confirmation]:
    """The subject's confirmations, in order."""
    for confirmation in children(subject, f"{ASSERTION}SubjectConfirmation"):
        data = only_child(confirmation, f"{ASSERTION}SubjectConfirmationData")
        yield Confirmation(
            method=attribute_needed(confirmation, "Method"),
            recipient=None if data is None else data.get("Recipient"),
            not_before=None if data is None else moment_of(data, "NotBefore"),
            not_on_or_after=None if data is None else moment_of(data, "NotOnOrAfter"),
        )


def read_attributes(assertion: Element) -> Iterable[Attribute]:
    """The attributes of all statements, in order."""
    for statement in children(assertion, f"{ASSERTION}AttributeStatement"):
        for attribute in children(statement, f"{ASSERTION}Attribute"):
            values = children(attribute, f"{ASSERTION}AttributeValue")
            yield Attribute(name=attribute_needed(attribute, "Name"), values=tuple(text_of(value) for value in values))
