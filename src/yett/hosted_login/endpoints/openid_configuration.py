"""The discovery document of a pool."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from yett.hosted_login.endpoints.jwks import CACHED, no_such_pool
from yett.ports.bundle import Ports


async def answer(request: Request, ports: Ports) -> Response:
    """``GET /{poolId}/.well-known/openid-configuration``. Endpoints are named once the pool has a domain.

    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html
    """
    pool_id = request.path_params["pool_id"]
    place = await ports.user_pool_store.place_of_pool(pool_id)
    pool = None if place is None else await ports.user_pool_store.find_pool(place)
    if pool is None:
        return no_such_pool(pool_id)
    issuer, public_url = ports.settings.issuer(pool_id), ports.settings.public_url
    document: dict[str, object] = {
        "id_token_signing_alg_values_supported": ["RS256"],
        "issuer": issuer,
        # The keys are served here, whatever name the tokens give their issuer.
        "jwks_uri": f"{public_url}/{pool_id}/.well-known/jwks.json",
        "response_types_supported": ["code", "token"],
        "scopes_supported": ["openid", "email", "phone", "profile"],
        "subject_types_supported": ["public"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    }
    if pool.domain is not None:
        host = domain_url(public_url, pool.domain)
        document |= {
            "authorization_endpoint": f"{host}/oauth2/authorize",
            "end_session_endpoint": f"{host}/logout",
            "revocation_endpoint": f"{host}/oauth2/revoke",
            "token_endpoint": f"{host}/oauth2/token",
            "userinfo_endpoint": f"{host}/oauth2/userInfo",
        }
    return JSONResponse(document, headers=CACHED)


def domain_url(public_url: str, domain: str) -> str:
    """Where the endpoints of a domain are: ``http://{domain}.auth.localhost:4566``."""
    parts = urlsplit(public_url)
    port = "" if parts.port is None else f":{parts.port}"
    return f"{parts.scheme}://{domain}.auth.localhost{port}"
