import base64
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from cryptography.x509 import load_pem_x509_certificate
from tests.fakes.identity_provider import (
    SAML,
    XENC,
    IdentityProvider,
    certificate,
    ec_key,
    encrypt,
    in_base64,
    pem_of,
    rsa_key,
)

from yett.tokens import TokenFault, TokenRefused
from yett.tokens.saml.encryption import read_private_key
from yett.tokens.saml.response import Assertion, read_response, verify_response

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CASES = Path(__file__).resolve().parents[2] / "cases" / "tokens" / "saml"
IDP = IdentityProvider()
OURS, ANOTHER = rsa_key(50), rsa_key(51)
PUBLIC = OURS.public_key()


def verify(document: str | bytes, *keys: rsa.RSAPrivateKey) -> Assertion:
    data = document.encode() if isinstance(document, str) else document
    pems = [pem_of(key) for key in keys or (OURS,)]
    return verify_response(read_response(in_base64(data)), [certificate(rsa_key())], private_keys=pems)


def refused(document: str | bytes, *keys: rsa.RSAPrivateKey) -> TokenFault:
    with pytest.raises(TokenRefused) as caught:
        verify(document, *keys)
    return caught.value.fault


@pytest.mark.parametrize("name", ["encrypted_cbc", "encrypted_gcm"])
def test_what_xmlsec_encrypted_is_read(name: str) -> None:
    """The cases were signed, then encrypted in their place, by xmlsec1 1.2.37."""
    trusted = load_pem_x509_certificate((CASES / "certificate.pem").read_bytes()).public_bytes(Encoding.DER)
    response = read_response(in_base64((CASES / f"{name}.xml").read_bytes()))
    assert (response.is_encrypted, response.issuer) == (True, "https://idp.example/saml")
    key = (CASES / "decryption_key.pem").read_text()
    assert verify_response(response, [trusted], private_keys=[key]).subject == "zo\u00eb@example.com"
    with pytest.raises(TokenRefused):
        verify_response(response, [trusted])


@pytest.mark.parametrize("cipher", ["aes128-cbc", "aes192-cbc", "aes256-cbc", "aes128-gcm", "aes192-gcm", "aes256-gcm"])
@pytest.mark.parametrize("signs", ["assertion", "response", "assertion response"])
def test_whichever_key_fits_opens_the_assertion(cipher: str, signs: str) -> None:
    document = IDP.respond_encrypted(NOW, PUBLIC, cipher=cipher, signs=signs)
    assert verify(document, ANOTHER, OURS).subject == "alice"
    assert refused(document, ANOTHER) is TokenFault.SIGNATURE


def test_encryption_alone_vouches_for_nothing() -> None:
    assert refused(IDP.respond_encrypted(NOW, PUBLIC, signs="")) is TokenFault.SIGNATURE
    stranger = IdentityProvider(key=rsa_key(1))
    assert refused(stranger.respond_encrypted(NOW, PUBLIC)) is TokenFault.SIGNATURE


def test_an_encrypted_assertion_may_not_be_exchanged_in_a_signed_response() -> None:
    signed = IDP.respond_encrypted(NOW, PUBLIC, signs="response")
    forged = encrypt(IDP.assertion(NOW, name_id="mallory"), PUBLIC)
    begin, end = signed.index("<saml:EncryptedAssertion"), signed.index("</samlp:Response>")
    assert refused(signed[:begin] + forged + signed[end:]) is TokenFault.SIGNATURE


CONTENT: dict[str, Callable[[], str | bytes]] = {
    "nothing": lambda: "",
    "no xml": lambda: os.urandom(64),
    "a text": lambda: "text",
    "another element": lambda: f"<saml:Advice {SAML}/>",
    "two assertions": lambda: IDP.sign(IDP.assertion(NOW)) + IDP.sign(IDP.assertion(NOW, assertion_id="_two")),
    "an assertion and a text": lambda: IDP.sign(IDP.assertion(NOW)) + "text",
    "an assertion and an element": lambda: IDP.sign(IDP.assertion(NOW)) + "<a/>",
    "an assertion with two signatures": lambda: IDP.sign(IDP.sign(IDP.assertion(NOW))),
    "an assertion signed in another way": lambda: IDP.sign(IDP.assertion(NOW), algorithm="sha1"),
    "an assertion within": lambda: f"<a>{IDP.sign(IDP.assertion(NOW))}</a>",
    "an encrypted assertion": lambda: encrypt(IDP.sign(IDP.assertion(NOW)), PUBLIC),
    "the end of its place": lambda: IDP.sign(IDP.assertion(NOW)) + "</place><place>",
    "a document type": lambda: "<!DOCTYPE a>" + IDP.sign(IDP.assertion(NOW)),
    "an assertion in an assertion": lambda: IDP.sign(
        IDP.assertion(NOW, raw_attributes=IDP.assertion(NOW, assertion_id="_two"))
    ),
}


