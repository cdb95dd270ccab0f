from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from tests.fakes.identity_provider import IdentityProvider, certificate, ec_key, rsa_key

from yett.tokens import TokenRefused
from yett.tokens.saml.metadata import parse_metadata

CASES = Path(__file__).resolve().parents[2] / "cases" / "tokens" / "saml"
IDP = IdentityProvider()


def test_a_provider_is_its_entity_id_and_its_signing_keys() -> None:
    metadata = parse_metadata(IDP.metadata(rsa_key(), ec_key(), rsa_key(1), uses=["signing", "signing", "encryption"]))
    assert metadata.entity_id == "https://idp.example/saml"
    assert metadata.certificates == (certificate(rsa_key()), certificate(ec_key()))
    assert metadata.valid_until is None
    assert parse_metadata(IDP.metadata()).certificates == (certificate(rsa_key()),)


def test_the_earlier_end_counts() -> None:
    document = IDP.metadata(valid_until="2027-01-01T00:00:00Z")
    assert parse_metadata(document).valid_until == datetime(2027, 1, 1, tzinfo=UTC)
    document = document.replace("<md:IDPSSODescriptor ", '<md:IDPSSODescriptor validUntil="2026-06-01T00:00:00Z" ')
    assert parse_metadata(document).valid_until == datetime(2026, 6, 1, tzinfo=UTC)


def test_a_key_of_1024_bits_is_taken_as_by_aws() -> None:
    assert parse_metadata(IDP.metadata(rsa_key(2, 1024))).certificates


CERTIFICATE = "<ds:X509Certificate>"
ALTERED: dict[str, Callable[[str], str]] = {
    "no xml": lambda text: text[:-600],
    "a document type": lambda text: text.replace("<md:EntityDescriptor", "<!DOCTYPE x><md:EntityDescriptor", 1),
    "a byte order mark": lambda text: "\ufeff" + text,
    "no entity": lambda text: text.replace("EntityDescriptor", "EntitiesDescriptor"),
    "no entity id": lambda text: text.replace(' entityID="https://idp.example/saml"', ""),
    "no identity provider": lambda text: text.replace("IDPSSODescriptor", "SPSSODescriptor"),
    "another protocol": lambda text: text.replace("SAML:2.0:protocol", "SAML:1.1:protocol"),
    "no certificate": lambda text: text.replace("X509Certificate>", "X509SubjectName>"),
    "an empty certificate": lambda text: (
        text.partition(CERTIFICATE)[0] + CERTIFICATE + text[text.index("</ds:X509Certificate>") :]
    ),
    "a broken certificate": lambda text: text.replace(f"{CERTIFICATE}MII", f"{CERTIFICATE}AAA"),
    "no base 64": lambda text: text.replace(CERTIFICATE, f"{CERTIFICATE}*"),
    "a moment without a zone": lambda text: text.replace(" entityID", ' validUntil="2027-01-01T00:00:00" entityID'),
}


@pytest.mark.parametrize("alteration", ALTERED)
def test_what_describes_no_provider_is_refused(alteration: str) -> None:
    document = IDP.metadata()
    altered = ALTERED[alteration](document)
    assert altered != document
    with pytest.raises(TokenRefused):
        parse_metadata(altered)


def test_keys_that_nobody_verifies_with_are_refused() -> None:
    weak = load_pem_x509_certificate((CASES / "weak_certificate.pem").read_bytes()).public_bytes(Encoding.DER)
    for der in (weak, certificate(ec.generate_private_key(ec.SECP256K1()))):
        with pytest.raises(TokenRefused):
            parse_metadata(IDP.metadata(certificates=[der]))
    with pytest.raises(TokenRefused):
        parse_metadata(IDP.metadata(*(rsa_key(number, 1024) for number in range(60, 71))))
