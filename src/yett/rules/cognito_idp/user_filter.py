"""The filter of ListUsers."""

import re
from collections.abc import Callable
from typing import Final

from yett.rules.cognito_idp.errors import invalid_parameter
from yett.rules.cognito_idp.users import User

FORM: Final = re.compile(r'\s*"?(?P<name>[\w:]+)"?\s*(?P<how>\^?=)\s*"(?P<value>(?:[^"\\]|\\.)*)"\s*', re.DOTALL)
SEARCHABLE: Final = frozenset(
    {"username", "email", "phone_number", "name", "given_name", "family_name", "preferred_username", "sub",
     "cognito:user_status", "status"}
)  # fmt: skip


def parse_user_filter(text: str) -> Callable[[User], bool]:
    """Read ``email ^= "ann"``; no text takes every user.

    Raises:
        UserPoolRefused: It is no filter, or over what cannot be searched.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html (Filter)
    """
    if not text.strip():
        return lambda _: True
    found = FORM.fullmatch(text)
    if found is None or found["name"] not in SEARCHABLE:
        raise invalid_parameter("Error while parsing filter.")
    name, is_prefix = found["name"], found["how"] == "^="
    value = re.sub(r"\\(.)", r"\1", found["value"], flags=re.DOTALL)
    if name in ("cognito:user_status", "status"):
        value = value.casefold()

    def takes(user: User) -> bool:
        held = searchable(user, name)
        return held is not None and (held.startswith(value) if is_prefix else held == value)

    return takes


def searchable(user: User, name: str) -> str | None:
    """What a filter over *name* compares."""
    match name:
        case "username":
            return user.username
        case "sub":
            return user.sub
        case "cognito:user_status":
            return user.status.value.casefold()
        case "status":
            return "enabled" if user.is_enabled else "disabled"
        case _:
            return user.attributes.get(name)
