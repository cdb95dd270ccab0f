"""What the processes of a node say to each other: topics, and how what is said is written."""

from typing import Final

import msgspec
from msgspec import Struct

from yett.ports.iam_store import LastUse
from yett.ports.settings import Settings
from yett.server.explained import Explained, Recent
from yett.values.http import HttpRequest, HttpResponse

# From the control process: begin, end (with the seconds that idle connections get), are you there, why was this call
# answered so, what have you counted. To it: answer this request, these access keys were used.
LAUNCH, DRAIN, PING, EXPLAIN, RELAY, USES, REPORT = range(7)


class Launch(Struct, frozen=True, kw_only=True):
    """What a worker or function host needs to begin. It holds secrets: it goes over the link, never into arguments, the
    environment or a file.
    """

    settings: Settings
    home: str
    master_keys: str | None  # as YETT_MASTER_KEY held them; None: the home's file
    database_url: str | None
    redis_url: str | None
    endpoint_url: str  # where functions reach AWS APIs
    functions_path: str  # of the function host's socket
    functions_token: bytes
    commits: int  # descriptor of the commit log's memory
    listening: tuple[int, ...]  # descriptors of the sockets to serve
    telemetry: dict[str, str] | None = None  # the OTEL_ variables, which may hold secrets
    hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    vpc_edges: tuple[str, ...] = ()
    certificate: str | None = None  # paths of the TLS files
    key: str | None = None
    refuses_root: bool = False  # administration has a port of its own


encode: Final = msgspec.msgpack.Encoder().encode
read_launch: Final = msgspec.msgpack.Decoder(Launch).decode
read_request: Final = msgspec.msgpack.Decoder(HttpRequest).decode
read_response: Final = msgspec.msgpack.Decoder(HttpResponse).decode
read_uses: Final = msgspec.msgpack.Decoder(dict[str, LastUse]).decode
read_explained: Final = msgspec.msgpack.Decoder(Explained).decode
read_recent: Final = msgspec.msgpack.Decoder(Recent).decode
read_seconds: Final = msgspec.msgpack.Decoder(float).decode
