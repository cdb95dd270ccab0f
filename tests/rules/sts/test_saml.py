from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from yett.rules.sts.saml import (
    PREFIX,
    SIGN_IN,
    AssertionRefused,
    Fault,
    SamlIdentity,
    ServiceProvider,
    qualify,
    read_saml_identity,
    shorten,
)
from yett.tokens.saml.response import Assertion, Attribute, Confirmation

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/path/r"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:saml-provider/idp"
UUID = "SAMLSPABCDEFGHIJKLMNOPQ"
US = ServiceProvider(provider_uuid=UUID, own_url="http://localhost:4566")
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
CONFIRMATION = Confirmation(
    method="urn:oasis:names:tc:SAML:2.0:cm:bearer",
    recipient=SIGN_IN,
    not_before=None,
    not_on_or_after=NOW + timedelta(seconds=60),
)


def attribute(name: str, *values: str | None) -> Attribute:
    return Attribute(name=PREFIX + name, values=values)


NEEDED = (attribute("Role", f"{ROLE},{PROVIDER}"), attribute("RoleSessionName", "alice"))
ASSERTION = Assertion(
    id="_assertion",
    issuer="https://idp.example/saml",
    issued_at=NOW - timedelta(seconds=1),
    is_success=True,
    destination=SIGN_IN,
    subject="alice",
    subject_format=PERSISTENT,
    confirmations=(CONFIRMATION,),
    not_before=NOW - timedelta(seconds=1),
    not_on_or_after=NOW + timedelta(seconds=60),
    audiences=(("urn:amazon:webservices",),),
    is_for_one_use=False,
    session_not_on_or_after=None,
    attributes=NEEDED,
)


def read(assertion: Assertion = ASSERTION, **changes: Any) -> SamlIdentity:
    return read_saml_identity(
        structs.replace(assertion, **changes),
        entity_id="https://idp.example/saml",
        account=ACCOUNT,
        provider_name="idp",
        role_arn=ROLE,
        provider_arn=PROVIDER,
        service_provider=US,
        now=NOW,
    )


def with_attributes(*more: Attribute) -> Assertion:
    return structs.replace(ASSERTION, attributes=(*NEEDED, *more))


def test_a_subject_is_qualified_as_aws_s_pseudocode_says() -> None:
    # Computed with `printf 'https://example.com/saml123456789012/MySAMLIdP' | openssl sha1 -binary | base64`.
    assert qualify("https://example.com/saml", "123456789012", "MySAMLIdP") == "1uAJanUnBc2XeUkHURMht+xam2c="


def test_the_condition_keys_of_the_request_and_of_the_session() -> None:
    affiliation = Attribute(name="urn:oid:1.3.6.1.4.1.5923.1.1.1.1", values=("staff", "faculty"))
    identity = read(with_attributes(affiliation))
    own = {
        "saml:namequalifier": qualify(ASSERTION.issuer, ACCOUNT, "idp"),
        "saml:sub": "alice",
        "saml:sub_type": "persistent",
    }
    assert identity.session_keys == own
    assert identity.request_keys == {
        **own,
        "saml:aud": SIGN_IN,
        "saml:iss": "https://idp.example/saml",
        "saml:doc": "123456789012/idp",
        "saml:edupersonaffiliation": ("staff", "faculty"),
    }


def test_no_attribute_stands_in_for_what_the_assertion_itself_says() -> None:
    claimed = [Attribute(name=name, values=("root",)) for name in ("saml:sub", "saml:aud", "saml:iss", "saml:doc")]
    assert read(with_attributes(*claimed)).request_keys["saml:sub"] == "alice"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (PERSISTENT, "persistent"),
        ("urn:oasis:names:tc:SAML:2.0:nameid-format:transient", "transient"),
        (
            "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
            "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
        ),
        (None, "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"),
    ],
)
def test_only_the_prefix_of_saml_2_is_taken_off_a_format(given: str | None, expected: str) -> None:
    assert read(subject_format=given).subject_type == expected


@pytest.mark.parametrize(
    "recipient",
    [
        "https://signin.aws.amazon.com/saml",
        "https://us-west-2.signin.aws.amazon.com/saml",
        "https://ap-southeast-1.signin.aws.amazon.com/saml",
        f"https://signin.aws.amazon.com/saml/acs/{UUID}",
        f"https://eu-central-1.signin.aws.amazon.com/saml/acs/{UUID}",
        "http://localhost:4566/saml",
        f"http://localhost:4566/saml/acs/{UUID}",
    ],
)
def test_assertions_are_taken_that_were_made_for_a_sign_in_address(recipient: str) -> None:
    confirmations = (structs.replace(CONFIRMATION, recipient=recipient),)
    identity = read(confirmations=confirmations, destination=None, audiences=((recipient,),))
    assert identity.audience == recipient


