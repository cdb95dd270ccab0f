"""Encoded authorization messages: sealed, so that whoever was refused can carry one to whoever may read it."""

from typing import Protocol


class AuthorizationMessages(Protocol):
    """Seals texts for an account and opens them. Neither waits; a message that we did not make never opens.

    Every message is as long as every other: its length tells nothing.
    """

    def seal(self, text: str, *, account: str) -> str | None:
        """The message; None if the text is too long for one."""
        ...

    def open(self, message: str, *, account: str) -> str | None:
        """The text; None if the message is not genuine, or another account's."""
        ...
