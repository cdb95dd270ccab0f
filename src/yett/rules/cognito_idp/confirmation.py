"""Codes that prove an address: where one goes, whether an answer is right, how often one may guess."""

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct, structs

from yett.rules.cognito_idp.errors import Fault, UserPoolRefused
from yett.rules.cognito_idp.limits import CODE_ATTEMPTS, CODES_PER_HOUR
from yett.rules.cognito_idp.sessions import Code
from yett.rules.cognito_idp.user_pool import UserPool
from yett.rules.cognito_idp.users import User
from yett.values.secret import Secret

MEDIUMS: Mapping[str, str] = {"email": "EMAIL", "phone_number": "SMS"}


class Destination(Struct, frozen=True, kw_only=True):
    """Where a code goes."""

    attribute: str  # email or phone_number
    address: str

    def render(self) -> dict[str, str]:
        """``CodeDeliveryDetails``, with the address masked."""
        medium = MEDIUMS[self.attribute]
        masked = mask_email(self.address) if medium == "EMAIL" else mask_phone_number(self.address)
        return {"Destination": masked, "DeliveryMedium": medium, "AttributeName": self.attribute}


def mask_email(address: str) -> str:
    """``a***@e***``, as AWS shows an address to who may not know it."""
    local, _, domain = address.partition("@")
    return f"{local[:1]}***@{domain[:1]}***"


def mask_phone_number(number: str) -> str:
    """``+*******1234``."""
    return f"+{'*' * max(len(number) - 5, 0)}{number[-4:]}"


def sign_up_destination(pool: UserPool, user: User) -> Destination | None:
    """Where the code of a sign-up goes: an address that the pool verifies, the phone number first, as AWS does."""
    for attribute in ("phone_number", "email"):
        if attribute in pool.auto_verified_attributes and (address := user.attributes.get(attribute)):
            return Destination(attribute=attribute, address=address)
    return None


def recovery_destination(pool: UserPool, user: User) -> Destination | None:
    """Where the code of a forgotten password goes: a verified address, by the pool's order, else the phone first.

    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/managing-users-passwords.html
    """
    order = [name.removeprefix("verified_") for name in pool.recovery] or ["phone_number", "email"]
    for attribute in order:
        address = user.attributes.get(attribute)
        if address and user.attributes.get(f"{attribute}_verified") == "true":
            return Destination(attribute=attribute, address=address)
    return None


def next_code(before: Code | None, digits: Secret, attribute: str, *, life: timedelta, now: datetime) -> Code:
    """A fresh code in place of *before*: the number of wrong answers goes on, so that asking anew buys no guesses.

    Raises:
        UserPoolRefused: LimitExceededException: too many were sent within the hour.
    """
    if before is None or now - before.sent_since >= timedelta(hours=1):
        return Code(digits=digits, expires_at=now + life, attribute=attribute, sent_since=now)
    if before.sent >= CODES_PER_HOUR:
        raise too_many_attempts()
    return structs.replace(before, digits=digits, expires_at=now + life, attribute=attribute, sent=before.sent + 1)


def is_right(code: Code, answer: str, *, now: datetime) -> bool:
    """Whether the answer is right; one that is wrong is to be counted.

    Raises:
        UserPoolRefused: Too many answers were wrong, or the code has expired.
    """
    if code.attempts >= CODE_ATTEMPTS:
        raise too_many_attempts()
    if now >= code.expires_at:
        raise expired_code()
    return hmac.compare_digest(code.digits.reveal().encode(), answer.encode("utf-8", "replace"))


def too_many_attempts() -> UserPoolRefused:
    """Too many wrong codes, or too many sent."""
    return UserPoolRefused(Fault.LIMIT_EXCEEDED, "Attempt limit exceeded, please try after some time.")


def wrong_code() -> UserPoolRefused:
    """The code is not the one that was sent."""
    return UserPoolRefused(Fault.CODE_MISMATCH, "Invalid verification code provided, please try again.")


def expired_code() -> UserPoolRefused:
    """The code was sent too long ago, or never."""
    return UserPoolRefused(Fault.EXPIRED_CODE, "Invalid code provided, please request a code again.")
