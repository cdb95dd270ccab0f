"""A verified token's claims: who issued it, for whom, until when, for what.

Source: https://www.rfc-editor.org/rfc/rfc7519#section-4.1,
https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
"""

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from yett.tokens.errors import TokenFault, TokenRefused
from yett.tokens.json_object import parse_object

LAST: Final = 253_402_300_799  # the last second of the year 9999, which a datetime can hold
EXACT: Final = 2**53  # beyond which not every integer is a float
IAT_LEEWAY_SECONDS: Final = 1


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
    if "nbf" in claims and _moment(claims, "nbf") - leeway_seconds > moment:
        raise TokenRefused(TokenFault.NOT_YET_VALID, "the token's `nbf` is in the future")
    if "iat" in claims:
        leeway = leeway_seconds if leeway_seconds > IAT_LEEWAY_SECONDS else IAT_LEEWAY_SECONDS
        if _moment(claims, "iat") - leeway > moment:
            raise TokenRefused(TokenFault.NOT_YET_VALID, "the token's `iat` is in the future")
    if issuer is not None and claims.get("iss") != issuer:
        raise TokenRefused(TokenFault.ISSUER, "the token is from another issuer")
    if audience is not None:
        _check_audience(claims, {audience} if isinstance(audience, str) else set(audience))
    if token_use is not None and claims.get("token_use") != token_use:
        raise TokenRefused(TokenFault.TOKEN_USE, f"the token's `token_use` is not `{token_use}`")
    if scopes is not None and not set(scopes) & set(granted_scopes(claims)):
        raise TokenRefused(TokenFault.SCOPE, "the token has none of the scopes that are asked for")
    return claims


def lifetime(claims: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """From when until before when ``verify_claims``, without leeway, has nothing to say about the time: by whole
    seconds since 1970, so that up to a second of it is left out at either end.

    Raises:
        TokenRefused: A moment is missing or none.
    """
    begins = max(
        _moment(claims, "nbf") if "nbf" in claims else 0,
        _moment(claims, "iat") - IAT_LEEWAY_SECONDS if "iat" in claims else 0,
    )
    return _whole_second(math.ceil(begins)), _whole_second(math.floor(_moment(claims, "exp")))


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


def _whole_second(seconds: int) -> datetime:
    return datetime.fromtimestamp(min(max(seconds, 0), LAST), UTC)


def _moment(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if type(value) is int and -EXACT <= value <= EXACT:
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TokenRefused(TokenFault.CLAIM, f"the token's `{name}` is missing or no number")
    try:
        moment = float(value)
    except OverflowError:
        moment = math.inf
    if not math.isfinite(moment):
        raise TokenRefused(TokenFault.CLAIM, f"the token's `{name}` is no moment")
    return moment
