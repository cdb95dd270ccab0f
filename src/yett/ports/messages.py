"""Messages to users: confirmation codes, temporary passwords."""

from datetime import datetime
from typing import Final, Protocol

from msgspec import Struct

OUTBOX: Final = "outbox"  # the file of the home that keeps messages where none are sent


class Message(Struct, frozen=True, kw_only=True):
    """One message. Its body is secret: it holds codes and passwords."""

    at: datetime
    pool_id: str
    kind: str  # "SignUp", "ResendCode", "ForgotPassword", "AdminCreateUser"
    medium: str  # EMAIL or SMS
    destination: str  # the address, in full
    username: str
    subject: str
    body: str
    code: str | None = None  # the code or temporary password by itself, for scripts


class Messages(Protocol):
    """Sends messages. ``send`` returns once the message will not be lost by us."""

    async def send(self, message: Message) -> None:
        """Send it.

        Raises:
            Unavailable: It could not be handed over.
        """
        ...
