"""Users of a pool: their states, the names they sign in by, and how they are shown."""

import hmac
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct, structs

from yett.rules.cognito_idp.attributes import EMAIL, PHONE_NUMBER, VERIFIED, render_attributes
from yett.rules.cognito_idp.errors import invalid_parameter
from yett.rules.cognito_idp.user_pool import UserPool
from yett.rules.sign_in.attempts import Failures
from yett.values.secret import Secret

USERNAME_CHARACTERS: Final = 128


class UserStatus(StrEnum):
    """The values of ``UserStatus`` that a user here can have."""

    UNCONFIRMED = "UNCONFIRMED"
    CONFIRMED = "CONFIRMED"
    FORCE_CHANGE_PASSWORD = "FORCE_CHANGE_PASSWORD"  # noqa: S105
    RESET_REQUIRED = "RESET_REQUIRED"


class PasswordRecord(Struct, frozen=True, kw_only=True):
    """What is kept of a password: enough to check it, both ways, and not to tell it."""

    hash: Secret  # argon2id, encoded with its parameters
    srp_salt: str  # hexadecimal
    srp_verifier: Secret  # hexadecimal
    expires_at: datetime | None = None  # temporary passwords only


class User(Struct, frozen=True, kw_only=True):
    """One user."""

    username: str  # as given at sign-up; the sub where email or phone number stand in for it
    sub: str
    status: UserStatus
    created_at: datetime
    modified_at: datetime
    attributes: Mapping[str, str]  # without sub
    is_enabled: bool = True
    password: PasswordRecord | None = None
    failures: Failures | None = None


def username_of(pool: UserPool, name: str, attributes: Mapping[str, str], *, sub: str) -> tuple[str, dict[str, str]]:
    """The username and attributes of a user who signs up, or is made, as *name*.

    Raises:
        UserPoolRefused: The pool wants an email address or phone number for a name, or *name* looks like an alias.

    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html
    """
    is_email, is_phone = EMAIL.fullmatch(name) is not None, PHONE_NUMBER.fullmatch(name) is not None
    if pool.username_attributes:
        for attribute, fits in (("email", is_email), ("phone_number", is_phone)):
            if attribute in pool.username_attributes and fits:
                return sub, {**attributes, attribute: name}
        wanted = {"email": "an email", "phone_number": "a phone number"}
        kinds = [wanted[attribute] for attribute in pool.username_attributes]
        raise invalid_parameter(f"Username should be {'either ' if len(kinds) > 1 else ''}{' or '.join(kinds)}.")
    if "email" in pool.alias_attributes and is_email:
        raise invalid_parameter("Username cannot be of email format, since user pool is configured for email alias.")
    if "phone_number" in pool.alias_attributes and is_phone:
        raise invalid_parameter(
            "Username cannot be of phone number format, since user pool is configured for phone number alias."
        )
    return name, dict(attributes)


def aliases(pool: UserPool, user: User) -> frozenset[tuple[str, str]]:
    """What finds this user beside the username: (attribute, folded value). No two users share one.

    Addresses that stand in for a username count at once, aliases once they are verified.
    """
    found = {("sub", user.sub)}
    for attribute in pool.username_attributes:
        if value := user.attributes.get(attribute):
            found.add((attribute, pool.fold(value)))
    for attribute in pool.alias_attributes:
        verified = VERIFIED.get(attribute)
        is_good = verified is None or user.attributes.get(verified, "").lower() == "true"
        if (value := user.attributes.get(attribute)) and is_good and user.status is not UserStatus.UNCONFIRMED:
            found.add((attribute, pool.fold(value)))
    return frozenset(found)


def lookups(pool: UserPool, name: str) -> tuple[tuple[str, str], ...]:
    """Under which (attribute, folded value) to look for a user of that name, after the username itself."""
    attributes = ("sub", *pool.username_attributes, *pool.alias_attributes)
    return tuple((attribute, name if attribute == "sub" else pool.fold(name)) for attribute in attributes)


def with_attributes(user: User, changes: Mapping[str, str], *, now: datetime) -> User:
    """The user with attributes changed. A new address is not verified unless the change says so; empty values clear."""
    merged = dict(user.attributes)
    for name, value in changes.items():
        verified = VERIFIED.get(name)
        if verified and verified not in changes and merged.get(name) != value:
            merged[verified] = "false"
        merged[name] = value.lower() if name in VERIFIED.values() else value
    kept = {name: value for name, value in merged.items() if value != ""}
    for name, verified in VERIFIED.items():
        if name not in kept:
            kept.pop(verified, None)
    return structs.replace(user, attributes=kept, modified_at=now)


def with_password(user: User, password: PasswordRecord, status: UserStatus, *, now: datetime) -> User:
    """The user with a new password and status; failures are forgotten."""
    return structs.replace(user, password=password, status=status, failures=None, modified_at=now)


def shown_attributes(user: User, readable: frozenset[str] | None = None) -> list[dict[str, str]]:
    """The attributes of an answer, ``sub`` among them; *readable* names those that an app client may see."""
    seen = {"sub": user.sub, **{n: v for n, v in user.attributes.items() if readable is None or n in readable}}
    return render_attributes(seen)


def render_user(user: User, *, attributes_name: str = "Attributes") -> dict[str, object]:
    """A ``UserType``; AdminGetUser names the attributes ``UserAttributes``."""
    return {
        "Username": user.username,
        attributes_name: shown_attributes(user),
        "UserCreateDate": user.created_at,
        "UserLastModifiedDate": user.modified_at,
        "Enabled": user.is_enabled,
        "UserStatus": user.status.value,
    }


def simulated_sub(pool: UserPool, name: str) -> str:
    """The sub of a user that does not exist: each time the same, and nobody outside can tell it from a real one."""
    mac = hmac.digest(pool.simulation_key.reveal().encode(), pool.fold(name).encode("utf-8", "replace"), "sha256").hex()
    return f"{mac[:8]}-{mac[8:12]}-4{mac[13:16]}-a{mac[17:20]}-{mac[20:32]}"
