"""A verified token's claims: who issued it, for whom, until when, for what.

Source: https://www.rfc-editor.org/rfc/rfc7519#section-4.1,
https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
"""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from yett.tokens.errors import TokenFault, TokenRefused
from yett.tokens.json_object import parse_object


def verify_claims(
    payload: bytes | Mapping[str, Any],
    *,
    now: datetime,
    issuer: str | None = None,
    audience: str | Iterable[str] | None = None,
    token_use: str | None = None,
    scopes: Iterable[str] | None = None,
    leeway_seconds: int = 0,
) -> Mapping[str, Any]:
    """Check the claims; what is None is not asked for. ``exp`` always is.

    *audience* is met by any of several, in ``aud``, or in ``client_id`` where there is no ``aud`` (in Cognito's access
    tokens).
    *scopes* are met by one of them in ``scope`` or ``scp``. A token is expired at the very second of its ``exp``.

    Returns:
        The claims.

    Raises:
        TokenRefused: With the fault.
    """
    claims = parse_object(payload, of="payload") if isinstance(payload, bytes) else payload
    moment = now.timestamp()
    if _moment(claims, "exp") + leeway_seconds <= moment:
        raise TokenRefused(TokenFault.EXPIRED, "the token has expired")
    for name in ("nbf", "iat"):
        if name in claims and _moment(claims, name) - max(leeway_seconds, 0 if name == "nbf" else 1) > moment:
            raise TokenRefused(TokenFault.NOT_YET_VALID, f"the token's `{name}` is in the future")
    if issuer is not None and claims.get("iss") != issuer:
        raise TokenRefused(TokenFault.ISSUER, "the token is from another issuer")
    if audience is not None:
        _check_audience(claims, {audience} if isinstance(audience, str) else set(audience))
    if token_use is not None and claims.get("token_use") != token_use:
        raise TokenRefused(TokenFault.TOKEN_USE, f"the token's `token_use` is not `{token_use}`")
    if scopes is not None and not set(scopes) & set(granted_scopes(claims)):
        raise TokenRefused(TokenFault.SCOPE, "the token has none of the scopes that are asked for")
    return claims


def granted_scopes(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """The scopes of a token: ``scp`` (a list or text) before ``scope`` (text)."""
    for name in ("scp", "scope"):
        match claims.get(name):
            case str() as text:
                return tuple(text.split())
            case list() as values:
                return tuple(value for value in values if isinstance(value, str))
    return ()


def _check_audience(claims: Mapping[str, Any], wanted: set[str]) -> None:
    given = claims.get("aud", claims.get("client_id"))
    values = given if isinstance(given, list) else [given]
    if not any(isinstance(value, str) and value in wanted for value in values):
        raise TokenRefused(TokenFault.AUDIENCE, "the token does not have a valid audience")


def _moment(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRefused(TokenFault.CLAIM, f"the token's `{name}` is missing or no number")
    try:
        moment = float(value)
    except OverflowError:
        moment = math.inf
    if not math.isfinite(moment):
        raise TokenRefused(TokenFault.CLAIM, f"the token's `{name}` is no moment")
    return moment
