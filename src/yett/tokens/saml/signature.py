"""Enveloped XML signatures, in the one form that SAML profiles, and the content that they cover.

Whoever verifies reads on in what `verify_enveloped` gives back, which is made of the signed bytes alone: what stands
elsewhere in the document, under whatever id, is not in it.

Source: https://www.w3.org/TR/xmldsig-core1/
Source: https://docs.oasis-open.org/security/saml/v2.0/saml-core-2.0-os.pdf (section 5.4)
"""

import base64
import binascii
from collections.abc import Iterable
from typing import Final

from cryptography.x509 import Certificate
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import InvalidDigest, InvalidSignature, SignXMLException
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from yett.tokens.errors import TokenFault, TokenRefused
from yett.tokens.limits import SAML_PREFIXES
from yett.tokens.saml.xml import SIGNATURE, Element, elements, only_child, text_of

# No SHA-1. UNCERTAIN: whether AWS still takes it; nothing says so, and nobody should.
METHODS: Final = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.SHA256_RSA_MGF1,
        SignatureMethod.SHA384_RSA_MGF1,
        SignatureMethod.SHA512_RSA_MGF1,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
    }
)
DIGESTS: Final = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
METHOD_URIS: Final = frozenset(method.value for method in METHODS)
DIGEST_URIS: Final = frozenset(digest.value for digest in DIGESTS)
EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
INCLUSIVE_NAMESPACES: Final = f"{{{EXCLUSIVE}}}InclusiveNamespaces"
ATTRIBUTES: Final = frozenset({"Algorithm", "Encoding", "Id", "MimeType", "Target", "Type", "URI"})
# The attributes that any reader, ours or another, might take for an id.
ID_NAMES: Final = frozenset({"id", "ID", "Id", "iD", "AssertionID", "ResponseID"})


def check_ids(root: Element) -> None:
    """Refuse a document in which two elements have one id, whatever the attribute is called.

    Raises:
        TokenRefused
    """
    seen: set[str] = set()
    for element in root.iter(etree.Element):
        own = {str(value) for name, value in element.items() if etree.QName(name).localname in ID_NAMES}
        if not seen.isdisjoint(own):
            raise TokenRefused(TokenFault.SIGNATURE, "two elements have one id")
        seen |= own


def verify_enveloped(signed: Element, certificates: Iterable[Certificate]) -> Element:
    """The content of an element whose signature, a child of its own, one of the certificates verifies.

    Of the certificates only the keys count, not who issued them or until when they are good.

    Returns:
        A new element of the same name and ``ID``, without the signature and without comments.

    Raises:
        TokenRefused: The signature is missing, in another form than SAML's, or not good.
    """
    check_form(signed)
    document = etree.tostring(signed, with_tail=False)
    for certificate in certificates:
        try:
            result = verify_with(document, certificate)
        except (InvalidSignature, SignXMLException) as error:
            if isinstance(error, InvalidDigest):
                raise TokenRefused(TokenFault.SIGNATURE, "what was signed is another content") from error
            continue  # another of the keys may have signed
        except (ValueError, etree.LxmlError) as error:
            raise TokenRefused(TokenFault.SIGNATURE, "the signature cannot be read") from error
        content = result.signed_xml
        if content is None or content.tag != signed.tag or content.get("ID") != signed.get("ID"):
            raise TokenRefused(TokenFault.SIGNATURE, "the signature covers another element")
        return content
    raise TokenRefused(TokenFault.SIGNATURE, "no key of the provider made the signature")


