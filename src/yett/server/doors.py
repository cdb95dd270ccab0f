"""Which front door a request goes to, by host and path. Nothing here looks at credentials: each door does."""

import re
from collections.abc import Awaitable, Callable
from enum import StrEnum
from functools import lru_cache
from typing import Final

from msgspec import Struct

from yett.rules.execute_api.routing.domain import find_api, locate
from yett.values.http import Headers, HttpRequest, HttpResponse

AUTH_HOST: Final = re.compile(r"[a-z0-9-]{1,63}\.auth\.(?:localhost|[a-z0-9-]+\.amazoncognito\.com)")
POOL_DOCUMENT: Final = re.compile(r"/[a-z]{2}(?:-[a-z]+)+-[0-9]_[A-Za-z0-9]{1,55}/\.well-known/[a-z.-]+")
ADMIN_PREFIX: Final = "/_yett/"
INVOCATIONS: Final = "/restapis/"
KNOWN_HOSTS: Final = 4096  # remembered


class Door(StrEnum):
    """The front doors."""

    EXECUTE_API = "execute_api"
    CONTROL_PLANE = "control_plane"
    HOSTED_LOGIN = "hosted_login"
    ADMIN = "admin"


def choose(host: str, path: str) -> Door:
    """The door for a host (lower case, without port) and a raw path.

    A host that serves invocations or sign-in serves nothing else: what an API answers must never share an origin with
    more.
    """
    whose = _whose(host)
    if whose is not None:
        return whose
    # The likeliest first; no path is of two of these forms.
    if path.startswith(INVOCATIONS) and locate(host, path) is not None:
        return Door.EXECUTE_API
    if POOL_DOCUMENT.fullmatch(path):
        return Door.HOSTED_LOGIN
    return Door.ADMIN if path.startswith(ADMIN_PREFIX) else Door.CONTROL_PLANE


@lru_cache(maxsize=KNOWN_HOSTS)
def _whose(host: str) -> Door | None:
    """The door that a host name alone decides for."""
    if find_api(host) is not None:
        return Door.EXECUTE_API
    return Door.HOSTED_LOGIN if AUTH_HOST.fullmatch(host) else None


Answer = Callable[[HttpRequest], Awaitable[HttpResponse]]
NOTHING_HERE: Final = HttpResponse(
    status=404, headers=Headers((("Content-Type", "application/json"),)), body=b'{"message":"Not Found"}'
)


async def closed_door(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """The answer of a listener that does not serve this."""
    return NOTHING_HERE


class Doors(Struct, frozen=True, kw_only=True):
    """All front doors of a listener."""

    execute_api: Answer
    control_plane: Answer
    hosted_login: Answer
    admin: Answer

    def answer(self, request: HttpRequest) -> Awaitable[HttpResponse]:
        """Hand the request to its door."""
        door = choose(request.host, request.path)
        if door is Door.EXECUTE_API:
            return self.execute_api(request)
        match door:
            case Door.CONTROL_PLANE:
                return self.control_plane(request)
            case Door.HOSTED_LOGIN:
                return self.hosted_login(request)
            case Door.ADMIN:
                return self.admin(request)
