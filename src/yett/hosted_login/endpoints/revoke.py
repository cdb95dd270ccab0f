"""The revocation endpoint of a pool's domain."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from yett.hosted_login.domain import NO_STORE, authenticated_client, oauth_error, read_form
from yett.ports.bundle import Ports
from yett.rules.cognito_idp.errors import Fault, UserPoolRefused
from yett.rules.oauth.errors import ErrorCode, OAuthError
from yett.rules.oauth.token_request import required
from yett.services.cognito_idp.tokens import revoke_refresh_token

UNAUTHORIZED: Final = 401  # here, and only here, for a client that is not who it says


async def answer(request: Request, ports: Ports) -> Response:
    """``POST /oauth2/revoke``: 200 and nothing, for a token that is no good already too.

    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/revocation-endpoint.html
    """
    try:
        form = await read_form(request)
        text = required(form, "token")
        pool, client = await authenticated_client(request, form, ports)
        await revoke_refresh_token(ports, pool, client, text)
    except OAuthError as error:
        return oauth_error(error, status=UNAUTHORIZED if error.error is ErrorCode.INVALID_CLIENT else 400)
    except UserPoolRefused as refused:
        is_other_kind = refused.fault is Fault.UNSUPPORTED_TOKEN_TYPE
        code = ErrorCode.UNSUPPORTED_TOKEN_TYPE if is_other_kind else ErrorCode.INVALID_REQUEST
        return oauth_error(OAuthError(code, refused.message))
    return Response(status_code=200, headers=NO_STORE)
