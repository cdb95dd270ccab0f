"""What a user pool refuses with: an error code of the service model, and AWS's text."""

from enum import StrEnum

from yett.values.errors import Refusal


class Fault(StrEnum):
    """Error codes of the `cognito-idp` service model that we answer with."""

    ALIAS_EXISTS = "AliasExistsException"
    CODE_DELIVERY_FAILURE = "CodeDeliveryFailureException"
    CODE_MISMATCH = "CodeMismatchException"
    EXPIRED_CODE = "ExpiredCodeException"
    GROUP_EXISTS = "GroupExistsException"
    INVALID_PARAMETER = "InvalidParameterException"
    INVALID_PASSWORD = "InvalidPasswordException"  # noqa: S105
    LIMIT_EXCEEDED = "LimitExceededException"
    NOT_AUTHORIZED = "NotAuthorizedException"
    PASSWORD_RESET_REQUIRED = "PasswordResetRequiredException"  # noqa: S105
    RESOURCE_NOT_FOUND = "ResourceNotFoundException"
    SCOPE_DOES_NOT_EXIST = "ScopeDoesNotExistException"
    UNAUTHORIZED = "UnauthorizedException"
    UNSUPPORTED_OPERATION = "UnsupportedOperationException"
    UNSUPPORTED_TOKEN_TYPE = "UnsupportedTokenTypeException"  # noqa: S105
    UNSUPPORTED_USER_STATE = "UnsupportedUserStateException"
    USER_NOT_CONFIRMED = "UserNotConfirmedException"
    USER_NOT_FOUND = "UserNotFoundException"
    USERNAME_EXISTS = "UsernameExistsException"


class UserPoolRefused(Refusal):
    """A user pool says no. ``message`` is what the client reads."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(f"{fault.value}: {message}")
        self.fault = fault
        self.message = message


def invalid_parameter(message: str) -> UserPoolRefused:
    """A parameter is not good."""
    return UserPoolRefused(Fault.INVALID_PARAMETER, message)


def not_authorized(message: str) -> UserPoolRefused:
    """The caller of a sign-in operation has not shown what it needs to."""
    return UserPoolRefused(Fault.NOT_AUTHORIZED, message)


def not_enforced(option: str) -> UserPoolRefused:
    """An option that bears on access, and that nothing here would enforce: better no pool than an open one."""
    return UserPoolRefused(Fault.INVALID_PARAMETER, f"{option} is not supported by yett: it would not be enforced.")
