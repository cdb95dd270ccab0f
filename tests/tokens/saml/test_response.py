import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate, load_pem_x509_certificate
from hypothesis import given, settings
from hypothesis import strategies as st
from signxml.verifier import SignatureConfiguration, XMLVerifier
from tests.fakes.identity_provider import IdentityProvider, certificate, in_base64, rsa_key
from tests.fakes.signature_wrapping import ATTACKS, wrap

from yett.tokens import TokenFault, TokenRefused
from yett.tokens.limits import SAML_NAMESPACES, SAML_RESPONSE_BYTES
from yett.tokens.saml.metadata import parse_metadata
from yett.tokens.saml.response import Assertion, read_response, verify_response

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CASES = Path(__file__).resolve().parents[2] / "cases" / "tokens" / "saml"
IDP = IdentityProvider()
SIGNS = ["assertion", "response", "assertion response"]


def verify(document: str | bytes, *certificates: bytes) -> Assertion:
    data = document.encode() if isinstance(document, str) else document
    return verify_response(read_response(in_base64(data)), certificates or (certificate(rsa_key()),))


def refused(document: str | bytes, *certificates: bytes) -> TokenFault:
    with pytest.raises(TokenRefused) as caught:
        verify(document, *certificates)
    return caught.value.fault


@pytest.mark.parametrize("name", ["assertion", "response", "both"])
def test_what_xmlsec_signed_is_read(name: str) -> None:
    """The cases were signed by xmlsec1 1.2.37: on the assertion, on the response around it, on both."""
    trusted = load_pem_x509_certificate((CASES / "certificate.pem").read_bytes()).public_bytes(Encoding.DER)
    document = (CASES / f"{name}.xml").read_bytes()
    assertion = verify(document, trusted)
    assert (assertion.issuer, assertion.subject) == ("https://idp.example/saml", "zo\u00eb@example.com")
    assert assertion.subject_format == "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
    assert assertion.issued_at == datetime(2026, 1, 2, 3, 4, 5, 123_000, tzinfo=UTC)
    assert assertion.not_before == datetime(2026, 1, 2, 2, 59, 5, 123_000, tzinfo=UTC)
    assert assertion.not_on_or_after == datetime(2026, 1, 2, 3, 9, 5, 123_000, tzinfo=UTC)
    assert assertion.audiences == (("urn:amazon:webservices",),)
    assert [each.values for each in assertion.attributes] == [
        ("arn:aws:iam::123456789012:saml-provider/idp,arn:aws:iam::123456789012:role/r",),
        ("zoe@example.com",),
    ]
    assert refused(document, certificate(rsa_key())) is TokenFault.SIGNATURE
    assert refused(document.replace(b"zoe@", b"eve@"), trusted) is TokenFault.SIGNATURE


@pytest.mark.parametrize("name", ["pysaml2_response", "pysaml2_encrypted"])
def test_what_pysaml2_answers_under_its_own_metadata_is_read(name: str) -> None:
    """The cases are of an identity provider made with pysaml2 7.5.5: response and assertion signed; one encrypted."""
    metadata = parse_metadata((CASES / "pysaml2_metadata.xml").read_text())
    response = read_response(in_base64((CASES / f"{name}.xml").read_bytes()))
    assert response.issuer == metadata.entity_id == "https://pysaml.example/idp"
    key = (CASES / "decryption_key.pem").read_text()
    assertion = verify_response(response, metadata.certificates, private_keys=[key])
    assert (assertion.subject, assertion.audiences) == ("pat-1", (("urn:amazon:webservices",),))
    named = {each.name: each.values for each in assertion.attributes}
    assert named["urn:oid:1.3.6.1.4.1.5923.1.1.1.1"] == ("staff",)


