"""The two headers by which every answer of a REST API names its request.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html (names), and the
answers recorded of the service (spec 08).
"""

from base64 import b64encode
from binascii import unhexlify
from typing import Final

from yett.compiled import twin
from yett.values.http import Headers, HttpResponse, Lines

REQUEST_ID: Final = "x-amzn-RequestId"
EXTENDED_REQUEST_ID: Final = "x-amz-apigw-id"


def extended_request_id(request_id: str) -> str:
    """The value of ``x-amz-apigw-id``: sixteen characters, drawn from the request id."""
    return b64encode(unhexlify(request_id.replace("-", "")[:22])).decode()


def request_id_lines(request_id: str) -> Lines:
    """The two lines."""
    extended: str | None = _extend_plainly(request_id)
    return (REQUEST_ID, request_id), (EXTENDED_REQUEST_ID, extended or extended_request_id(request_id))


_extend_plainly: Final = twin("yett.rules.execute_api.plain_lines", "extended_request_id")


def with_request_ids(answer: HttpResponse, request_id: str) -> HttpResponse:
    """The answer with the two lines below its own."""
    headers = Headers(answer.headers.lines + request_id_lines(request_id))
    return HttpResponse(status=answer.status, headers=headers, body=answer.body, stream=answer.stream)
