"""Lambda's error codes, as its service model names them.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
"""

from yett.services.call import ServiceError

USER = {"Type": "User"}


class InvalidParameterValue(ServiceError):
    """A parameter is not valid."""

    def __init__(self, message: str) -> None:
        super().__init__("InvalidParameterValueException", message, status=400, fields=USER)


class ResourceNotFound(ServiceError):
    """The function, or the part of it that was asked for, does not exist."""

    def __init__(self, message: str) -> None:
        super().__init__("ResourceNotFoundException", message, status=404, fields=USER)

    @classmethod
    def of_function(cls, arn: str) -> "ResourceNotFound":
        """There is no function of this ARN."""
        return cls(f"Function not found: {arn}")


class ResourceConflict(ServiceError):
    """It exists already, or another operation is changing it."""

    def __init__(self, message: str) -> None:
        super().__init__("ResourceConflictException", message, status=409, fields=USER)


class PreconditionFailed(ServiceError):
    """The RevisionId is not the present one."""

    def __init__(self) -> None:
        message = (
            "The Revision Id provided does not match the latest Revision Id. "
            "Call the GetFunction/GetAlias API to retrieve the latest Revision Id"
        )
        super().__init__("PreconditionFailedException", message, status=412, fields=USER)


class PolicyLengthExceeded(ServiceError):
    """The function's policy would be longer than 20 KB."""

    def __init__(self, policy_bytes: int) -> None:
        message = f"The final policy size ({policy_bytes}) is bigger than the limit (20480)."
        super().__init__("PolicyLengthExceededException", message, status=400, fields=USER)


class RequestTooLarge(ServiceError):
    """The payload of an invocation is over its limit."""

    def __init__(self, limit_bytes: int) -> None:
        message = f"Request must be smaller than {limit_bytes} bytes for the InvokeFunction operation"
        super().__init__("RequestTooLargeException", message, status=413, fields=USER)


class RequestEntityTooLarge(ServiceError):
    """The deployment package is over its limit."""

    def __init__(self, limit_bytes: int) -> None:
        message = f"Request must be smaller than {limit_bytes} bytes for the CreateFunction operation"
        super().__init__("RequestEntityTooLargeException", message, status=413)


class InvalidRequestContent(ServiceError):
    """The payload of an invocation is no JSON."""

    def __init__(self, reason: str) -> None:
        message = f"Could not parse request body into json: {reason}"
        super().__init__("InvalidRequestContentException", message, status=400, fields=USER)


class TooManyRequests(ServiceError):
    """The function's concurrency, or the pool's, is used up."""

    def __init__(self, *, is_reserved: bool) -> None:
        limit = (
            "ReservedFunctionConcurrentInvocationLimitExceeded" if is_reserved else "ConcurrentInvocationLimitExceeded"
        )
        fields = {"Type": "User", "Reason": limit}
        super().__init__("TooManyRequestsException", "Rate Exceeded.", status=429, fields=fields)


class ServiceFailed(ServiceError):
    """The function could not be run, through no fault of its own."""

    def __init__(self) -> None:
        message = "The Lambda service encountered an internal error."
        super().__init__("ServiceException", message, status=500, fields={"Type": "Service"})


class AccessDenied(ServiceError):
    """The caller may not, or the function is another account's."""

    def __init__(self, message: str) -> None:
        super().__init__("AccessDeniedException", message, status=403)
