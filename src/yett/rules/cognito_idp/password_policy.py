"""Which passwords a user pool takes."""

from typing import Final

from msgspec import Struct

from yett.rules.cognito_idp.errors import Fault, UserPoolRefused, invalid_parameter
from yett.rules.cognito_idp.limits import PASSWORD_CHARACTERS

# https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-policies.html
SYMBOLS: Final = frozenset("^$*.[]{}()?-\"!@#%&/\\,><':;|_~`+= ")
PREFIX: Final = "Password did not conform with policy: "


class PasswordPolicy(Struct, frozen=True, kw_only=True):
    """The ``PasswordPolicy`` of a pool; the defaults are those of a pool made without one."""

    minimum_length: int = 8
    require_uppercase: bool = True
    require_lowercase: bool = True
    require_numbers: bool = True
    require_symbols: bool = True
    temporary_password_validity_days: int = 7


def check_password(password: str, policy: PasswordPolicy) -> None:
    """Refuse a password that the policy does not take.

    Raises:
        UserPoolRefused: InvalidPasswordException with the first rule broken.

    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-policies.html
    """
    if len(password) > PASSWORD_CHARACTERS:
        raise UserPoolRefused(Fault.INVALID_PASSWORD, f"{PREFIX}Password too long")
    if not password or password != password.strip() or not is_encodable(password):
        raise invalid_parameter("Invalid password: it must not begin or end with white space.")
    broken = (
        (len(password) < policy.minimum_length, "Password not long enough"),
        (policy.require_uppercase and not any("A" <= c <= "Z" for c in password), "must have uppercase characters"),
        (policy.require_lowercase and not any("a" <= c <= "z" for c in password), "must have lowercase characters"),
        (policy.require_numbers and not any("0" <= c <= "9" for c in password), "must have numeric characters"),
        (policy.require_symbols and not SYMBOLS.intersection(password), "must have symbol characters"),
    )
    for is_broken, text in broken:
        if is_broken:
            # The first rule reads "Password did not conform with policy: Password not long enough", the others alike.
            raise UserPoolRefused(Fault.INVALID_PASSWORD, f"{PREFIX}{'' if text[0] == 'P' else 'Password '}{text}")


def is_encodable(password: str) -> bool:
    """Whether the text has a UTF-8 form: lone surrogates have none."""
    return not any("\ud800" <= character <= "\udfff" for character in password)
