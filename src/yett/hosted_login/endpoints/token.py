"""The token endpoint of a pool's domain."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from yett.hosted_login.domain import JSON, NO_STORE, authenticated_client, oauth_error, read_form
from yett.ports.bundle import Ports
from yett.rules.cognito_idp.app_client import AppClient
from yett.rules.cognito_idp.auth_flow import Flow, is_open
from yett.rules.cognito_idp.errors import UserPoolRefused
from yett.rules.cognito_idp.tokens import machine_token_claims
from yett.rules.cognito_idp.user_pool import UserPool
from yett.rules.oauth.errors import ErrorCode, OAuthError
from yett.rules.oauth.scopes import grant_scopes
from yett.rules.oauth.token_request import GrantType, parse_grant_type, required
from yett.services.cognito_idp.tokens import find_sign_in, issue


async def answer(request: Request, ports: Ports) -> Response:
    """``POST /oauth2/token``.

    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html
    """
    try:
        form = await read_form(request)
        grant_type = parse_grant_type(form)
        pool, client = await authenticated_client(request, form, ports)
        match grant_type:
            case GrantType.CLIENT_CREDENTIALS:
                granted = await by_client_credentials(form, pool, client, ports)
            case GrantType.REFRESH_TOKEN:
                granted = await by_refresh_token(form, pool, client, ports)
            case GrantType.AUTHORIZATION_CODE:
                raise OAuthError(refusal_of_code(form, client), "no code was ever issued here")
    except OAuthError as error:
        return oauth_error(error)
    return JSONResponse(granted, headers=NO_STORE, media_type=JSON)


async def by_client_credentials(
    form: dict[str, str], pool: UserPool, client: AppClient, ports: Ports
) -> dict[str, object]:
    """An access token for the client itself, with custom scopes that a resource server still has.

    Raises:
        OAuthError: unauthorized_client or invalid_scope.
    """
    is_allowed = client.is_oauth_client and GrantType.CLIENT_CREDENTIALS in client.oauth_flows
    if client.secret is None or not is_allowed:
        raise OAuthError(ErrorCode.UNAUTHORIZED_CLIENT, "the client may not use client credentials")
    servers = await ports.user_pool_store.resource_servers.list(pool.place)
    known = frozenset[str]().union(*(server.full_scopes() for server in servers))
    scopes = grant_scopes(form.get("scope"), tuple(scope for scope in client.oauth_scopes if scope in known))
    claims = machine_token_claims(
        client,
        scopes,
        issuer=ports.settings.issuer(pool.place.pool_id),
        jti=ports.randomness.uuid(),
        now=ports.clock.now(),
    )
    token = await ports.signing_keys.sign(pool.place, claims, token_use="access")  # noqa: S106
    return {
        "access_token": token,
        "expires_in": int(client.access_token_life.total_seconds()),
        "token_type": "Bearer",
    }


async def by_refresh_token(form: dict[str, str], pool: UserPool, client: AppClient, ports: Ports) -> dict[str, object]:
    """New tokens of a sign-in. The client was authenticated: no SECRET_HASH is asked for.

    Raises:
        OAuthError: invalid_request, unauthorized_client or invalid_grant.
    """
    text, now = required(form, "refresh_token"), ports.clock.now()
    if not is_open(Flow.REFRESH_TOKEN_AUTH, client):
        raise OAuthError(ErrorCode.UNAUTHORIZED_CLIENT, "the client may not refresh tokens")
    try:
        sign_in, user = await find_sign_in(ports, pool, client, text, now=now)
    except UserPoolRefused as refused:
        raise OAuthError(ErrorCode.INVALID_GRANT, refused.message) from refused
    if "scope" in form and not set(form["scope"].split()).issubset(sign_in.scopes):
        raise OAuthError(ErrorCode.INVALID_SCOPE, "the sign-in was not granted such a scope")
    issued = await issue(ports, pool, client, user, sign_in, now=now)
    return {
        "id_token": issued["IdToken"],
        "access_token": issued["AccessToken"],
        "expires_in": issued["ExpiresIn"],
        "token_type": "Bearer",
    }


def refusal_of_code(form: dict[str, str], client: AppClient) -> ErrorCode:
    """Why an authorization code is refused: none has been issued, since no login page is offered yet."""
    for name in ("code", "redirect_uri"):
        required(form, name)
    may = client.is_oauth_client and "code" in client.oauth_flows
    return ErrorCode.INVALID_GRANT if may else ErrorCode.UNAUTHORIZED_CLIENT
