"""The public keys of a pool."""

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from yett.ports.bundle import Ports

# UNCERTAIN: Cognito's own max-age. Keys of a pool never change; a pool's id is never given twice.
CACHED: Final = {"Cache-Control": "public, max-age=3600"}


async def answer(request: Request, ports: Ports) -> Response:
    """``GET /{poolId}/.well-known/jwks.json``: the key of ID tokens, then that of access tokens.

    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
    """
    pool_id = request.path_params["pool_id"]
    place = await ports.user_pool_store.place_of_pool(pool_id)
    keys = None if place is None else await ports.user_pool_store.find_keys(place)
    if keys is None:
        return no_such_pool(pool_id)
    return JSONResponse({"keys": [dict(keys.id.public_jwk), dict(keys.access.public_jwk)]}, headers=CACHED)


def no_such_pool(pool_id: str) -> Response:
    """There is no such pool."""
    message = f"User pool {pool_id} does not exist."
    return JSONResponse({"code": "ResourceNotFoundException", "message": message}, status_code=404)
