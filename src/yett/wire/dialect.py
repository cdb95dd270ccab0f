"""One request or response in whichever protocol its service speaks."""

from collections.abc import Mapping
from typing import Final
from typing import Protocol as Interface

from yett.values.http import HttpRequest, HttpResponse
from yett.wire.protocols import json, query, rest_json
from yett.wire.shapes import Operation, Protocol, Service


class Dialect(Interface):
    """What each module of `protocols` gives."""

    def parse_input(self, operation: Operation, request: HttpRequest) -> dict[str, object]: ...

    def render_output(self, operation: Operation, result: Mapping[str, object], request_id: str) -> HttpResponse: ...

    def render_error(
        self, service: Service, code: str, message: str, *, status: int, request_id: str, fields: Mapping[str, object]
    ) -> HttpResponse: ...


DIALECTS: Final[Mapping[Protocol, Dialect]] = {
    Protocol.QUERY: query,
    Protocol.JSON: json,
    Protocol.REST_JSON: rest_json,
}


def parse_input(operation: Operation, request: HttpRequest) -> dict[str, object]:
    """The parameters of a call, of the right types; constraints are not checked yet.

    Raises:
        MalformedInput: The request cannot be read as the operation's input.
    """
    return DIALECTS[operation.service.protocol].parse_input(operation, request)


def render_output(operation: Operation, result: Mapping[str, object], request_id: str) -> HttpResponse:
    """The response that carries a result.

    Raises:
        NotInModel: The result has a member or a type that the model has not.
    """
    return DIALECTS[operation.service.protocol].render_output(operation, result, request_id)


def render_error(
    service: Service,
    code: str,
    message: str,
    *,
    status: int | None = None,
    request_id: str,
    fields: Mapping[str, object] | None = None,
) -> HttpResponse:
    """The response that carries an error; code and status are as the model says, where it knows the error.

    *code* may be the wire code or the model's shape name; at services of JSON also without its ``Exception`` suffix.
    (At STS ``ExpiredToken`` and ``ExpiredTokenException`` are two errors: of credentials, and of a web identity.)
    """
    error = service.errors.get(code)
    if error is None and service.protocol is not Protocol.QUERY:
        error = service.errors.get(f"{code}Exception")
    if error is not None:
        code = error.error_code or code
        status = status or error.error_status
    dialect = DIALECTS[service.protocol]
    return dialect.render_error(
        service, code, message, status=status or 400, request_id=request_id, fields=fields or {}
    )
