"""Which service and which operation is this request?"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final
from urllib.parse import parse_qsl

from msgspec import Struct

from yett.values.http import HttpRequest
from yett.wire.loading import service_model
from yett.wire.protocols.query import read_form
from yett.wire.shapes import MalformedInput, Operation, Protocol, Service, UnknownOperation, UnknownService

CREDENTIAL: Final = "Credential="
X_AMZ_CREDENTIAL: Final = "X-Amz-Credential"
LABEL, GREEDY = "\0label", "\0greedy"


class Template(Struct, frozen=True):
    """A method's path template, cut at its slashes; labels are LABEL or GREEDY."""

    segments: tuple[str, ...]
    operation: Operation

    def matches(self, segments: tuple[str, ...], query: Mapping[str, str]) -> bool:
        """Whether a path and a query string are of this template."""
        if any(query.get(name) != value for name, value in self.operation.query.items()):
            return False
        if GREEDY in self.segments:
            at = self.segments.index(GREEDY)
            tail = len(self.segments) - at - 1
            if len(segments) < len(self.segments):
                return False
            segments = (
                *segments[:at],
                "/".join(segments[at : len(segments) - tail]),
                *segments[len(segments) - tail :],
            )
        if len(segments) != len(self.segments):
            return False
        return all(
            bool(given) if wanted in (LABEL, GREEDY) else given == wanted
            for wanted, given in zip(self.segments, segments, strict=True)
        )

    def rank(self) -> tuple[object, ...]:
        """Sorts the more specific first: what the query string must hold, then literals before labels."""
        return (
            -len(self.operation.query),
            tuple((LABEL, GREEDY).index(s) + 1 if s in (LABEL, GREEDY) else 0 for s in self.segments),
        )


def find_service(request: HttpRequest, offered: Iterable[str]) -> Service:
    """The service of a request, among those *offered* (as botocore names them).

    The credential scope says it; without one, the target header, the version in the form, or the path.

    Raises:
        UnknownService: It is for another service, or says nothing of one.
        MalformedInput: Its form cannot be read.
    """
    services = [service_model(name) for name in offered]
    scope = scope_of(request)
    if scope is not None:
        named = [service for service in services if service.signing_name == scope[1]]
        if not named:
            raise UnknownService(scope[1])
        return named[0]
    target = request.headers.get("x-amz-target")
    if target is not None:
        prefix = target.rpartition(".")[0]
        for service in services:
            if service.protocol is Protocol.JSON and service.target_prefix == prefix:
                return service
        raise UnknownService(prefix)
    form = read_form(request)
    if "Action" in form:
        for service in services:
            if service.protocol is Protocol.QUERY and service.api_version == form.get("Version"):
                return service
        raise UnknownService(None)
    for service in services:
        if service.protocol is Protocol.REST_JSON and match_path(service, request) is not None:
            return service
    raise UnknownService(None)


def scope_of(request: HttpRequest) -> tuple[str, str] | None:
    """Region and service of the credential scope that the request claims, verified or not; None without one.

    Only says whom to ask: the signature itself is checked elsewhere, against the very same scope.
    """
    authorization = request.headers.get("authorization")
    credential = None
    if authorization is not None:
        items = authorization.partition(" ")[2].split(",")
        # The last of several wins, as it does when the header is verified (spec 02, section 4, row 6c).
        for item in items:
            if item.strip().startswith(CREDENTIAL):
                credential = item.strip().removeprefix(CREDENTIAL)
    elif X_AMZ_CREDENTIAL in request.query:
        credential = dict(parse_qsl(request.query)).get(X_AMZ_CREDENTIAL)
    if credential is None:
        return None
    parts = credential.split("/")
    # An access key id has no slash, but what is not a scope is for the verifier to refuse.
    return (parts[2], parts[3]) if len(parts) == 5 and parts[3] else None


def find_operation(request: HttpRequest, service: Service) -> Operation:
    """The operation of the service that the request calls.

    Raises:
        UnknownOperation: It names none, or one that the model does not have.
        MalformedInput: Its form cannot be read.
    """
    match service.protocol:
        case Protocol.JSON:
            prefix, _, name = (request.headers.get("x-amz-target") or "").rpartition(".")
            if prefix != service.target_prefix or name not in service.operations:
                raise UnknownOperation(name)
            return service.operations[name]
        case Protocol.QUERY:
            form = read_form(request)
            name, version = form.get("Action", ""), form.get("Version", service.api_version)
            if version != service.api_version or name not in service.operations:
                raise UnknownOperation(name, version)
            return service.operations[name]
        case Protocol.REST_JSON:
            operation = match_path(service, request)
            if operation is None:
                raise UnknownOperation(f"{request.method} {request.path}")
            return operation


def match_path(service: Service, request: HttpRequest) -> Operation | None:
    """The operation of this method whose template the path and query string are of; the most specific of several."""
    segments = cut_path(request.path)
    query: dict[str, str] = {}
    try:
        query.update(parse_qsl(request.query, keep_blank_values=True, max_num_fields=1000))
    except ValueError as error:
        raise MalformedInput("too many query parameters") from error
    for template in templates_of(service.name).get(request.method, ()):
        if template.matches(segments, query):
            return template.operation
    return None


@cache
def templates_of(service_name: str) -> Mapping[str, tuple[Template, ...]]:
    """The templates of each method, the more specific first."""
    found: dict[str, list[Template]] = {}
    for operation in service_model(service_name).operations.values():
        segments = tuple(
            segment if not segment.startswith("{") else GREEDY if segment.endswith("+}") else LABEL
            for segment in cut_path(operation.path)
        )
        found.setdefault(operation.method, []).append(Template(segments, operation))
    return {method: tuple(sorted(templates, key=Template.rank)) for method, templates in found.items()}


def cut_path(path: str) -> tuple[str, ...]:
    """The segments between the slashes, still percent-encoded; one trailing slash does not count."""
    return tuple(path.removeprefix("/").removesuffix("/").split("/"))
