import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from cryptography.x509 import load_der_x509_certificate
from lxml import etree
from tests.fakes.identity_provider import DIGESTS, EXCLUSIVE, IdentityProvider, certificate, ec_key, rsa_key

from yett.tokens import TokenFault, TokenRefused
from yett.tokens.saml.signature import check_ids, verify_enveloped
from yett.tokens.saml.xml import read_xml

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
IDP = IdentityProvider()
OURS = load_der_x509_certificate(certificate(rsa_key()))
ANOTHER = load_der_x509_certificate(certificate(rsa_key(1)))
ELLIPTIC = load_der_x509_certificate(certificate(ec_key()))
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"


def signed(**more: object) -> str:
    return IDP.sign(IDP.assertion(NOW), **more)  # type: ignore[arg-type]


def verify(document: str, *certificates: object) -> etree._Element:
    root = read_xml(document.encode(), largest_bytes=100_000)
    return verify_enveloped(root, certificates or (OURS,))  # type: ignore[arg-type]


def refused(document: str, *certificates: object) -> TokenFault:
    with pytest.raises(TokenRefused) as caught:
        verify(document, *certificates)
    return caught.value.fault


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_the_content_comes_back_without_its_signature(algorithm: str) -> None:
    content = verify(signed(algorithm=algorithm))
    assert content.get("ID") == "_assertion"
    assert not list(content.iter("{http://www.w3.org/2000/09/xmldsig#}Signature"))
    assert verify(signed(algorithm=algorithm, key=ec_key()), ELLIPTIC).tag == content.tag


def test_one_of_several_keys_is_enough_and_its_certificate_may_be_over() -> None:
    assert verify(signed(), ELLIPTIC, ANOTHER, OURS) is not None
    over = load_der_x509_certificate(certificate(rsa_key(), over=True))
    assert verify(signed(), over) is not None


def test_another_key_and_the_one_that_the_signature_itself_brings_are_refused() -> None:
    assert refused(signed(key=rsa_key(1))) is TokenFault.SIGNATURE
    assert refused(signed(key=ec_key())) is TokenFault.SIGNATURE
    assert refused(signed(), ANOTHER, ELLIPTIC) is TokenFault.SIGNATURE


def test_sha_1_is_refused() -> None:
    assert refused(signed(algorithm="sha1")) is TokenFault.ALGORITHM
    assert refused(signed().replace(DIGESTS["sha256"], DIGESTS["sha1"])) is TokenFault.ALGORITHM


