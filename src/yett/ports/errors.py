"""What a port says when it cannot: the caller translates by its table."""

from yett.values.errors import Refusal, Unavailable

__all__ = ["AlreadyExists", "Conflict", "Unavailable"]


class AlreadyExists(Refusal):
    """The account holds something of this name already."""


class Conflict(Refusal):
    """What was to be changed has changed meanwhile, or is gone."""
