"""The routes of user pools: their documents by pool id, and the OAuth endpoints of their domains."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from yett.hosted_login.endpoints import jwks, openid_configuration, revoke, token, userinfo
from yett.ports.bundle import Ports
from yett.ports.errors import Unavailable

Endpoint = Callable[[Request, Ports], Awaitable[Response]]

ORIGIN: Final = {"Access-Control-Allow-Origin": "*"}
PREFLIGHT: Final = ORIGIN | {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "authorization, content-type",
    "Access-Control-Max-Age": "3600",
}


def application(ports: Ports) -> Starlette:
    """The front door as an ASGI application. It keeps no state: it may be built as often as one likes."""

    def route(path: str, endpoint: Endpoint, *methods: str) -> Route:
        async def answer(request: Request) -> Response:
            if request.method == "OPTIONS":
                return Response(status_code=200, headers=PREFLIGHT)
            try:
                response = await endpoint(request, ports)
            except Unavailable:
                response = JSONResponse({"message": "Service unavailable"}, status_code=503)
            response.headers.update(ORIGIN)
            return response

        return Route(path, answer, methods=[*methods, "OPTIONS"])

    return Starlette(
        routes=[
            route("/{pool_id}/.well-known/jwks.json", jwks.answer, "GET"),
            route("/{pool_id}/.well-known/openid-configuration", openid_configuration.answer, "GET"),
            route("/oauth2/token", token.answer, "POST"),
            route("/oauth2/revoke", revoke.answer, "POST"),
            route("/oauth2/userInfo", userinfo.answer, "GET", "POST"),
        ]
    )