@pytest.mark.parametrize("signs", SIGNS)
def test_everything_that_an_assertion_says_is_read(signs: str) -> None:
    ends_at = NOW + timedelta(hours=2)
    document = IDP.respond(
        NOW,
        signs=signs,
        name_format=None,
        audiences=[["a", "b"], ["c"]],
        condition="<saml:OneTimeUse/>",
        session_ends_at=ends_at,
        attributes=[("multi", ["one", "two"])],
        raw_attributes='<saml:Attribute Name="deep"><saml:AttributeValue><b/></saml:AttributeValue></saml:Attribute>',
    )
    assertion = verify(document)
    assert (assertion.is_success, assertion.is_for_one_use) == (True, True)
    assert assertion.subject_format is None
    assert assertion.audiences == (("a", "b"), ("c",))
    assert assertion.session_not_on_or_after == ends_at
    assert assertion.confirmations[0].not_on_or_after == NOW + timedelta(minutes=5)
    assert {each.name: each.values for each in assertion.attributes}["multi"] == ("one", "two")
    assert assertion.attributes[-1].values == (None,)


@pytest.mark.parametrize("attack", ATTACKS)
def test_wrapped_signatures_are_refused(attack: str) -> None:
    document = IDP.respond(NOW, signs=ATTACKS[attack][0])
    verify(document)
    wrapped = wrap(attack, document)
    # The signature is as good as ever for whoever does not look where it lies: that is the attack.
    careless = SignatureConfiguration(location=".//")
    trusted = load_der_x509_certificate(certificate(rsa_key()))
    XMLVerifier().verify(wrapped, x509_cert=trusted, id_attribute="ID", expect_config=careless, validate_schema=False)
    assert refused(wrapped) in {TokenFault.CLAIM, TokenFault.SIGNATURE}


def test_a_signed_response_does_not_save_an_assertion_that_is_signed_badly() -> None:
    assertion = IDP.sign(IDP.assertion(NOW), key=rsa_key(1))
    document = IDP.sign(IDP.envelope(NOW, assertion))
    assert refused(document) is TokenFault.SIGNATURE
    assertion = IDP.sign(IDP.assertion(NOW))
    place = (response := IDP.envelope(NOW, assertion)).index("</saml:Issuer>") + len("</saml:Issuer>")
    document = response[:place] + IDP.signature(response, key=rsa_key(1)) + response[place:]
    assert refused(document) is TokenFault.SIGNATURE


def test_two_assertions_are_refused_both_signed_as_they_may_be() -> None:
    both = IDP.sign(IDP.assertion(NOW)) + IDP.sign(IDP.assertion(NOW, assertion_id="_two"))
    assert refused(IDP.envelope(NOW, both)) is TokenFault.CLAIM
    assert refused(IDP.sign(IDP.envelope(NOW, both))) is TokenFault.CLAIM


def test_the_same_id_twice_is_refused() -> None:
    assert refused(IDP.respond(NOW, response_id="_assertion")) is TokenFault.SIGNATURE


def test_a_comment_changes_no_name() -> None:
    document = IDP.respond(NOW, name_id="alice.evil.example")
    assert verify(document.replace(">alice.evil", ">alice<!-- -->.evil")).subject == "alice.evil.example"
    named = IDP.respond(NOW, name_id="alice<?p?>.evil.example")
    assert refused(named) is TokenFault.CLAIM


