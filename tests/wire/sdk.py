"""botocore as the other side: it builds requests that we read, and reads responses that we write."""

import io
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import botocore.session
from botocore.awsrequest import prepare_request_dict
from botocore.compat import HTTPHeaders
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from yett.values.http import Headers, HttpRequest, HttpResponse

SESSION = botocore.session.get_session()
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
REQUEST_ID = "7a1f8a44-0b6e-4c1f-9a52-5f6f2f8b0e11"
ENDPOINT = "http://localhost:4566"


def request(method: str, target: str, headers: tuple[tuple[str, str], ...] = (), body: bytes = b"") -> HttpRequest:
    """A request as the edge hands it on."""
    path, _, query = target.partition("?")
    return HttpRequest(
        method=method,
        target=target,
        path=path,
        query=query,
        headers=Headers.of(headers),
        body=body,
        host="localhost",
        source_ip="127.0.0.1",
        scheme="http",
        request_id=REQUEST_ID,
        received_at=NOW,
    )


def build(service: str, operation: str, params: dict[str, Any]) -> HttpRequest:
    """The request that botocore would send, unsigned."""
    model = SESSION.get_service_model(service)
    serializer = create_serializer(model.metadata["protocol"], include_validation=False)
    sent = serializer.serialize_to_request(params, model.operation_model(operation))
    prepare_request_dict(sent, ENDPOINT)
    body = sent["body"]
    if isinstance(body, dict):
        body = urlencode(body, doseq=True)
    headers = tuple((name, str(value)) for name, value in sent["headers"].items())
    payload = body.encode() if isinstance(body, str) else bytes(body)
    return request(sent["method"], sent["url"].removeprefix(ENDPOINT), headers, payload)


def read(service: str, operation: str, response: HttpResponse) -> dict[str, Any]:
    """What botocore makes of a response; without ResponseMetadata where it was a success."""
    model = SESSION.get_service_model(service)
    operation_model = model.operation_model(operation)
    streams = response.status < 300 and operation_model.has_streaming_output
    given: dict[str, Any] = {
        "status_code": response.status,
        "headers": HTTPHeaders.from_pairs(tuple(response.headers)),
        # botocore's own client hands a payload of bytes on as a stream, and its parser takes anything else for text.
        "body": io.BytesIO(response.body) if streams else response.body,
    }
    parser = create_parser(model.metadata["protocol"])
    parsed: dict[str, Any] = parser.parse(given, operation_model.output_shape)
    for name, stream in [(name, value) for name, value in parsed.items() if isinstance(value, io.BytesIO)]:
        parsed[name] = stream.read()
        if not parsed[name]:  # no payload and an empty one are the same on the wire
            del parsed[name]
    if response.status < 300:
        metadata = parsed.pop("ResponseMetadata")
        assert metadata["RequestId"] == REQUEST_ID
    return parsed
