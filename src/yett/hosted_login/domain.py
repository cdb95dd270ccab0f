"""Which pool a host is the domain of, and which of its clients asks."""

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse

from yett.ports.bundle import Ports
from yett.rules.cognito_idp.app_client import AppClient
from yett.rules.cognito_idp.user_pool import PoolPlace, UserPool
from yett.rules.oauth.client_authentication import is_authentic, parse_client_evidence
from yett.rules.oauth.errors import ErrorCode, OAuthError
from yett.rules.oauth.limits import FORM_BYTES
from yett.rules.oauth.vocabulary import parse_form

HOST: Final = re.compile(r"(?P<domain>[a-z0-9-]{1,63})\.auth\.(?:localhost|(?P<region>[a-z0-9-]+)\.amazoncognito\.com)")
NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
JSON: Final = "application/json;charset=UTF-8"


async def place_of_host(request: Request, ports: Ports) -> PoolPlace | None:
    """The pool whose domain the request was sent to, or None."""
    host = request.headers.get("host", "").lower().partition(":")[0]
    found = HOST.fullmatch(host)
    place = None if found is None else await ports.user_pool_store.place_of_domain(found["domain"])
    if found is None or place is None or (found["region"] or place.region) != place.region:
        return None
    return place


async def read_form(request: Request) -> dict[str, str]:
    """The parameters of the request's form.

    Raises:
        OAuthError: invalid_request.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES:
            raise OAuthError(ErrorCode.INVALID_REQUEST, "the form is too large")
    return dict(parse_form(request.headers.get("content-type"), bytes(body)))


async def authenticated_client(request: Request, form: dict[str, str], ports: Ports) -> tuple[UserPool, AppClient]:
    """The app client that asks, and its pool, whose domain this is.

    Raises:
        OAuthError: invalid_client: unknown, of another pool, or with another secret; or as the evidence is parsed.
    """
    evidence = parse_client_evidence(request.headers.get("authorization"), form)
    place = await place_of_host(request, ports)
    store = ports.user_pool_store
    pool = None if place is None else await store.find_pool(place)
    client = None if place is None else await store.clients.find(place, evidence.client_id)
    if pool is None or client is None or not is_authentic(evidence, client.secret):
        raise OAuthError(ErrorCode.INVALID_CLIENT, "the client is unknown at this domain, or its secret wrong")
    return pool, client


def oauth_error(error: OAuthError, *, status: int = 400) -> JSONResponse:
    """The answer for a refusal."""
    return JSONResponse({"error": error.error.value}, status_code=status, headers=NO_STORE, media_type=JSON)
