"""What makes a user-pool token good for a method.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-enable-cognito-user-pool.html
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from yett.rules.execute_api.plan import Expression
from yett.tokens import verify_claims
from yett.values.errors import Refusal
from yett.values.identity import PoolIdentity

ALGORITHMS: Final = frozenset({"RS256"})
BEARER: Final = "bearer "


class NotForThisMethod(Refusal):
    """The token is genuine, but of the wrong kind, or it lacks the method's scopes."""


class VerifiedToken(Struct, frozen=True, kw_only=True):
    """A token whose signature was verified against one pool's key set; its claims are still to be weighed."""

    pool_arn: str
    issuer: str
    claims: Mapping[str, Any]
    generation: int  # of the key set that verified it


def read_token(header_value: str) -> str:
    """The token of the identity source. UNCERTAIN: a ``Bearer`` prefix is accepted beside the documented bare token."""
    return (
        header_value[len(BEARER) :].strip() if header_value[: len(BEARER)].lower() == BEARER else header_value.strip()
    )


def accept(
    token: VerifiedToken, *, scopes: tuple[str, ...], validation: Expression | None, now: datetime
) -> PoolIdentity:
    """Weigh a genuine token for a method: without scopes it must be an ID token, with scopes an access token that has
    one.

    *validation* is the authorizer's compiled expression, matched in full against ``aud``, which access tokens do not
    have.

    Raises:
        TokenRefused: Expired, from another issuer, or of the wrong ``token_use``.
        NotForThisMethod: None of the method's scopes is in the token, or ``aud`` does not match the expression.
    """
    wanted = "access" if scopes else "id"
    claims = verify_claims(token.claims, now=now, issuer=token.issuer, token_use=wanted)
    granted = tuple(str(claims.get("scope", "")).split())
    if scopes and not set(scopes).intersection(granted):
        raise NotForThisMethod("the token has none of the method's scopes")
    audience = claims.get("aud")
    if validation is not None and not (isinstance(audience, str) and validation.fullmatch(audience)):
        raise NotForThisMethod("`aud` does not match the authorizer's expression")
    return PoolIdentity(
        pool_arn=token.pool_arn,
        claims=claims,
        scopes=granted if scopes else (),
        subject=str(claims.get("sub", "")),
    )
