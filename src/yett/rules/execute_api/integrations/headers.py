"""Which headers pass between client and backend, which are dropped, and which are renamed.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html, with the
refinements observed
on the service (spec 06, section 3.1).
"""

from enum import StrEnum
from typing import Final

REMAPPED: Final = "x-amzn-remapped-"


class Treatment(StrEnum):
    """What happens to a header line."""

    DROP = "DROP"
    REMAP = "REMAP"


D, R = Treatment.DROP, Treatment.REMAP

# name -> (to an HTTP_PROXY backend, to a function); a header that is not here passes.
REQUEST: Final = {
    "connection": (D, D),
    "content-encoding": (D, None),
    "content-length": (D, D),
    "content-md5": (D, D),
    "expect": (D, D),
    "host": (D, None),  # a proxy's is the endpoint; a function sees what the client sent
    "keep-alive": (D, D),
    "max-forwards": (D, D),
    "proxy-authenticate": (D, D),
    "proxy-authorization": (D, D),
    "proxy-connection": (D, D),
    "server": (D, D),
    "te": (D, D),
    "trailer": (D, D),
    "transfer-encoding": (D, D),
    "upgrade": (D, D),
    "via": (D, None),
    "www-authenticate": (D, D),
}

# name -> (from an HTTP_PROXY backend, from a function)
RESPONSE: Final = {
    "authorization": (R, R),
    "connection": (R, R),
    "content-length": (R, D),  # the gateway counts for itself
    "content-md5": (R, R),
    "date": (R, R),
    "expect": (D, D),
    "host": (D, D),
    "keep-alive": (D, D),
    "max-forwards": (R, R),
    "proxy-authenticate": (D, D),
    "server": (R, R),
    "te": (D, D),
    "trailer": (D, D),
    "transfer-encoding": (D, D),
    "upgrade": (D, D),
    "user-agent": (R, R),
    "via": (D, D),
    "www-authenticate": (R, R),
    "x-amzn-requestid": (R, R),
    "x-amz-apigw-id": (R, R),
    "x-amzn-errortype": (None, None),
}
HTTP_PROXY: Final = 0
FUNCTION: Final = 1


def treat_response(name: str, column: int) -> str | None:
    """The name under which a backend's header reaches the client; None if it does not."""
    treatment = RESPONSE.get(name.lower(), (None, None))[column]
    if treatment is Treatment.DROP:
        return None
    return f"{REMAPPED}{name}" if treatment is Treatment.REMAP else name


def passes_request(name: str, column: int) -> bool:
    """Whether a client's header reaches the backend."""
    return REQUEST.get(name.lower(), (None, None))[column] is None
