"""Passwords of IAM's users: which ones an account takes, and when one is over.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
"""

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct, structs

from yett.rules.iam.limits import PASSWORD_CHARACTERS, PASSWORDS_REMEMBERED
from yett.rules.sign_in.attempts import Failures
from yett.values.secret import Secret

SYMBOLS: Final = frozenset("!@#$%^&*()_+-=[]{}|'")
UPPER, LOWER, DIGITS = ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789")
DEFAULT_LENGTH: Final = 8  # characters, in an account without a policy of its own
DEFAULT_KINDS: Final = 3  # of the four kinds of characters


class PasswordPolicy(Struct, frozen=True, kw_only=True):
    """An account's own policy; the defaults are those of UpdateAccountPasswordPolicy."""

    minimum_length: int = 6
    requires_symbols: bool = False
    requires_numbers: bool = False
    requires_uppercase: bool = False
    requires_lowercase: bool = False
    lets_users_change: bool = False  # users may call ChangePassword, whatever their policies leave out
    maximum_age_days: int | None = None  # None: passwords never expire
    remembered: int | None = None  # how many of the last passwords may not be taken again; None: any may
    is_hard: bool | None = None  # who lets a password expire needs an administrator; None: nobody has said


class LoginProfile(Struct, frozen=True, kw_only=True):
    """A user's password, and what is kept beside it."""

    account: str
    user_id: str  # "AIDA…"
    created_at: datetime
    changed_at: datetime
    hash: Secret  # argon2id, with its parameters
    former: tuple[Secret, ...] = ()  # hashes of the passwords before, newest first
    must_reset: bool = False  # at the next sign-in
    failures: Failures | None = None


def conforms(password: str, policy: PasswordPolicy | None, *, account_names: frozenset[str]) -> bool:
    """Whether the account takes the password. Without a policy of its own AWS's default holds.

    *account_names* are its name and address, which no password may be.
    """
    kinds = (
        not SYMBOLS.isdisjoint(password),
        any(each in DIGITS for each in password),
        any(each in UPPER for each in password),
        any(each in LOWER for each in password),
    )
    if len(password) > PASSWORD_CHARACTERS:
        return False
    if policy is None:
        is_name = password.lower() in {each.lower() for each in account_names}
        return len(password) >= DEFAULT_LENGTH and sum(kinds) >= DEFAULT_KINDS and not is_name
    required = (
        policy.requires_symbols,
        policy.requires_numbers,
        policy.requires_uppercase,
        policy.requires_lowercase,
    )
    is_mixed = all(has or not needs for has, needs in zip(kinds, required, strict=True))
    return len(password) >= policy.minimum_length and is_mixed


def remembered(profile: LoginProfile, policy: PasswordPolicy | None) -> tuple[Secret, ...]:
    """The hashes of the passwords that the next one may not be, newest first.

    UNCERTAIN: whether the present one counts as one of them; here it does.
    """
    count = 0 if policy is None else policy.remembered or 0
    return (profile.hash, *profile.former)[:count]


def with_password(profile: LoginProfile, fresh: Secret, *, must_reset: bool, now: datetime) -> LoginProfile:
    """The profile with another password; failures are forgotten, the former passwords remembered."""
    former = (profile.hash, *profile.former)[: PASSWORDS_REMEMBERED - 1]
    return structs.replace(profile, hash=fresh, former=former, changed_at=now, must_reset=must_reset, failures=None)


def expires_at(changed_at: datetime, policy: PasswordPolicy | None) -> datetime | None:
    """When a password that was set then is over; None: never."""
    if policy is None or policy.maximum_age_days is None:
        return None
    return changed_at + timedelta(days=policy.maximum_age_days)
