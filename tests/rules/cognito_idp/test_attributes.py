import pytest
from tests.rules.cognito_idp.pools import pool

from yett.rules.cognito_idp.attributes import check_attributes
from yett.rules.cognito_idp.errors import UserPoolRefused

SCHEMA = pool(
    Schema=[
        {"Name": "email", "Required": True},
        {"Name": "level", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MaxValue": "9"}},
        {"Name": "code", "AttributeDataType": "String", "StringAttributeConstraints": {"MinLength": "2"}},
        {"Name": "on", "AttributeDataType": "Boolean", "Mutable": False},
        {"Name": "at", "AttributeDataType": "DateTime"},
    ]
).schema


@pytest.mark.parametrize(
    ("attributes", "part"),
    [
        ({"email": "ann"}, "Invalid email address format"),
        ({"phone_number": "555"}, "Invalid phone number format"),
        ({"custom:level": "10"}, "out of range"),
        ({"custom:level": "x"}, "not a number"),
        ({"custom:code": "a"}, "out of range"),
        ({"custom:on": "yes"}, "boolean"),
        ({"custom:at": "soon"}, "not a date"),
        ({"custom:none": "x"}, "user.custom:none: Attribute does not exist in the schema.\n"),
        ({"sub": "x"}, "user.sub: Attribute does not exist"),
        ({"name": "x" * 2049}, "so long"),
    ],
)
def test_values_are_of_their_type_and_within_their_bounds(attributes: dict[str, str], part: str) -> None:
    with pytest.raises(UserPoolRefused) as caught:
        check_attributes(attributes, SCHEMA, current={}, writable=None)
    assert part in caught.value.message


def test_what_is_required_is_there_at_the_beginning_and_what_is_fixed_stays() -> None:
    with pytest.raises(UserPoolRefused, match="email: The attribute email is required"):
        check_attributes({"name": "x"}, SCHEMA, current=None, writable=None)
    check_attributes({"email": "a@b.c", "custom:on": "true"}, SCHEMA, current=None, writable=None)
    check_attributes({"custom:on": "true"}, SCHEMA, current={"custom:on": "true"}, writable=None)
    with pytest.raises(UserPoolRefused, match="cannot be updated"):
        check_attributes({"custom:on": "false"}, SCHEMA, current={"custom:on": "true"}, writable=None)


@pytest.mark.parametrize("name", ["email", "email_verified"])
def test_a_client_writes_only_what_it_may_and_never_a_verification(name: str) -> None:
    writable = frozenset({"name", "email_verified"})
    with pytest.raises(UserPoolRefused, match="unauthorized attribute"):
        check_attributes({name: "true"}, SCHEMA, current={}, writable=writable)
    check_attributes({"name": "x"}, SCHEMA, current={}, writable=writable)


@pytest.mark.parametrize(
    "member",
    [
        {"Name": "x"},
        {"Name": "x", "AttributeDataType": "String", "Required": True},
        {"Name": "email", "AttributeDataType": "Number"},
        {"Name": "x", "AttributeDataType": "String", "StringAttributeConstraints": {"MaxLength": "many"}},
        {},
    ],
)
def test_a_schema_that_cannot_be_is_refused(member: dict[str, object]) -> None:
    with pytest.raises(UserPoolRefused):
        pool(Schema=[member])
