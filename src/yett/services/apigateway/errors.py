"""API Gateway's refusals: the rules' words, under the codes of the service model."""

from collections.abc import Mapping
from functools import wraps
from typing import Final

from yett.ports.errors import AlreadyExists, Conflict
from yett.rules.apigateway.errors import ApiRefused, ErrorCode
from yett.rules.apigateway.errors import NotFound as RuleNotFound
from yett.rules.execute_api.plan import NotDeployable
from yett.services.call import Call, Operation, ServiceError

STATUS: Final[Mapping[ErrorCode, int]] = {
    ErrorCode.BAD_REQUEST: 400,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.CONFLICT: 409,
    ErrorCode.LIMIT_EXCEEDED: 429,
    ErrorCode.VALIDATION: 400,
}

CONCURRENT: Final = "Unable to complete operation due to concurrent modification. Please try again later."
# OBSERVED (spec 08, no. 30).
NO_RESOURCE: Final = RuleNotFound("Invalid Resource identifier specified")
NO_METHOD: Final = RuleNotFound("Invalid Method identifier specified")
NO_INTEGRATION: Final = RuleNotFound("Invalid Integration identifier specified")
NO_RESPONSE: Final = RuleNotFound("Invalid Response status code specified")
NO_AUTHORIZER: Final = RuleNotFound("Invalid Authorizer identifier specified")
NO_DEPLOYMENT: Final = RuleNotFound("Invalid Deployment identifier specified")
NO_STAGE: Final = RuleNotFound("Invalid stage identifier specified")
NO_MODEL: Final = RuleNotFound("Invalid model name specified")


def no_api(call: Call, api_id: object) -> ApiRefused:
    """There is no such API in the account.

    OBSERVED (spec 08, no. 31).
    """
    return RuleNotFound(f"Invalid API identifier specified {call.account}:{api_id}")


def translated(operation: Operation) -> Operation:
    """The operation, its refusals as the service model's errors."""

    @wraps(operation)
    async def answer(call: Call, params: Mapping[str, object]) -> Mapping[str, object]:
        try:
            return await operation(call, params)
        except ApiRefused as error:
            raise ServiceError(error.code.value, error.message, status=STATUS[error.code]) from error
        except NotDeployable as error:
            raise ServiceError(ErrorCode.BAD_REQUEST.value, error.reason, status=400) from error
        except (AlreadyExists, Conflict) as error:
            raise ServiceError(ErrorCode.CONFLICT.value, CONCURRENT, status=409) from error

    return answer
