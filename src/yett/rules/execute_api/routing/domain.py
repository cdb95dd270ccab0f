"""Which API and stage a host and path name."""

import re
from functools import lru_cache
from typing import Final

from msgspec import Struct

# {apiId}.execute-api.localhost, and the same under AWS's own names, so that a client may keep its URL and change its
# resolver.
EXECUTE_API_HOST: Final = re.compile(r"([a-z0-9]{1,32})\.execute-api\.(?:localhost|[a-z0-9-]+\.amazonaws\.com)")
PATH_FORM: Final = re.compile(r"/restapis/([a-z0-9]{1,32})/([^/]+)/_user_request_(/.*)?")


class Target(Struct, frozen=True, gc=False):
    """Where a call is meant to go."""

    api_id: str
    stage: str  # "" where the URL names none
    path: str  # below the stage, raw, with its leading slash


@lru_cache(maxsize=4096)
def find_api(host: str) -> str | None:
    """The API whose host name this is, which serves invocations and nothing else; None for any other host."""
    match = EXECUTE_API_HOST.fullmatch(host)
    return None if match is None else match[1]


def locate(host: str, path: str) -> Target | None:
    """The API and stage that a call names, by host or by the path form; None if it names none.

    *host* is lower case and without a port; *path* is raw.
    """
    api_id = find_api(host)
    if api_id is not None:
        end = path.find("/", 1)  # of the stage
        return Target(api_id, path[1:], "/") if end < 0 else Target(api_id, path[1:end], path[end:])
    if match := PATH_FORM.fullmatch(path):
        return Target(match[1], match[2], match[3] or "/")
    return None
