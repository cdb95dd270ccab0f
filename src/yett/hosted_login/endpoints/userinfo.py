"""The userInfo endpoint of a pool's domain."""

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from yett.hosted_login.domain import JSON, NO_STORE, place_of_host
from yett.ports.bundle import Ports
from yett.rules.cognito_idp.errors import UserPoolRefused
from yett.rules.cognito_idp.tokens import readable_attributes, scoped_attributes, user_info
from yett.services.cognito_idp.tokens import verify_access_token

OPENID: Final = "openid"
# https://docs.aws.amazon.com/cognito/latest/developerguide/userinfo-endpoint.html
BAD_REQUEST: Final = ("invalid_request", "Bad OAuth2 request at UserInfo Endpoint")
BAD_TOKEN: Final = (
    "invalid_token",
    "Access token is expired, disabled, or deleted, or the user has globally signed out.",
)


async def answer(request: Request, ports: Ports) -> Response:
    """``GET /oauth2/userInfo`` with an access token that has the scope ``openid``.

    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/userinfo-endpoint.html
    """
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    place = await place_of_host(request, ports)
    if scheme.lower() != "bearer" or not text or place is None:
        return refusal(400, *BAD_REQUEST)
    try:
        bearer = await verify_access_token(ports, text.strip(), now=ports.clock.now())
    except UserPoolRefused:
        return refusal(401, *BAD_TOKEN)
    if bearer.pool.place != place or OPENID not in bearer.scopes:
        return refusal(401, *BAD_TOKEN)
    visible = scoped_attributes(bearer.scopes, readable_attributes(bearer.client, bearer.pool.schema))
    return JSONResponse(user_info(bearer.user, visible), headers=NO_STORE, media_type=JSON)


def refusal(status: int, error: str, description: str) -> Response:
    """The answer, whose header names no scheme, as Cognito's does not."""
    challenge = f'error="{error}", error_description="{description}"'
    return JSONResponse(
        {"error": error, "error_description": description},
        status_code=status,
        headers={"WWW-Authenticate": challenge, **NO_STORE},
        media_type=JSON,
    )
