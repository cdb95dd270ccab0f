"""What API Gateway's control plane refuses a definition with."""

from enum import StrEnum

from yett.values.errors import Refusal


class ErrorCode(StrEnum):
    """Error codes of the apigateway service model."""

    BAD_REQUEST = "BadRequestException"
    NOT_FOUND = "NotFoundException"
    CONFLICT = "ConflictException"
    LIMIT_EXCEEDED = "LimitExceededException"
    # OBSERVED: an enum of the path is refused in the words of the model's constraint (spec 08, no. 29).
    VALIDATION = "ValidationException"


class ApiRefused(Refusal):
    """A definition, or a change of one, that is not accepted. ``message`` is what the client reads."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class BadRequest(ApiRefused):
    """The definition is wrong."""

    def __init__(self, message: str) -> None:
        super().__init__(ErrorCode.BAD_REQUEST, message)


class NotFound(ApiRefused):
    """It names what is not there."""

    def __init__(self, message: str) -> None:
        super().__init__(ErrorCode.NOT_FOUND, message)


class Conflict(ApiRefused):
    """It collides with what is there."""

    def __init__(self, message: str) -> None:
        super().__init__(ErrorCode.CONFLICT, message)


class NotOffered(BadRequest):
    """AWS would enforce it, yett would not: so it is not stored either. ``feature`` is its name."""

    def __init__(self, feature: str, *, where: str = "") -> None:
        place = f" (at `{where}`)" if where else ""
        super().__init__(f"yett does not offer {feature}{place}: it would not be enforced, so it is not stored")
        self.feature = feature
        self.where = where
