"""Errors of OAuth 2.0's endpoints, by their codes."""

from enum import StrEnum

from yett.values.errors import Refusal


class ErrorCode(StrEnum):
    """The codes that our endpoints answer with.

    Source: https://www.rfc-editor.org/rfc/rfc6749#section-5.2, https://www.rfc-editor.org/rfc/rfc7009#section-2.2.1,
    https://www.rfc-editor.org/rfc/rfc6750#section-3.1
    """

    INVALID_REQUEST = "invalid_request"
    INVALID_CLIENT = "invalid_client"
    INVALID_GRANT = "invalid_grant"
    INVALID_SCOPE = "invalid_scope"
    INVALID_TOKEN = "invalid_token"  # noqa: S105
    UNAUTHORIZED_CLIENT = "unauthorized_client"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"
    UNSUPPORTED_TOKEN_TYPE = "unsupported_token_type"  # noqa: S105


class OAuthError(Refusal):
    """An endpoint refuses."""

    def __init__(self, error: ErrorCode, reason: str = "") -> None:
        super().__init__(reason or error.value)
        self.error = error