@pytest.mark.parametrize("content", CONTENT)
def test_whatever_is_wrong_within_is_told_alike(content: str) -> None:
    for cipher in ("aes256-cbc", "aes256-gcm"):
        document = IDP.envelope(NOW, encrypt(CONTENT[content](), PUBLIC, cipher=cipher))
        assert refused(document) is TokenFault.SIGNATURE


METHOD = f'<xenc:EncryptionMethod Algorithm="{XENC}rsa-oaep-mgf1p"/>'
ALTERED: dict[str, Callable[[str], str]] = {
    "rsa 1.5": lambda text: text.replace("rsa-oaep-mgf1p", "rsa-1_5"),
    "an unknown cipher": lambda text: text.replace("aes256-gcm", "tripledes-cbc"),
    "another key length": lambda text: text.replace("aes256-gcm", "aes128-gcm"),
    "cbc": lambda text: text.replace("http://www.w3.org/2009/xmlenc11#aes256-gcm", f"{XENC}aes256-cbc"),
    "no method": lambda text: text.replace(METHOD, ""),
    "a label": lambda text: text.replace(
        METHOD, METHOD.replace("/>", "><xenc:OAEPparams>AA==</xenc:OAEPparams></xenc:EncryptionMethod>")
    ),
    "an unknown digest": lambda text: text.replace(
        METHOD, METHOD.replace("/>", '><ds:DigestMethod Algorithm="urn:x"/></xenc:EncryptionMethod>')
    ),
    "two keys": lambda text: text.replace("<ds:KeyInfo ", "<xenc:EncryptedKey/><ds:KeyInfo "),
    "no key": lambda text: text.replace("EncryptedKey>", "AgreementMethod>"),
    "a value elsewhere": lambda text: text.replace(
        "<xenc:CipherValue>", '<xenc:CipherReference URI="file:///"/><xenc:V>'
    ).replace("</xenc:CipherValue>", "</xenc:V>"),
    "no base 64": lambda text: text.replace("<xenc:CipherValue>", "<xenc:CipherValue>*"),
    "a short value": lambda text: (
        text[: text.rindex("<xenc:CipherValue>")]
        + "<xenc:CipherValue>AAAA"
        + text[text.rindex("</xenc:CipherValue>") :]
    ),
}


@pytest.mark.parametrize("alteration", ALTERED)
def test_other_forms_of_encryption_are_refused(alteration: str) -> None:
    document = IDP.respond_encrypted(NOW, PUBLIC)
    altered = ALTERED[alteration](document)
    assert altered != document
    assert refused(altered) in {TokenFault.SIGNATURE, TokenFault.ALGORITHM, TokenFault.CLAIM}


@pytest.mark.parametrize("cipher", ["aes256-gcm", "aes256-cbc"])
def test_what_was_tampered_with_does_not_open(cipher: str) -> None:
    document = IDP.respond_encrypted(NOW, PUBLIC, cipher=cipher)
    begin = document.rindex("<xenc:CipherValue>") + len("<xenc:CipherValue>")
    end = document.rindex("</xenc:CipherValue>")
    value = bytearray(base64.b64decode(document[begin:end]))
    for place in range(len(value) - 32, len(value), 5):  # the tag, or what the padding is made of
        tampered = bytes(value[:place]) + bytes([value[place] ^ 0x55]) + bytes(value[place + 1 :])
        assert refused(document[:begin] + in_base64(tampered) + document[end:]) is TokenFault.SIGNATURE
    assert refused(document[:begin] + in_base64(bytes(value[:-16])) + document[end:]) is TokenFault.SIGNATURE


def test_a_private_key_is_rsa_and_has_no_passphrase() -> None:
    assert read_private_key(pem_of(OURS)).key_size == 2048
    locked = OURS.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")).decode()
    for pem in ("", "-----BEGIN PRIVATE KEY-----", locked, pem_of(ec_key()), "\u00e4" * 40):
        with pytest.raises(TokenRefused):
            read_private_key(pem)
