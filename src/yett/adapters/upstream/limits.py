"""The bounds of the upstream client: what a backend may make this process hold."""

from typing import Final

# Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html (payload size)
MAX_RESPONSE_BODY_BYTES: Final = 10_485_760  # 10 MB; decoded from its transfer coding
MAX_RESPONSE_HEAD_BYTES: Final = 64 * 1024  # status lines and header lines, interim answers and trailers included
# Of a body that comes as a stream, held until somebody asks for it; then the backend is read no further. One read of
# the event loop's (256 KiB at most) may come on top.
MAX_UNREAD_BYTES: Final = 64 * 1024
MAX_CONNECTIONS: Final = 4_096  # to all backends together
MAX_ORIGINS: Final = 4_096  # remembered; those without a connection are forgotten first
# Connections kept for the next request. A connection costs more than a request, and few stay open for long.
MAX_IDLE_PER_ORIGIN: Final = 1_024

# Shorter than the five seconds after which Node's http server closes an idle connection: a request that cannot be
# repeated should not meet a connection that is being closed.
# Source: https://nodejs.org/api/http.html#serverkeepalivetimeout
IDLE_TIMEOUT_SECONDS: Final = 4.0
CONNECT_TIMEOUT_SECONDS: Final = 5.0  # for one of a name's addresses, when there are more to try
SWEEP_SECONDS: Final = 0.05  # how often deadlines are looked at: each may be late by as much

# Of a body that comes as a stream: for its next byte, and for all of it.
# Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html (Regional endpoints)
STREAM_IDLE_TIMEOUT_SECONDS: Final = 300.0
STREAM_TIMEOUT_SECONDS: Final = 900.0
UNREAD_TIMEOUT_SECONDS: Final = (
    120.0  # for whoever reads a stream to come back for more; edges close slow clients sooner
)
