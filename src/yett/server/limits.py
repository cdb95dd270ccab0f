"""The bounds of the edge: what one client, and all of them together, may make this process hold."""

from typing import Final

from msgspec import Struct

# Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html (regional URL, headers, payload)
MAX_TARGET_BYTES: Final = 10_240
MAX_HEADER_BYTES: Final = 10_240  # all names and values together
MAX_BODY_BYTES: Final = 10_485_760  # 10 MB, of a call of an API; decoded from its transfer coding
# Of a call of an AWS API that shows credentials: a function's zip of 50 MB is 70 MB as base64.
MAX_OPERATION_BODY_BYTES: Final = 70_000_000
MAX_UNSIGNED_BODY_BYTES: Final = 1024 * 1024  # ours, of one that shows none, and of pages: sign-up, sign-in, forms

# Not documented for API Gateway; its front servers' usual bound.
MAX_HEADER_COUNT: Final = 100  # lines
MAX_METHOD_BYTES: Final = 32
LINE_OVERHEAD_BYTES: Final = 4  # ": " and CRLF, which are no part of a name or value

# Chunk sizes, extensions and trailers that may arrive before the next byte of data.
MAX_CHUNK_OVERHEAD_BYTES: Final = 10_240

MAX_BUFFERED_BYTES: Final = 256 * 1024 * 1024  # of all bodies in hand and answers unread, over all connections
LARGE_BODIES_SHARE: Final = 0.6  # of these, at most, for bodies that are longer than a call of an API may have
MAX_CONNECTIONS: Final = 8_192
MAX_PIPELINED_BYTES: Final = 64 * 1024  # read ahead of the request that is being answered; then reading stops

HEADER_TIMEOUT_SECONDS: Final = 10.0  # from a request's first byte to the end of its head
BODY_TIMEOUT_SECONDS: Final = 60.0  # from the end of the head to the last byte of the body
IDLE_TIMEOUT_SECONDS: Final = 350.0  # between requests; the idle time-out of AWS's Network Load Balancer
WRITE_TIMEOUT_SECONDS: Final = 30.0  # for a client to make room in its receive window
LINGER_SECONDS: Final = 2.0  # to read on after a refusal, so that closing does not reset the answer away
MAX_LINGER_BYTES: Final = 64 * 1024 * 1024
SWEEP_SECONDS: Final = 0.5  # how often deadlines are looked at: each may be late by as much

MAX_BRIDGED_BODY_BYTES: Final = 64 * 1024 * 1024  # of an ASGI application's answer, which is held whole
MAX_KNOWN_HOSTS: Final = 4_096  # entries of the cache of Host values


class Limits(Struct, frozen=True, kw_only=True):
    """The bounds that a listener may be given otherwise (a test's patience is shorter)."""

    body_bytes: int = MAX_BODY_BYTES
    operation_body_bytes: int = MAX_OPERATION_BODY_BYTES
    unsigned_body_bytes: int = MAX_UNSIGNED_BODY_BYTES
    buffered_bytes: int = MAX_BUFFERED_BYTES
    connections: int = MAX_CONNECTIONS
    header_timeout_seconds: float = HEADER_TIMEOUT_SECONDS
    body_timeout_seconds: float = BODY_TIMEOUT_SECONDS
    idle_timeout_seconds: float = IDLE_TIMEOUT_SECONDS
    write_timeout_seconds: float = WRITE_TIMEOUT_SECONDS
    linger_seconds: float = LINGER_SECONDS
    sweep_seconds: float = SWEEP_SECONDS
