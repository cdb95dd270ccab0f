"""Which of the scopes asked for are granted."""

from yett.rules.oauth.errors import ErrorCode, OAuthError


def grant_scopes(requested: str | None, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """The scopes of the token: all that are allowed if none is asked for, else those asked for, in the order allowed.

    Raises:
        OAuthError: invalid_scope: one is not allowed, or none is.

    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html,
    https://www.rfc-editor.org/rfc/rfc6749#section-3.3
    """
    if requested is None:
        granted = allowed
    else:
        wanted = set(requested.split())
        # UNCERTAIN: whether Cognito leaves unknown scopes out or refuses the request; a refusal cannot be overlooked.
        if not wanted.issubset(allowed):
            raise OAuthError(ErrorCode.INVALID_SCOPE, "a scope is not allowed for the client")
        granted = tuple(scope for scope in allowed if scope in wanted)
    if not granted:
        raise OAuthError(ErrorCode.INVALID_SCOPE, "the client has no scope to be granted")
    return granted
