import pytest

from yett.rules.sts.saml_attributes import KEYS, attribute_keys
from yett.tokens.saml.response import Attribute

PERSON = "urn:oid:1.3.6.1.4.1.5923.1.1.1."


def attribute(name: str, *values: str | None) -> Attribute:
    return Attribute(name=name, values=values)


@pytest.mark.parametrize("name", KEYS)
def test_each_row_gives_its_keys(name: str) -> None:
    assert attribute_keys([attribute(name, "value")]) == dict.fromkeys(KEYS[name], ("value",))


def test_a_list_keeps_its_values_and_a_single_key_its_first() -> None:
    given = [attribute(f"{PERSON}1", "staff", "faculty"), attribute(f"{PERSON}3", "ExampleOrg", "OtherOrg")]
    assert attribute_keys(given) == {
        "saml:edupersonaffiliation": ("staff", "faculty"),
        "saml:edupersonorgdn": ("ExampleOrg",),
    }


def test_of_several_claims_for_one_key_the_first_counts() -> None:
    mail = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
    given = [
        attribute(mail),
        attribute(mail, None),
        attribute(mail, "a@b"),
        attribute("0.9.2342.19200300.100.1.3", "c@d"),
    ]
    assert attribute_keys(given) == {"saml:mail": ("a@b",)}


def test_other_names_and_values_that_are_no_text_give_nothing() -> None:
    given = [attribute("eduPersonOrgDN", "x"), attribute(f"{PERSON}10", None), attribute(f"{PERSON}99", "x")]
    assert attribute_keys(given) == {}
