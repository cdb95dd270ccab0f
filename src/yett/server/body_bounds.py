"""How long a request's body may be, by the door it goes to; decided from its head alone.

A body is held whole, since signatures cover it. So the large ones that some AWS APIs take (a function's zip) are let in
only where the head shows credentials, which makes nothing safe but costs a passer-by more than nothing, and only with
their length said in advance: together they have a share of the budget, and no more, so that calls go on beside them.
"""

from http import HTTPStatus
from typing import Final

from yett.server.doors import Door, choose
from yett.server.framing import Head, RequestRefused
from yett.server.limits import MAX_UNSIGNED_BODY_BYTES, Limits

GATEWAY_ALONE: Final = Limits(operation_body_bytes=MAX_UNSIGNED_BODY_BYTES)  # where signed operations have another port

_SIGNATURE: Final = "aws4-"  # of every signing algorithm of AWS's
_SIGNED_QUERY: Final = "X-Amz-Credential="


class InvocationTooLarge(RequestRefused):
    """The body of a call of an API exceeds the bound of API Gateway's."""

    def __init__(self) -> None:
        super().__init__(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body exceeds its bound")


class OperationTooLarge(RequestRefused):
    """The body of a call of an AWS API, or of a page, exceeds what that takes."""

    def __init__(self, bound_bytes: int) -> None:
        super().__init__(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body exceeds its bound")
        self.bound_bytes = bound_bytes


def check_length(length: int, head: Head, host: str, limits: Limits) -> None:
    """Refuse a body of *length* bytes that is longer than where it goes permits.

    Raises:
        InvocationTooLarge, OperationTooLarge: 413.
    """
    if length <= limits.unsigned_body_bytes and length <= limits.body_bytes:
        return
    path, _, query = head.target.partition("?")
    door = choose(host, path)
    if door is Door.EXECUTE_API:
        if length > limits.body_bytes:
            raise InvocationTooLarge
        return
    bound = limits.unsigned_body_bytes
    if door is not Door.HOSTED_LOGIN and _has_credentials(head, query):
        bound = limits.operation_body_bytes if head.content_length is not None else limits.body_bytes
    if length > bound:
        raise OperationTooLarge(bound)


def _has_credentials(head: Head, query: str) -> bool:
    if _SIGNED_QUERY in query:
        return True
    return any(
        name.lower() == "authorization" and value[: len(_SIGNATURE)].lower() == _SIGNATURE for name, value in head.lines
    )