def verify_with(document: bytes, certificate: Certificate) -> VerifyResult:
    """Verify the signature that is a child of the document's root with the certificate's key, and no other."""
    result = XMLVerifier().verify(
        document,
        x509_cert=certificate,
        validate_schema=False,  # `check_form` is stricter
        id_attribute="ID",
        expect_config=SignatureConfiguration(
            location="./",
            expect_references=1,
            signature_methods=METHODS,
            digest_algorithms=DIGESTS,
            ignore_ambiguous_key_info=True,  # what a signature says of its key is not looked at
            # AWS does not look at the validity of certificates in metadata; nor is a clock asked here.
            # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml.html
            verification_time=certificate.not_valid_before_utc,
        ),
    )
    if not isinstance(result, VerifyResult):
        raise InvalidSignature("not one reference")
    return result


def check_form(signed: Element) -> None:
    """Refuse whatever SAML does not ask of a signature: one reference, to the element that envelops it, by its ``ID``;
    the enveloped-signature transform and exclusive canonicalization, and no object beside.

    Raises:
        TokenRefused
    """
    signature = only_child(signed, f"{SIGNATURE}Signature")
    identifier = signed.get("ID")
    if signature is None or not identifier:
        raise refused("there is no signature of the element")
    for element in signature.iter(f"{SIGNATURE}*"):
        if not ATTRIBUTES.issuperset(map(str, element.keys())):
            raise refused("the signature has attributes that none has")
    info, value, *key_info = take(signature, "SignedInfo", "SignatureValue", further=("KeyInfo",))
    if len(key_info) > 1:
        raise refused("the signature has several keys")
    method, algorithm, reference = take(info, "CanonicalizationMethod", "SignatureMethod", "Reference")
    check_canonicalization(method)
    if algorithm.get("Algorithm") not in METHOD_URIS or elements(algorithm):
        raise TokenRefused(TokenFault.ALGORITHM, "the signature's algorithm is not one that is taken here")
    if reference.get("URI") != f"#{identifier}":
        raise refused("the signature refers to another element")
    transforms, digest_method, digest = take(reference, "Transforms", "DigestMethod", "DigestValue")
    enveloped, canonical = take(transforms, "Transform", "Transform")
    if enveloped.get("Algorithm") != ENVELOPED or elements(enveloped):
        raise refused("the first transform is not that of an enveloped signature")
    check_canonicalization(canonical)
    if digest_method.get("Algorithm") not in DIGEST_URIS or elements(digest_method):
        raise TokenRefused(TokenFault.ALGORITHM, "the digest's algorithm is not one that is taken here")
    check_base64(value)
    check_base64(digest)


def check_base64(element: Element) -> None:
    """Refuse what is not a value in base 64, white space aside, and nothing else.

    Raises:
        TokenRefused
    """
    try:
        value = base64.b64decode("".join((text_of(element) or "").split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise refused("a value is not in base 64") from error
    if not value:
        raise refused("a value is missing")


def check_canonicalization(method: Element) -> None:
    """Refuse any canonicalization but the exclusive one without comments, with the prefixes that it may list.

    Raises:
        TokenRefused
    """
    parameters = elements(method)
    names = [child.tag for child in parameters]
    if method.get("Algorithm") != EXCLUSIVE or names not in ([], [INCLUSIVE_NAMESPACES]):
        raise refused("the canonicalization is not the exclusive one")
    if parameters and len(parameters[0].get("PrefixList", "").split()) > SAML_PREFIXES:
        raise refused(f"the signature lists over {SAML_PREFIXES} prefixes")


def take(parent: Element, *names: str, further: tuple[str, ...] = ()) -> list[Element]:
    """The elements below, which have exactly these names of XML signatures, in order; then any of the *further* ones.

    Raises:
        TokenRefused
    """
    found = elements(parent)
    expected = [f"{SIGNATURE}{name}" for name in names]
    allowed = {f"{SIGNATURE}{name}" for name in further}
    if [child.tag for child in found[: len(names)]] != expected or any(
        child.tag not in allowed for child in found[len(names) :]
    ):
        raise refused("the signature is not of SAML's form")
    return found


def refused(reason: str) -> TokenRefused:
    """The signature cannot count."""
    return TokenRefused(TokenFault.SIGNATURE, reason)