@pytest.mark.parametrize(
    "recipient",
    [
        None,
        "",
        "https://signin.aws.amazon.com/saml/",
        "http://signin.aws.amazon.com/saml",
        "https://signin.aws.amazon.com/SAML",
        "https://signin.aws.amazon.com.evil.example/saml",
        "https://evil.signin.aws.amazon.com/saml",
        "https://evil-signin.aws.amazon.com/saml",
        "https://us-west-2.signin.aws.amazon.com/saml\n",
        "https://us-west-2xsignin.aws.amazon.com/saml",
        "https://signin.aws.amazon.com/saml/acs/SAMLSPOFANOTHERPROVIDER",
        "https://us-west-2.signin.aws.amazon.com/saml/acs/SAMLSPOFANOTHERPROVIDER",
        "http://localhost:4567/saml",
        "urn:amazon:webservices",
    ],
)
def test_assertions_for_others_are_refused(recipient: str | None) -> None:
    confirmations = (structs.replace(CONFIRMATION, recipient=recipient),)
    with pytest.raises(AssertionRefused) as caught:
        read(confirmations=confirmations)
    assert caught.value.fault is Fault.RECIPIENT


S = timedelta(seconds=1)
REFUSALS: list[tuple[dict[str, Any], Fault]] = [
    ({"is_success": False}, Fault.STATUS),
    ({"issuer": "https://idp.example/saml/"}, Fault.ISSUER),
    ({"issued_at": NOW - 300 * S}, Fault.TOO_OLD),
    ({"issued_at": NOW + 61 * S}, Fault.NOT_YET_VALID),
    ({"not_before": NOW + 61 * S}, Fault.NOT_YET_VALID),
    ({"not_on_or_after": NOW}, Fault.EXPIRED),
    ({"session_not_on_or_after": NOW}, Fault.EXPIRED),
    ({"confirmations": (structs.replace(CONFIRMATION, not_on_or_after=NOW),)}, Fault.EXPIRED),
    ({"confirmations": (structs.replace(CONFIRMATION, not_on_or_after=None),)}, Fault.SUBJECT),
    ({"confirmations": (structs.replace(CONFIRMATION, not_before=NOW + 61 * S),)}, Fault.NOT_YET_VALID),
    ({"confirmations": (structs.replace(CONFIRMATION, method=f"{CONFIRMATION.method}r"),)}, Fault.SUBJECT),
    ({"confirmations": ()}, Fault.SUBJECT),
    ({"confirmations": (CONFIRMATION, CONFIRMATION)}, Fault.SUBJECT),
    ({"subject": None}, Fault.SUBJECT),
    ({"subject": "a" * 1025}, Fault.SUBJECT),
    ({"subject_format": "a" * 1025}, Fault.SUBJECT),
    ({"destination": "https://other.example/saml"}, Fault.RECIPIENT),
    ({"audiences": ()}, Fault.AUDIENCE),
    ({"audiences": ((),)}, Fault.AUDIENCE),
    ({"audiences": (("https://other.example",),)}, Fault.AUDIENCE),
    ({"audiences": (("urn:amazon:webservices",), ("https://other.example",))}, Fault.AUDIENCE),
    ({"attributes": NEEDED[1:]}, Fault.ROLE),
    ({"attributes": NEEDED[:1]}, Fault.SESSION_NAME_MISSING),
]


@pytest.mark.parametrize(("changes", "fault"), REFUSALS)
def test_an_assertion_that_is_not_for_here_and_now_is_refused(changes: dict[str, Any], fault: Fault) -> None:
    read()
    with pytest.raises(AssertionRefused) as caught:
        read(**changes)
    assert caught.value.fault is fault


def test_a_clock_may_be_a_little_ahead_but_never_behind() -> None:
    ahead = NOW + 60 * S
    confirmations = (structs.replace(CONFIRMATION, not_before=ahead),)
    assert read(issued_at=ahead, not_before=ahead, confirmations=confirmations).subject == "alice"
    assert read(issued_at=NOW - 299 * S).subject == "alice"


