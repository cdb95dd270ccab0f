"""The attributes of users: the schema of a pool, and what may be written."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from msgspec import Struct

from yett.rules.cognito_idp.errors import invalid_parameter, not_authorized
from yett.rules.cognito_idp.limits import ATTRIBUTE_CHARACTERS, CUSTOM_ATTRIBUTES
from yett.rules.cognito_idp.password_policy import is_encodable

CUSTOM: Final = "custom:"
DEVELOPER: Final = "dev:"
EMAIL: Final = re.compile(r"[^\s@]+@[^\s@]+")
PHONE_NUMBER: Final = re.compile(r"\+[0-9]{1,15}")
VERIFIED: Final = {"email": "email_verified", "phone_number": "phone_number_verified"}


class SchemaAttribute(Struct, frozen=True, kw_only=True):
    """One attribute of a pool's schema, by its full name (``custom:role``)."""

    name: str
    data_type: str = "String"  # String, Number, DateTime, Boolean
    mutable: bool = True
    required: bool = False
    developer_only: bool = False
    minimum: str | None = None  # of the length of a String, of the value of a Number
    maximum: str | None = None


def string(name: str, maximum: int = 2048, minimum: int = 0) -> SchemaAttribute:
    """A standard attribute that holds text."""
    return SchemaAttribute(name=name, minimum=str(minimum), maximum=str(maximum))


# https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html
STANDARD: Final = (
    SchemaAttribute(name="sub", mutable=False, required=True, minimum="1", maximum="2048"),
    *(
        string(name)
        for name in (
            "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
            "website", "email",
        )
    ),
    SchemaAttribute(name="email_verified", data_type="Boolean"),
    string("gender"),
    string("birthdate", 10, 10),
    string("zoneinfo"),
    string("locale"),
    string("phone_number"),
    SchemaAttribute(name="phone_number_verified", data_type="Boolean"),
    string("address"),
    SchemaAttribute(name="updated_at", data_type="Number", minimum="0"),
)  # fmt: skip
STANDARD_NAMES: Final = frozenset(attribute.name for attribute in STANDARD)


def parse_schema(given: Iterable[Mapping[str, object]]) -> tuple[SchemaAttribute, ...]:
    """The whole schema of a pool from CreateUserPool's ``Schema``: standard attributes overridden, custom ones added.

    Raises:
        UserPoolRefused: InvalidParameterException.
    """
    standard = {attribute.name: attribute for attribute in STANDARD}
    custom: dict[str, SchemaAttribute] = {}
    for member in given:
        name = member.get("Name")
        if not isinstance(name, str):
            raise invalid_parameter("Invalid schema: an attribute has no name.")
        if name in standard:
            standard[name] = override(standard[name], member)
            continue
        attribute = parse_custom(name, member)
        if attribute.name in custom:
            raise invalid_parameter(f"Duplicate attribute name: {name}.")
        custom[attribute.name] = attribute
    if len(custom) > CUSTOM_ATTRIBUTES:
        raise invalid_parameter("Number of custom attributes exceeds the limit.")
    return (*standard.values(), *custom.values())


def override(attribute: SchemaAttribute, member: Mapping[str, object]) -> SchemaAttribute:
    """A standard attribute as the pool wants it: its type is fixed."""
    data_type = member.get("AttributeDataType", attribute.data_type)
    if data_type != attribute.data_type:
        raise invalid_parameter(
            "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute "
            f"{attribute.name}"
        )
    changed = read_member(attribute.name, attribute.data_type, member)
    return SchemaAttribute(
        name=attribute.name,
        data_type=attribute.data_type,
        mutable=False if attribute.name == "sub" else changed.mutable,
        required=True if attribute.name == "sub" else changed.required,
        minimum=attribute.minimum if changed.minimum is None else changed.minimum,
        maximum=attribute.maximum if changed.maximum is None else changed.maximum,
    )


def parse_custom(name: str, member: Mapping[str, object]) -> SchemaAttribute:
    """A custom attribute of the schema; its name gains the prefix."""
    data_type = member.get("AttributeDataType")
    if not isinstance(data_type, str):
        raise invalid_parameter(
            f"Invalid AttributeDataType input, consider using the provided AttributeDataType enum: {name}"
        )
    if member.get("Required"):
        raise invalid_parameter("Required custom attributes are not supported currently.")
    prefix = f"{DEVELOPER}{CUSTOM}" if member.get("DeveloperOnlyAttribute") else CUSTOM
    full_name = name if name.startswith((CUSTOM, f"{DEVELOPER}{CUSTOM}")) else prefix + name
    return read_member(full_name, data_type, {"Mutable": True, **member})


