"""Codes and the messages that bring them."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

from msgspec import structs

from yett.ports.errors import Conflict
from yett.ports.messages import Message
from yett.rules.cognito_idp.confirmation import Destination, expired_code, is_right, next_code, wrong_code
from yett.rules.cognito_idp.limits import CODE_DIGITS, FORGOT_PASSWORD_CODE_LIFE, SIGN_UP_CODE_LIFE
from yett.rules.cognito_idp.sessions import Code
from yett.rules.cognito_idp.user_pool import UserPool
from yett.rules.cognito_idp.users import User
from yett.services.call import Call
from yett.values.secret import Secret

DIGITS: Final = "0123456789"
DEFAULT_SUBJECT: Final = "Your verification code"
DEFAULT_TEXT: Final = "Your verification code is {####}"
PLACE: Final = "{####}"


class Purpose(StrEnum):
    """What a code is for: one for one thing is no good for the other."""

    SIGN_UP = "SignUp"
    FORGOT_PASSWORD = "ForgotPassword"  # noqa: S105


LIVES: Final[dict[Purpose, timedelta]] = {
    Purpose.SIGN_UP: SIGN_UP_CODE_LIFE,
    Purpose.FORGOT_PASSWORD: FORGOT_PASSWORD_CODE_LIFE,
}


async def send_code(call: Call, pool: UserPool, user: User, destination: Destination, purpose: Purpose) -> None:
    """Send a fresh code; the one before is good no more.

    Raises:
        UserPoolRefused: Too many were sent within the hour.
        Unavailable: It could not be handed over.
    """
    digits = Secret(call.ports.randomness.text(DIGITS, CODE_DIGITS))

    def change(before: Code | None) -> Code:
        return next_code(before, digits, destination.attribute, life=LIVES[purpose], now=call.now)

    await call.ports.user_pool_store.codes.put(pool.place, user.sub, purpose.value, change=change)
    medium = destination.render()["DeliveryMedium"]
    text = pool.echo.get(f"{'Email' if medium == 'EMAIL' else 'Sms'}VerificationMessage") or DEFAULT_TEXT
    await call.ports.messages.send(
        Message(
            at=call.now,
            pool_id=pool.place.pool_id,
            kind=purpose.value,
            medium=medium,
            destination=destination.address,
            username=user.username,
            subject=pool.echo.get("EmailVerificationSubject") or DEFAULT_SUBJECT,
            body=text.replace(PLACE, digits.reveal()),
            code=digits.reveal(),
        )
    )


async def redeem_code(call: Call, pool: UserPool, user: User, answer: str, purpose: Purpose) -> str:
    """Use the code that was sent: gives the attribute whose address it went to.

    Raises:
        UserPoolRefused: It is wrong (and is counted), expired, used, was never sent, or there were too many wrong ones.
    """
    outcome = False

    def use(code: Code) -> Code:
        nonlocal outcome
        outcome = is_right(code, answer, now=call.now)
        if outcome:
            return structs.replace(code, expires_at=call.now)
        return structs.replace(code, attempts=code.attempts + 1)

    try:
        code = await call.ports.user_pool_store.codes.change(pool.place, user.sub, purpose.value, change=use)
    except Conflict:
        raise expired_code() from None
    if not outcome:
        raise wrong_code()
    return code.attribute
