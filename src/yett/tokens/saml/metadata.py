"""What an identity provider's metadata document says: who it is, with which keys it signs, until when that is so.

Source: https://docs.oasis-open.org/security/saml/v2.0/saml-metadata-2.0-os.pdf
"""

import base64
import binascii
from datetime import datetime
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import Certificate, load_der_x509_certificate
from msgspec import Struct

from yett.tokens.errors import TokenFault, TokenRefused
from yett.tokens.limits import SAML_CERTIFICATES, SAML_METADATA_BYTES, SAML_RSA_BITS
from yett.tokens.saml.xml import (
    METADATA,
    SIGNATURE,
    Element,
    attribute_needed,
    children,
    moment_of,
    only_child,
    read_xml,
    text_needed,
)

SAML_2: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
CURVES: Final = frozenset({"secp256r1", "secp384r1", "secp521r1"})


class IdentityProviderMetadata(Struct, frozen=True, kw_only=True):
    """An identity provider, as its metadata describes it."""

    entity_id: str  # the Issuer of its assertions
    certificates: tuple[bytes, ...]  # DER, of the keys that it may sign with; each once, at least one
    valid_until: datetime | None


def parse_metadata(document: str) -> IdentityProviderMetadata:
    """Read the metadata of one identity provider. A signature on it is not looked at: whoever hands it in vouches.

    Raises:
        TokenRefused: It is no such document, or has no key that signatures can be verified with.
    """
    root = read_xml(document.encode(), largest_bytes=SAML_METADATA_BYTES)
    if root.tag != f"{METADATA}EntityDescriptor":
        raise TokenRefused(TokenFault.CLAIM, "the document describes no entity")
    provider = only_child(root, f"{METADATA}IDPSSODescriptor")
    if provider is None or SAML_2 not in provider.get("protocolSupportEnumeration", "").split():
        raise TokenRefused(TokenFault.CLAIM, "the entity is no identity provider of SAML 2.0")
    moments = [moment for each in (root, provider) if (moment := moment_of(each, "validUntil")) is not None]
    return IdentityProviderMetadata(
        entity_id=attribute_needed(root, "entityID"),
        certificates=read_certificates(provider),
        valid_until=min(moments, default=None),
    )


def read_certificates(provider: Element) -> tuple[bytes, ...]:
    """The certificates of the keys that sign: those said to, and those of which no use is said.

    Raises:
        TokenRefused: There is none, or one that cannot be used, or there are too many.
    """
    found: dict[bytes, None] = {}
    for descriptor in children(provider, f"{METADATA}KeyDescriptor"):
        if descriptor.get("use", "signing") != "signing":
            continue
        for key_info in children(descriptor, f"{SIGNATURE}KeyInfo"):
            for data in children(key_info, f"{SIGNATURE}X509Data"):
                for certificate in children(data, f"{SIGNATURE}X509Certificate"):
                    found[read_der(text_needed(certificate))] = None
    if not 1 <= len(found) <= SAML_CERTIFICATES:
        raise TokenRefused(TokenFault.KEY, f"there is no certificate, or more than {SAML_CERTIFICATES}")
    return tuple(found)


def read_der(text: str) -> bytes:
    """A certificate of a key that this room can verify with, in DER.

    Raises:
        TokenRefused: It is none.
    """
    try:
        der = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise TokenRefused(TokenFault.KEY, "a certificate is not in base 64") from error
    load_certificate(der)
    return der


def load_certificate(der: bytes) -> Certificate:
    """The certificate.

    Raises:
        TokenRefused: It is none, or its key is of a kind or size that is not taken.
    """
    try:
        certificate = load_der_x509_certificate(der)
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise TokenRefused(TokenFault.KEY, "a certificate cannot be read") from error
    low, high = SAML_RSA_BITS
    match key:
        case rsa.RSAPublicKey() if low <= key.key_size <= high:
            return certificate
        case ec.EllipticCurvePublicKey() if key.curve.name in CURVES:
            return certificate
        case _:
            raise TokenRefused(TokenFault.KEY, "a certificate's key is of a kind or size that is not taken here")