@pytest.mark.parametrize(
    ("value", "is_listed"),
    [
        (f"{ROLE},{PROVIDER}", True),
        (f"{PROVIDER},{ROLE}", True),
        (f" {PROVIDER} ,\n {ROLE} ", True),
        (f"{ROLE},{ROLE}", False),
        (ROLE, False),
        (f"{ROLE},{PROVIDER},{PROVIDER}", False),
        (f"{ROLE}2,{PROVIDER}", False),
        (f"{ROLE},{PROVIDER.upper()}", False),
        ("", False),
        (None, False),
    ],
)
def test_a_role_and_its_provider_are_a_pair_in_either_order(value: str | None, is_listed: bool) -> None:
    others = attribute(
        "Role", "arn:aws:iam::123456789012:role/other,arn:aws:iam::123456789012:saml-provider/idp", value
    )
    given = structs.replace(ASSERTION, attributes=(others, NEEDED[1]))
    if is_listed:
        assert read(given).session_name == "alice"
        return
    with pytest.raises(AssertionRefused) as caught:
        read(given)
    assert caught.value.fault is Fault.ROLE


@pytest.mark.parametrize(
    "values", [("a",), ("a b",), ("a" * 65,), ("\u00e4b",), ("ab\n",), ("ab", "cd"), (None,), ("",)]
)
def test_a_session_has_one_name_of_its_characters(values: tuple[str | None, ...]) -> None:
    with pytest.raises(AssertionRefused) as caught:
        read(attributes=(NEEDED[0], attribute("RoleSessionName", *values)))
    assert caught.value.fault is Fault.SESSION_NAME


@pytest.mark.parametrize("values", [("a",), ("a b",), ("x" * 65,), ("aws:x",), ("ab", "cd"), (None,), ()])
def test_a_source_identity_is_one_of_its_characters(values: tuple[str | None, ...]) -> None:
    with pytest.raises(AssertionRefused) as caught:
        read(with_attributes(attribute("SourceIdentity", *values)))
    assert caught.value.fault is Fault.SOURCE_IDENTITY
    assert read(with_attributes(attribute("SourceIdentity", "Diego"))).source_identity == "Diego"


@pytest.mark.parametrize(
    "values", [("899",), ("43201",), ("1h",), ("-900",), ("\u0661\u0660\u0660\u0660",), ("900", "900"), ()]
)
def test_a_session_duration_is_a_number_of_seconds(values: tuple[str, ...]) -> None:
    with pytest.raises(AssertionRefused) as caught:
        read(with_attributes(attribute("SessionDuration", *values)))
    assert caught.value.fault is Fault.SESSION_DURATION


def test_tags_are_attributes_each_with_one_value() -> None:
    identity = read(
        with_attributes(
            attribute("PrincipalTag:Project", "Marketing"),
            attribute("PrincipalTag:CostCenter", "12345"),
            attribute("TransitiveTagKeys", "Project"),
        )
    )
    assert (identity.tags, identity.transitive_tag_keys) == (
        {"Project": "Marketing", "CostCenter": "12345"},
        ("Project",),
    )
    for wrong in (
        [attribute("PrincipalTag:a", "x", "y")],
        [attribute("PrincipalTag:a")],
        [attribute("PrincipalTag:a", None)],
        [attribute("PrincipalTag:a", "x"), attribute("PrincipalTag:a", "x")],
        [attribute("PrincipalTag:a", "x"), attribute("PrincipalTag:A", "x")],
        [attribute("PrincipalTag:", "x")],
        [attribute("TransitiveTagKeys", "a")],
        [attribute("PrincipalTag:a", "x"), attribute("TransitiveTagKeys", None)],
    ):
        with pytest.raises(AssertionRefused) as caught:
            read(with_attributes(*wrong))
        assert caught.value.fault is Fault.TAGS


def test_what_is_for_one_use_is_known_by_issuer_and_id_while_it_is_good() -> None:
    assert read().one_use is None
    one = read(is_for_one_use=True).one_use
    assert one is not None
    assert one.until == ASSERTION.issued_at + 300 * S
    again = read(with_attributes(attribute("SourceIdentity", "Diego")), is_for_one_use=True).one_use
    assert again == one
    other = read(is_for_one_use=True, id="_other").one_use
    assert other is not None
    assert other.mark != one.mark


def test_the_provider_may_shorten_a_session_never_lengthen_it() -> None:
    assert shorten(3600, read(), NOW) == 3600
    shortened = read(with_attributes(attribute("SessionDuration", "900")))
    assert shorten(3600, shortened, NOW) == 900
    assert shorten(3600, read(with_attributes(attribute("SessionDuration", "43200"))), NOW) == 3600
    assert shorten(3600, read(session_not_on_or_after=NOW + 90 * S), NOW) == 90
