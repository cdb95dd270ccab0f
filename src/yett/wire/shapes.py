"""What the rest of yett needs of an AWS service model, as frozen values."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from yett.values.errors import Refusal


class Kind(StrEnum):
    """The types of shapes, spelled as in the models."""

    STRUCTURE = "structure"
    LIST = "list"
    MAP = "map"
    STRING = "string"
    INTEGER = "integer"
    LONG = "long"
    FLOAT = "float"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    BLOB = "blob"
    TIMESTAMP = "timestamp"


class Protocol(StrEnum):
    """The wire protocols that occur, spelled as in the models."""

    QUERY = "query"
    JSON = "json"
    REST_JSON = "rest-json"


class Location(StrEnum):
    """Where a member travels if not in the body."""

    URI = "uri"
    QUERY_STRING = "querystring"
    HEADER = "header"
    HEADERS = "headers"
    STATUS_CODE = "statusCode"


class Shape(Struct, frozen=True, kw_only=True, eq=False):
    """A type of the model. Shapes may hold themselves, so they compare by identity."""

    name: str
    kind: Kind
    members: Mapping[str, "Member"] = {}  # a structure's; a list's "member"; a map's "key" and "value"
    required: tuple[str, ...] = ()
    minimum: float | None = None  # of a length, or of a number
    maximum: float | None = None
    pattern: str | None = None  # as the model has it, in Java's flavour
    enum: tuple[str, ...] = ()
    is_sensitive: bool = False
    is_flattened: bool = False
    is_document: bool = False  # any JSON
    payload: str | None = None  # the member that is the whole body
    timestamp_format: str | None = None
    error_code: str | None = None  # errors only: what goes over the wire
    error_status: int | None = None
    is_server_fault: bool = False

    def __repr__(self) -> str:
        return f"Shape({self.name})"


class Member(Struct, frozen=True, kw_only=True, eq=False):
    """A member of a shape: a shape with its place."""

    name: str  # as in parameters
    shape: Shape
    wire_name: str  # as on the wire
    location: Location | None = None
    timestamp_format: str | None = None


class Operation(Struct, frozen=True, kw_only=True, eq=False):
    """An operation of a service."""

    name: str
    service: "Service"
    method: str
    path: str  # template: "/restapis/{restapi_id}"
    query: Mapping[str, str] = {}  # what the query string must hold: {"mode": "import"}
    status: int = 200
    input: Shape | None = None
    output: Shape | None = None
    result_wrapper: str | None = None  # query protocol: the element around the output
    needs_signature: bool = True

    def __repr__(self) -> str:
        return f"Operation({self.service.name}:{self.name})"


class Service(Struct, frozen=True, kw_only=True, eq=False):
    """A service, as its model describes it."""

    name: str  # as botocore names it: "cognito-idp"
    protocol: Protocol
    signing_name: str  # in the credential scope
    api_version: str
    json_version: str = "1.1"
    target_prefix: str = ""
    xml_namespace: str = ""
    operations: Mapping[str, Operation] = {}
    errors: Mapping[str, Shape] = {}  # by wire code and by shape name

    def __repr__(self) -> str:
        return f"Service({self.name})"


class UnknownOperation(Refusal):
    """The request names no operation of the service."""

    def __init__(self, operation: str, version: str = "") -> None:
        super().__init__(f"no operation `{operation}`")
        self.operation = operation
        self.version = version


class UnknownService(Refusal):
    """The request is for no service that is offered here; ``service`` is what it named, or None if it named none."""

    def __init__(self, service: str | None) -> None:
        super().__init__(f"no service `{service}`")
        self.service = service


class MalformedInput(Refusal):
    """The request cannot be read as the operation's input. ``reason`` may be shown to the client."""


class NotInModel(Exception):
    """A result has a member, or a type, that the service model does not know: a mistake of ours."""
