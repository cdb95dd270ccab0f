"""Refusals of the rules as errors of the service model."""

from collections.abc import Mapping
from typing import Any

from yett.ports.errors import Conflict
from yett.rules.cognito_idp.errors import Fault, UserPoolRefused
from yett.services.call import Call, Operation, ServiceError

Params = Mapping[str, Any]
Answer = Mapping[str, object]


def translated(operation: Operation) -> Operation:
    """The operation with the refusals of rules and ports as ServiceErrors."""

    async def perform(call: Call, params: Params) -> Answer:
        try:
            return await operation(call, params)
        except UserPoolRefused as refused:
            raise ServiceError(refused.fault.value, refused.message) from refused
        except Conflict as conflict:
            # What the operation had found was removed by another one before it could write.
            raise ServiceError(Fault.RESOURCE_NOT_FOUND.value, "The resource does not exist any more.") from conflict

    return perform


def pool_not_found(pool_id: str) -> UserPoolRefused:
    """The caller's account has no such pool in this Region."""
    return UserPoolRefused(Fault.RESOURCE_NOT_FOUND, f"User pool {pool_id} does not exist.")


def client_not_found(client_id: str) -> UserPoolRefused:
    """There is no such app client, or not in this pool."""
    return UserPoolRefused(Fault.RESOURCE_NOT_FOUND, f"User pool client {client_id} does not exist.")


def user_not_found() -> UserPoolRefused:
    """The pool has no such user."""
    return UserPoolRefused(Fault.USER_NOT_FOUND, "User does not exist.")


def group_not_found() -> UserPoolRefused:
    """The pool has no such group."""
    return UserPoolRefused(Fault.RESOURCE_NOT_FOUND, "Group not found.")
