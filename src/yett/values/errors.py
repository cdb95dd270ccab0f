"""The family of refusals: what we say no with, and what the world fails us with."""


class Refusal(Exception):
    """We say no, rightly. Libraries, rule rooms, services and front doors each have their own kinds.

    ``reason`` is for our own log and for ``yett explain``; what the client reads is decided by the front door's table.
    """

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class Unavailable(Exception):
    """The world failed us: a port could not answer. Where access hangs on it, the call is refused, never allowed."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