def read_member(name: str, data_type: str, member: Mapping[str, object]) -> SchemaAttribute:
    """The rest of a schema member."""
    number, text = member.get("NumberAttributeConstraints"), member.get("StringAttributeConstraints")
    minimum = maximum = None
    if data_type == "Number" and isinstance(number, Mapping):
        minimum, maximum = number.get("MinValue"), number.get("MaxValue")
    if data_type == "String" and isinstance(text, Mapping):
        minimum, maximum = text.get("MinLength"), text.get("MaxLength")
    for bound in (minimum, maximum):
        if bound is not None and re.fullmatch(r"-?[0-9]{1,15}", str(bound)) is None:
            raise invalid_parameter(f"Invalid constraint of attribute {name}.")
    return SchemaAttribute(
        name=name,
        data_type=data_type,
        mutable=bool(member.get("Mutable", True)),
        required=bool(member.get("Required", False)),
        developer_only=bool(member.get("DeveloperOnlyAttribute", False)),
        minimum=None if minimum is None else str(minimum),
        maximum=None if maximum is None else str(maximum),
    )


def render_schema_attribute(attribute: SchemaAttribute) -> dict[str, object]:
    """A member of ``SchemaAttributes``."""
    rendered: dict[str, object] = {
        "Name": attribute.name,
        "AttributeDataType": attribute.data_type,
        "DeveloperOnlyAttribute": attribute.developer_only,
        "Mutable": attribute.mutable,
        "Required": attribute.required,
    }
    bounds = {"Min": attribute.minimum, "Max": attribute.maximum}
    if attribute.data_type == "String":
        rendered["StringAttributeConstraints"] = {f"{k}Length": v for k, v in bounds.items() if v is not None}
    if attribute.data_type == "Number":
        rendered["NumberAttributeConstraints"] = {f"{k}Value": v for k, v in bounds.items() if v is not None}
    return rendered


def parse_attributes(given: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """A list of ``{"Name", "Value"}`` as a mapping; a missing value is empty. The last of one name holds."""
    return {str(member["Name"]): str(member.get("Value", "")) for member in given}


def render_attributes(attributes: Mapping[str, str]) -> list[dict[str, str]]:
    """A mapping as a list of ``{"Name", "Value"}``."""
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


def check_attributes(
    attributes: Mapping[str, str],
    schema: Iterable[SchemaAttribute],
    *,
    current: Mapping[str, str] | None,
    writable: frozenset[str] | None,
) -> None:
    """Refuse attributes that the schema does not know or take.

    *current* are the user's attributes so far; None means that the user is being made, and required ones must be there.
    *writable* are those that the app client may write; None means that an administrator writes.

    Raises:
        UserPoolRefused: InvalidParameterException or NotAuthorizedException.
    """
    known = {attribute.name: attribute for attribute in schema}
    unknown = [name for name in attributes if name not in known or name == "sub"]
    if unknown:
        lines = "".join(f"user.{name}: Attribute does not exist in the schema.\n" for name in unknown)
        raise invalid_parameter(f"Invalid user attributes: {lines}")
    if writable is not None and any(
        name not in writable or name in VERIFIED.values() or known[name].developer_only for name in attributes
    ):
        raise not_authorized("A client attempted to write unauthorized attribute")
    if current is None:
        missing = [a.name for a in known.values() if a.required and a.name != "sub" and not attributes.get(a.name)]
        if missing:
            lines = "".join(f"{name}: The attribute {name} is required\n" for name in missing)
            raise invalid_parameter(f"Attributes did not conform to the schema: {lines}")
    for name, value in attributes.items():
        attribute = known[name]
        if current is not None and not attribute.mutable and current.get(name, value) != value:
            raise invalid_parameter(f"user.{name}: Attribute cannot be updated.\n")
        check_value(attribute, value)


def check_value(attribute: SchemaAttribute, value: str) -> None:
    """Refuse a value that is not of the attribute's type or within its bounds. Empty is always taken: it clears."""
    name = attribute.name
    if len(value) > ATTRIBUTE_CHARACTERS or not is_encodable(value):
        raise invalid_parameter(f"Attributes did not conform to the schema: {name}: String must not be so long\n")
    if not value:
        return
    if name == "email" and EMAIL.fullmatch(value) is None:
        raise invalid_parameter("Invalid email address format.")
    if name == "phone_number" and PHONE_NUMBER.fullmatch(value) is None:
        raise invalid_parameter("Invalid phone number format.")
    if attribute.data_type == "Boolean" and value.lower() not in ("true", "false"):
        raise invalid_parameter(
            f"Attributes did not conform to the schema: {name}: Attribute does not conform to boolean\n"
        )
    if attribute.data_type == "DateTime" and not is_moment(value):
        raise invalid_parameter(f"Attributes did not conform to the schema: {name}: Attribute is not a date\n")
    if attribute.data_type == "Number" and re.fullmatch(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", value) is None:
        raise invalid_parameter(f"Attributes did not conform to the schema: {name}: Attribute is not a number\n")
    size = float(value) if attribute.data_type == "Number" else float(len(value))
    if attribute.data_type in ("String", "Number") and (
        (attribute.minimum is not None and size < float(attribute.minimum))
        or (attribute.maximum is not None and size > float(attribute.maximum))
    ):
        raise invalid_parameter(f"Attributes did not conform to the schema: {name}: Value is out of range\n")


def is_moment(value: str) -> bool:
    """Whether the text is an ISO 8601 date or moment."""
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
