"""What is asked of a token endpoint."""

from collections.abc import Mapping
from enum import StrEnum

from yett.rules.oauth.errors import ErrorCode, OAuthError


class GrantType(StrEnum):
    """The grants that are offered."""

    CLIENT_CREDENTIALS = "client_credentials"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105
    AUTHORIZATION_CODE = "authorization_code"


def parse_grant_type(form: Mapping[str, str]) -> GrantType:
    """Which grant is asked for.

    Raises:
        OAuthError: invalid_request: none; unsupported_grant_type: another one.

    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html
    """
    name = required(form, "grant_type")
    try:
        return GrantType(name)
    except ValueError:
        raise OAuthError(ErrorCode.UNSUPPORTED_GRANT_TYPE, "no such grant") from None


def required(form: Mapping[str, str], name: str) -> str:
    """A parameter that must be there.

    Raises:
        OAuthError: invalid_request: it is not.
    """
    value = form.get(name)
    if not value:
        raise OAuthError(ErrorCode.INVALID_REQUEST, f"`{name}` is missing")
    return value
