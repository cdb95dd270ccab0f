"""The credential report: a line for each user, of what they could sign in or sign with.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
"""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from yett.rules.iam.limits import ACCESS_KEYS_PER_USER
from yett.rules.iam.passwords import PasswordPolicy, expires_at

ROOT: Final = "<root_account>"
NONE, UNKNOWN, UNSUPPORTED = "N/A", "no_information", "not_supported"
KEY_COLUMNS: Final = ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
COLUMNS: Final = (
    "user", "arn", "user_creation_time",
    "password_enabled", "password_last_used", "password_last_changed", "password_next_rotation",
    "mfa_active",
    *(f"access_key_{number}_{column}" for number in range(1, ACCESS_KEYS_PER_USER + 1) for column in KEY_COLUMNS),
    "cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
)  # fmt: skip
CERTIFICATES: Final = ("false", NONE, "false", NONE)  # none are kept


class KeyUse(Struct, frozen=True, kw_only=True):
    """An access key without its secret, and its last use."""

    is_active: bool
    created_at: datetime
    used_at: datetime | None = None  # None: never, as far as is known
    region: str = NONE
    service: str = NONE


class UserCredentials(Struct, frozen=True, kw_only=True):
    """A user, or root, with what they have."""

    name: str | None  # None: root
    arn: str
    created_at: datetime
    password_changed_at: datetime | None = None  # None: there is no password
    has_device: bool = False
    keys: tuple[KeyUse, ...] = ()  # oldest first


def render_report(users: Iterable[UserCredentials], policy: PasswordPolicy | None) -> str:
    """The report, as comma-separated values with a line of names."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(COLUMNS)
    lines.writerows(line_of(each, policy) for each in users)
    return text.getvalue()


def line_of(user: UserCredentials, policy: PasswordPolicy | None) -> list[str]:
    """A user's line. Nothing signs in by password, so none was ever used; root has none."""
    changed_at = user.password_changed_at
    if user.name is None:
        password = [UNSUPPORTED, UNKNOWN, UNSUPPORTED, UNSUPPORTED]
    elif changed_at is None:
        password = ["false", NONE, NONE, NONE]
    else:
        password = ["true", UNKNOWN, moment(changed_at), moment(expires_at(changed_at, policy))]
    keys = [*user.keys[:ACCESS_KEYS_PER_USER], *[None] * (ACCESS_KEYS_PER_USER - len(user.keys))]
    return [
        user.name or ROOT,
        user.arn,
        moment(user.created_at),
        *password,
        boolean(user.has_device),
        *(column for key in keys for column in key_columns(key)),
        *CERTIFICATES,
    ]


def key_columns(key: KeyUse | None) -> list[str]:
    """What is said of an access key."""
    if key is None:
        return ["false", NONE, NONE, NONE, NONE]
    return [boolean(key.is_active), moment(key.created_at), moment(key.used_at), key.region, key.service]


def boolean(value: bool) -> str:
    return "true" if value else "false"


def moment(value: datetime | None) -> str:
    """``2026-01-02T03:04:05+00:00``; N/A for none."""
    return NONE if value is None else value.astimezone(UTC).isoformat(timespec="seconds")
