"""The system's clock and dice."""

import secrets
import uuid
from datetime import UTC, datetime


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        """This moment, aware, UTC."""
        return datetime.now(UTC)


class SystemRandomness:
    """The operating system's secure source."""

    def token_bytes(self, count: int) -> bytes:
        """That many bytes."""
        return secrets.token_bytes(count)

    def uuid(self) -> str:
        """A version 4 UUID, lower case."""
        return str(uuid.uuid4())

    def text(self, alphabet: str, length: int) -> str:
        """Characters drawn evenly from the alphabet."""
        return "".join(secrets.choice(alphabet) for _ in range(length))