ALTERED: dict[str, Callable[[str], str]] = {
    "no signature": lambda _: IDP.respond(NOW, signs=""),
    "another key": lambda _: IdentityProvider(key=rsa_key(1)).respond(NOW),
    "another document": lambda _: IDP.sign(IDP.assertion(NOW)),
    "another version": lambda text: text.replace('Version="2.0"', 'Version="1.1"', 1),
    "another version within": lambda _: IDP.envelope(
        NOW, IDP.sign(IDP.assertion(NOW).replace('Version="2.0"', 'Version="1.1"'))
    ),
    "an assertion that only says it is encrypted": lambda text: text.replace(
        "saml:Assertion", "saml:EncryptedAssertion"
    ),
    "an assertion elsewhere": lambda text: text.replace("<saml:Assertion", "<x><saml:Assertion").replace(
        "</saml:Assertion>", "</saml:Assertion></x>"
    ),
    "an assertion of another namespace": lambda text: text.replace(
        "<samlp:Status>", '<x:Assertion xmlns:x="urn:x"/><samlp:Status>'
    ),
    "no assertion": lambda _: IDP.envelope(NOW, ""),
    "no issuer": lambda _: IDP.envelope(NOW, IDP.assertion(NOW).replace("saml:Issuer", "saml:Other")),
    "two issuers": lambda _: IDP.respond(NOW, response_issuer="https://other.example"),
    "two subjects": lambda _: IDP.envelope(
        NOW, IDP.sign(IDP.assertion(NOW).replace("<saml:Conditions", "<saml:Subject/><saml:Conditions"))
    ),
    "no moment": lambda _: IDP.envelope(NOW, IDP.sign(IDP.assertion(NOW).replace("IssueInstant", "Other"))),
    "no authentication": lambda _: IDP.envelope(
        NOW, IDP.sign(IDP.assertion(NOW).replace("saml:AuthnStatement", "saml:AuthzDecisionStatement"))
    ),
    "an unknown condition": lambda _: IDP.respond(NOW, condition="<saml:Condition/>"),
    "an empty audience": lambda _: IDP.respond(NOW, audiences=[[""]]),
    "a confirmation without a method": lambda _: IDP.respond(NOW, confirmation="<saml:SubjectConfirmation/>"),
    "a nameless attribute": lambda _: IDP.respond(NOW, attributes=[("", ["x"])]),
    "a document type": lambda text: "<!DOCTYPE x>" + text,
}


@pytest.mark.parametrize("alteration", ALTERED)
def test_what_is_not_of_saml_s_form_is_refused(alteration: str) -> None:
    document = IDP.respond(NOW)
    altered = ALTERED[alteration](document)
    assert altered != document
    assert refused(altered) in set(TokenFault)


def test_a_response_is_in_base_64_and_not_too_long() -> None:
    for text in ("*", "<a/>", "\u00e4", base64.b64encode(b"x" * (SAML_RESPONSE_BYTES + 1)).decode()):
        with pytest.raises(TokenRefused):
            read_response(text)
    lines = base64.encodebytes(IDP.respond(NOW).encode()).decode()
    assert read_response(lines).issuer == "https://idp.example/saml"


def test_a_response_declares_so_many_namespaces_and_no_more() -> None:
    spare = SAML_NAMESPACES - IDP.respond(NOW).count("xmlns")
    declared = " ".join(f'xmlns:n{number}="urn:n"' for number in range(spare))
    document = IDP.envelope(NOW, IDP.sign(IDP.assertion(NOW).replace("<saml:Subject>", f"<saml:Subject {declared}>")))
    assert verify(document).subject == "alice"
    one_more = document.replace("<samlp:Status>", '<samlp:Status xmlns:more="urn:n">')
    with pytest.raises(TokenRefused) as caught:
        read_response(in_base64(one_more.encode()))
    assert caught.value.fault is TokenFault.TOO_LARGE


DOCUMENT = IDP.respond(NOW).encode()
ASSERTION = DOCUMENT[DOCUMENT.index(b"<saml:Assertion") : DOCUMENT.index(b"</saml:Assertion>")]


@settings(max_examples=200)
@given(st.integers(0, len(ASSERTION) - 1), st.integers(0, 255))
def test_no_byte_of_an_assertion_can_change_its_meaning(place: int, byte: int) -> None:
    at = DOCUMENT.index(ASSERTION) + place
    altered = DOCUMENT[:at] + bytes([byte]) + DOCUMENT[at + 1 :]
    try:
        assertion = verify(altered)
    except TokenRefused:
        return
    assert assertion == verify(DOCUMENT)  # white space in a tag, what a signature says of its key
