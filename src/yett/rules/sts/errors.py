"""Why no temporary credentials are given."""

from enum import StrEnum

from yett.values.errors import Refusal


class Fault(StrEnum):
    """What is wrong with the request, the caller aside."""

    OVER_ROLE_MAXIMUM = "OVER_ROLE_MAXIMUM"
    OVER_CHAINING_MAXIMUM = "OVER_CHAINING_MAXIMUM"
    DUPLICATE_TAG_KEY = "DUPLICATE_TAG_KEY"
    RESERVED_TAG_KEY = "RESERVED_TAG_KEY"
    TRANSITIVE_KEY_WITHOUT_TAG = "TRANSITIVE_KEY_WITHOUT_TAG"
    TRANSITIVE_KEY_CONFLICT = "TRANSITIVE_KEY_CONFLICT"
    PACKED_TOO_LARGE = "PACKED_TOO_LARGE"


class SessionRefused(Refusal):
    """The session cannot be made as asked."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault
