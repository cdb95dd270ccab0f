"""A SAML identity provider: metadata, and responses that it signs by hand.

Its signatures are made with Python's own canonicalization (xml.etree) and keys of cryptography, as the W3C's text says;
nothing of the library that verifies them takes part.
"""

import base64
import hashlib
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from xml.etree.ElementTree import canonicalize
from xml.sax.saxutils import escape, quoteattr

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

SIGN_IN = "https://signin.aws.amazon.com/saml"
PREFIX = "https://aws.amazon.com/SAML/Attributes/"
SAML = 'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
SAMLP = 'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'
DS = 'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
DIGESTS = {"sha1": "http://www.w3.org/2000/09/xmldsig#sha1", "sha256": f"{XENC}sha256", "sha512": f"{XENC}sha512"}
HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),
    "sha256": hashes.SHA256(),
    "sha512": hashes.SHA512(),
}
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def rsa_key(number: int = 0, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key of one's own for each number."""
    return made_key(number, bits)


@cache
def made_key(number: int, bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def certificate(key: Key, *, over: bool = False) -> bytes:
    """A self-signed certificate in DER; one whose time is over, if asked."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example")])
    begin = datetime(2001 if over else 2020, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
    builder = builder.serial_number(7).not_valid_before(begin)
    builder = builder.not_valid_after(begin + timedelta(days=365 if over else 36_500))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def in_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


class IdentityProvider:
    """Whoever has its key vouches for whom it likes."""

    def __init__(self, entity_id: str = "https://idp.example/saml", key: Key | None = None) -> None:
        self.entity_id = entity_id
        self.key = key or rsa_key()

    def metadata(
        self, *keys: Key, uses: Iterable[str] = (), valid_until: str | None = None, certificates: Iterable[bytes] = ()
    ) -> str:
        """Its metadata document, with its own key or those given."""
        listed = list(certificates) or [certificate(key) for key in keys or (self.key,)]
        use = [f" use={quoteattr(each)}" for each in uses] + [""] * len(listed)
        descriptors = "".join(
            f"<md:KeyDescriptor{use[place]}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{in_base64(der)}"
            "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            for place, der in enumerate(listed)
        )
        until = "" if valid_until is None else f" validUntil={quoteattr(valid_until)}"
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<md:EntityDescriptor '
            f'xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" {DS} entityID={quoteattr(self.entity_id)}{until}>'
            '<md:IDPSSODescriptor WantAuthnRequestsSigned="false" '
            'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
            f"{descriptors}<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>"
            '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" '
            f'Location="https://idp.example/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>{" " * 500}'
        )

    def respond(self, now: datetime, *, signs: str = "assertion", algorithm: str = "sha256", **more: Any) -> str:
        """A response in XML; *signs* is what of "assertion" and "response" is signed. See `assertion` for the rest."""
        assertion = self.assertion(now, **more)
        if "assertion" in signs:
            assertion = self.sign(assertion, algorithm=algorithm)
        response = self.envelope(now, assertion, **more)
        return self.sign(response, algorithm=algorithm) if "response" in signs else response

    def respond_encrypted(
        self, now: datetime, public_key: rsa.RSAPublicKey, *, signs: str = "assertion", **more: Any
    ) -> str:
        """A response whose assertion only the holder of a key can read; see `encrypt` for the ways."""
        assertion = self.assertion(now, **more)
        if "assertion" in signs:
            assertion = self.sign(assertion)
        response = self.envelope(now, encrypt(assertion, public_key, **more), **more)
        return self.sign(response) if "response" in signs else response

    def encoded(self, now: datetime, **more: Any) -> str:
        """A response as it is handed in."""
        return in_base64(self.respond(now, **more).encode())

    def envelope(
        self,
        now: datetime,
        assertion: str,
        *,
        response_issuer: str | None = None,
        destination: str | None = SIGN_IN,
        status: str = "urn:oasis:names:tc:SAML:2.0:status:Success",
        response_id: str = "_response",
        **_: Any,
    ) -> str:
        """An unsigned response around an assertion."""
        to = "" if destination is None else f" Destination={quoteattr(destination)}"
        return (
            f'<samlp:Response {SAMLP} ID="{response_id}" Version="2.0" IssueInstant="{moment(now)}"{to}>'
            f"<saml:Issuer {SAML}>{escape(response_issuer or self.entity_id)}</saml:Issuer>"
            f'<samlp:Status><samlp:StatusCode Value="{status}"/></samlp:Status>{assertion}</samlp:Response>'
        )

    def assertion(
        self,
        now: datetime,
        *,
        role: str = "arn:aws:iam::123456789012:role/r",
        provider: str = "arn:aws:iam::123456789012:saml-provider/idp",
        issuer: str | None = None,
        issued_at: datetime | None = None,
        not_before: datetime | None = None,
        ends_at: datetime | None = None,
        confirmed_until: datetime | None = None,
        session_ends_at: datetime | None = None,
        recipient: str | None = SIGN_IN,
        method: str = "urn:oasis:names:tc:SAML:2.0:cm:bearer",
        confirmation: str | None = None,
        audiences: Iterable[Iterable[str]] = (("urn:amazon:webservices",),),
        condition: str = "",
        name_id: str | None = "alice",
        name_format: str | None = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
        session_name: str | None = "alice@example.com",
        attributes: Iterable[tuple[str, Iterable[str]]] = (),
        raw_attributes: str = "",
        assertion_id: str = "_assertion",
        **_: Any,
    ) -> str:
        """An unsigned assertion; by default one that opens a session."""
        given = [(f"{PREFIX}Role", [f"{role},{provider}"])] if role else []
        given += [] if session_name is None else [(f"{PREFIX}RoleSessionName", [session_name])]
        given += attributes
        statements = "".join(
            f"<saml:Attribute Name={quoteattr(name)}>"
            + "".join(f"<saml:AttributeValue>{escape(value)}</saml:AttributeValue>" for value in values)
            + "</saml:Attribute>"
            for name, values in given
        )
        restrictions = "".join(
            "<saml:AudienceRestriction>"
            + "".join(f"<saml:Audience>{escape(name)}</saml:Audience>" for name in names)
            + "</saml:AudienceRestriction>"
            for names in audiences
        )
        kind = "" if name_format is None else f" Format={quoteattr(name_format)}"
        name = "" if name_id is None else f"<saml:NameID{kind}>{name_id}</saml:NameID>"
        to = "" if recipient is None else f" Recipient={quoteattr(recipient)}"
        until = moment(confirmed_until or now + timedelta(minutes=5))
        if confirmation is None:
            confirmation = (
                f'<saml:SubjectConfirmation Method="{method}">'
                f'<saml:SubjectConfirmationData NotOnOrAfter="{until}"{to}/>'
                "</saml:SubjectConfirmation>"
            )
        session = "" if session_ends_at is None else f' SessionNotOnOrAfter="{moment(session_ends_at)}"'
        return (
            f'<saml:Assertion {SAML} ID="{assertion_id}" Version="2.0" IssueInstant="{moment(issued_at or now)}">'
            f"<saml:Issuer>{escape(issuer or self.entity_id)}</saml:Issuer>"
            f"<saml:Subject>{name}{confirmation}</saml:Subject>"
            f'<saml:Conditions NotBefore="{moment(not_before or now)}" '
            f'NotOnOrAfter="{moment(ends_at or now + timedelta(hours=1))}">{restrictions}{condition}</saml:Conditions>'
            f'<saml:AuthnStatement AuthnInstant="{moment(now)}"{session}><saml:AuthnContext><saml:AuthnContextClassRef>'
            "urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext>"
            f"</saml:AuthnStatement><saml:AttributeStatement>{statements}{raw_attributes}</saml:AttributeStatement>"
            "</saml:Assertion>"
        )

    def sign(self, document: str, *, algorithm: str = "sha256", key: Key | None = None) -> str:
        """The document with a signature behind its Issuer, the first that there is."""
        place = document.index("</saml:Issuer>") + len("</saml:Issuer>")
        signature = self.signature(document, algorithm=algorithm, key=key or self.key)
        return document[:place] + signature + document[place:]

    def signature(
        self, document: str, *, algorithm: str = "sha256", key: Key | None = None, identifier: str | None = None
    ) -> str:
        """The signature of a document by the id of its root, or by another."""
        key = key or self.key
        identifier = identifier or document.partition(' ID="')[2].partition('"')[0]
        digest = hashlib.new(algorithm, canonicalize(document).encode()).digest()
        family = "rsa" if isinstance(key, rsa.RSAPrivateKey) else "ecdsa"
        method = "http://www.w3.org/2000/09/xmldsig#rsa-sha1" if algorithm == "sha1" else f"{MORE}{family}-{algorithm}"
        info = (
            f'<ds:SignedInfo {DS}><ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"></ds:CanonicalizationMethod>'
            f'<ds:SignatureMethod Algorithm="{method}"></ds:SignatureMethod><ds:Reference URI="#{identifier}">'
            f'<ds:Transforms><ds:Transform Algorithm="{ENVELOPED}"></ds:Transform>'
            f'<ds:Transform Algorithm="{EXCLUSIVE}"></ds:Transform></ds:Transforms>'
            f'<ds:DigestMethod Algorithm="{DIGESTS[algorithm]}"></ds:DigestMethod>'
            f"<ds:DigestValue>{in_base64(digest)}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
        )
        value = make_signature(key, canonicalize(info).encode(), HASHES[algorithm])
        return (
            f"<ds:Signature {DS}>{info}<ds:SignatureValue>{in_base64(value)}</ds:SignatureValue>"
            f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{in_base64(certificate(key))}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
            "</ds:Signature>"
        )


def make_signature(key: Key, data: bytes, hash_algorithm: hashes.HashAlgorithm) -> bytes:
    """What stands in SignatureValue."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hash_algorithm)
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hash_algorithm)))
    size = (key.key_size + 7) // 8
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def encrypt(content: str | bytes, public_key: rsa.RSAPublicKey, *, cipher: str = "aes256-gcm", **_: Any) -> str:
    """An EncryptedAssertion as XML Encryption 1.1 has it, under RSA-OAEP with SHA-1."""
    data = content.encode() if isinstance(content, str) else content
    key = os.urandom(int(cipher[3:6]) // 8)
    if cipher.endswith("gcm"):
        space = "http://www.w3.org/2009/xmlenc11#"
        nonce = os.urandom(12)
        value = nonce + AESGCM(key).encrypt(nonce, data, None)
    else:
        space = XENC
        iv, missing = os.urandom(16), 16 - len(data) % 16
        encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
        value = iv + encryptor.update(data + os.urandom(missing - 1) + bytes([missing])) + encryptor.finalize()
    wrapped = public_key.encrypt(key, padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))
    return (
        f'<saml:EncryptedAssertion {SAML}><xenc:EncryptedData xmlns:xenc="{XENC}" Type="{XENC}Element">'
        f'<xenc:EncryptionMethod Algorithm="{space}{cipher}"/><ds:KeyInfo {DS}><xenc:EncryptedKey>'
        f'<xenc:EncryptionMethod Algorithm="{XENC}rsa-oaep-mgf1p"/><xenc:CipherData><xenc:CipherValue>'
        f"{in_base64(wrapped)}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData>"
        f"<xenc:CipherValue>{in_base64(value)}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>"
        "</saml:EncryptedAssertion>"
    )


def pem_of(key: Key) -> str:
    """A private key as it is handed in."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def moment(at: datetime) -> str:
    """A moment as SAML writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