def test_comments_are_gone_from_the_content() -> None:
    document = signed().replace(">alice<", ">alice<!-- -->.evil<")
    assert refused(document) is TokenFault.SIGNATURE  # another text was signed
    genuine = IDP.sign(IDP.assertion(NOW, name_id="alice.evil")).replace(">alice.evil<", ">alice<!-- -->.evil<")
    texts = [element.text for element in verify(genuine).iter("{*}NameID")]
    assert texts == ["alice.evil"]


ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
ALTERED: dict[str, Callable[[str], str]] = {
    "no signature": lambda text: re.sub(r"<ds:Signature .*</ds:Signature>", "", text),
    "two signatures": lambda text: re.sub(r"(<ds:Signature .*</ds:Signature>)", r"\1\1", text),
    "a text": lambda text: text.replace(">alice<", ">mallory<"),
    "an attribute": lambda text: text.replace("nameid-format:persistent", "nameid-format:transient"),
    "another id": lambda text: text.replace('ID="_assertion"', 'ID="_other"'),
    "no id": lambda text: text.replace(' ID="_assertion"', ""),
    "another reference": lambda text: text.replace('URI="#_assertion"', 'URI="#_other"'),
    "the whole document": lambda text: text.replace('URI="#_assertion"', 'URI=""'),
    "an xpointer": lambda text: text.replace('URI="#_assertion"', "URI=\"#xpointer(id('_assertion'))\""),
    "a file": lambda text: text.replace('URI="#_assertion"', 'URI="file:///etc/passwd"'),
    "no reference": lambda text: re.sub(r"<ds:Reference .*</ds:Reference>", "", text),
    "two references": lambda text: re.sub(r"(<ds:Reference .*</ds:Reference>)", r"\1\1", text),
    "no transform": lambda text: re.sub(r"<ds:Transforms>.*</ds:Transforms>", "<ds:Transforms/>", text),
    "no enveloped signature": lambda text: text.replace(ENVELOPED, EXCLUSIVE),
    "a third transform": lambda text: text.replace(
        "</ds:Transforms>", f'<ds:Transform Algorithm="{EXCLUSIVE}"/></ds:Transforms>'
    ),
    "another canonicalization": lambda text: text.replace(EXCLUSIVE, INCLUSIVE),
    "a canonicalization with comments": lambda text: text.replace(EXCLUSIVE, f"{EXCLUSIVE}WithComments"),
    "an xslt": lambda text: text.replace(ENVELOPED, "http://www.w3.org/TR/1999/REC-xslt-19991116"),
    "an hmac": lambda text: text.replace("#rsa-sha256", "#hmac-sha256"),
    "an object": lambda text: text.replace("</ds:Signature>", "<ds:Object/></ds:Signature>"),
    "two key infos": lambda text: text.replace("</ds:Signature>", "<ds:KeyInfo/></ds:Signature>"),
    "no value": lambda text: re.sub(r"<ds:SignatureValue>.*</ds:SignatureValue>", "<ds:SignatureValue/>", text),
    "a value cut in two": lambda text: text.replace("<ds:SignatureValue>", "<ds:SignatureValue><!-- -->"),
    "a digest cut in two": lambda text: text.replace("<ds:DigestValue>", "<ds:DigestValue><!-- -->"),
    "a value that is no base 64": lambda text: text.replace("<ds:SignatureValue>", "<ds:SignatureValue>*=*"),
    "an hmac's length": lambda text: text.replace(
        "</ds:SignatureMethod>", "<ds:HMACOutputLength>1</ds:HMACOutputLength></ds:SignatureMethod>"
    ),
    "a foreign attribute": lambda text: text.replace("<ds:SignedInfo ", '<ds:SignedInfo a="b" '),
    "a list of prefixes": lambda text: text.replace(
        "</ds:CanonicalizationMethod>",
        f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="{" p" * 17}"/></ds:CanonicalizationMethod>',
    ),
    "a relative namespace": lambda text: text.replace("<ds:SignedInfo ", '<ds:SignedInfo xmlns:p="p" ').replace(
        "<ds:SignatureMethod ", "<ds:SignatureMethod xmlns:p='q' "
    ),
    "another namespace": lambda text: text.replace('http://www.w3.org/2000/09/xmldsig#"', 'urn:x"'),
}


@pytest.mark.parametrize("alteration", ALTERED)
def test_what_was_altered_is_refused(alteration: str) -> None:
    document = signed()
    altered = ALTERED[alteration](document)
    assert altered != document
    assert refused(altered) in {TokenFault.SIGNATURE, TokenFault.ALGORITHM, TokenFault.CLAIM}


def test_a_reference_that_could_be_read_as_another_counts_for_nothing() -> None:
    """The library takes every hash off ``##inner``."""
    inner = '<b ID="inner"></b>'
    signature = IDP.signature(inner, identifier="#inner")
    assert refused(f'<a ID="#inner">{inner}{signature}</a>') is TokenFault.SIGNATURE


@pytest.mark.parametrize(
    ("document", "is_good"),
    [
        (b'<a ID="x"><b ID="y"/></a>', True),
        (b'<a ID="x"><b ID="x"/></a>', False),
        (b'<a ID="x"><b id="x"/></a>', False),
        (b'<a ID="x"><b><c Id="x"/></b></a>', False),
        (b'<a ID="x"><b xml:id="x"/></a>', False),
        (b'<a ID="x"><b AssertionID="x"/></a>', False),
        (b'<a ID="x" id="x"/>', True),
        (b'<a ID="x"><b name="x"/></a>', True),
    ],
)
def test_no_two_elements_have_one_id(document: bytes, is_good: bool) -> None:
    root = read_xml(document, largest_bytes=100)
    if is_good:
        check_ids(root)
        return
    with pytest.raises(TokenRefused):
        check_ids(root)
