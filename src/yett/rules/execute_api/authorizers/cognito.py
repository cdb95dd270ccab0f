"""What makes a user-pool token good for a method.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-enable-cognito-user-pool.html
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Self

from msgspec import Struct

from yett.rules.execute_api.call import Standing
from yett.rules.execute_api.plan import AuthorizerPlan, Expression, MethodPlan
from yett.tokens import TokenFault, TokenRefused, lifetime, verify_claims
from yett.values.errors import Refusal
from yett.values.identity import PoolIdentity
from yett.values.timestamps import render_iso

ALGORITHMS: Final = frozenset({"RS256"})
BEARER: Final = "bearer "
SHOWN_CHARACTERS: Final = 128  # ours: of a claim's text in a reason
SHOWN_NAMES: Final = 5  # ours: of scopes or issuers in a reason


class NotForThisMethod(Refusal):
    """The token is genuine, but of the wrong kind, or it lacks the method's scopes."""


class VerifiedToken(Struct, frozen=True, kw_only=True, gc=False):
    """A token whose signature was verified against one pool's key set; its claims are still to be weighed. It cannot
    come to hold itself, so the garbage collector need not follow it.
    """

    pool_arn: str
    issuer: str
    claims: Mapping[str, Any]
    generation: int  # of the key set that verified it


class AcceptedToken(VerifiedToken, frozen=True, kw_only=True, gc=False):
    """A token that was accepted, and what hung on it, so that it need not be weighed again while nothing of that has
    changed. Whether its key set has is not known here.
    """

    standing: Standing
    authorizer: AuthorizerPlan
    scopes: frozenset[str]  # an access token's; an ID token has none
    begins_at: datetime
    ends_at: datetime

    @classmethod
    def of(
        cls, token: VerifiedToken, identity: PoolIdentity, *, authorizer: AuthorizerPlan, established_by: str
    ) -> Self:
        """*identity* is what ``accept`` has just given for the token and a method of the authorizer."""
        begins_at, ends_at = lifetime(token.claims)
        return cls(
            pool_arn=token.pool_arn,
            issuer=token.issuer,
            claims=token.claims,
            generation=token.generation,
            standing=Standing(identity=identity, established_by=established_by),
            authorizer=authorizer,
            scopes=frozenset(identity.scopes),
            begins_at=begins_at,
            ends_at=ends_at,
        )

    def covers(self, method: MethodPlan, now: datetime) -> bool:
        """Whether ``accept`` would give the same for a call of this method; False where it has to be asked."""
        if method.authorizer is not self.authorizer or not self.begins_at <= now < self.ends_at:
            return False
        return not self.scopes.isdisjoint(method.scopes) if method.scopes else not self.scopes


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
    try:
        claims = verify_claims(token.claims, now=now, issuer=token.issuer, token_use=wanted)
    except TokenRefused as refusal:
        raise TokenRefused(refusal.fault, _detail(refusal, token, wanted=wanted, now=now)) from refusal
    granted: tuple[str, ...] = ()
    if scopes:
        granted = tuple(str(claims.get("scope", "")).split())
        if not set(scopes).intersection(granted):
            presented = f"it has {_list(granted)}" if granted else "it has no scope at all"
            raise NotForThisMethod(f"the token has none of the method's scopes: {presented}, wanted is {_list(scopes)}")
    if validation is not None:
        audience = claims.get("aud")
        if not (isinstance(audience, str) and validation.fullmatch(audience)):
            raise NotForThisMethod("`aud` does not match the authorizer's expression")
    return PoolIdentity(
        pool_arn=token.pool_arn,
        claims=claims,
        scopes=granted,
        subject=str(claims.get("sub", "")),
    )


def tell_issuers(presented: object, wanted: Iterable[str]) -> str:
    """Why a token of none of the authorizer's pools is refused. Whoever sent it may have written what it presents."""
    return f"the token's issuer is {_quote(presented)}, wanted is a pool of the authorizer: {_list(sorted(wanted))}"


def _detail(refusal: TokenRefused, token: VerifiedToken, *, wanted: str, now: datetime) -> str:
    """The refusal's reason, with what was presented beside what was wanted, where that is no secret."""
    claims = token.claims
    match refusal.fault:
        case TokenFault.EXPIRED:
            return f"{_expiry(claims) or refusal.reason}; the call came at {render_iso(now)}"
        case TokenFault.ISSUER:
            return tell_issuers(claims.get("iss"), (token.issuer,))
        case TokenFault.TOKEN_USE:
            why = "has scopes" if wanted == "access" else "has no scopes"
            return f"its `token_use` is {_quote(claims.get('token_use'))}, wanted is `{wanted}`, since the method {why}"
        case _:
            return refusal.reason


def _expiry(claims: Mapping[str, Any]) -> str:
    try:
        return f"the token expired at {render_iso(lifetime(claims)[1])}"
    except TokenRefused:  # of another claim: this one has been read
        return ""


def _list(texts: Sequence[str]) -> str:
    """The first of the texts, and how many more there are."""
    more = f" and {len(texts) - SHOWN_NAMES} more" if len(texts) > SHOWN_NAMES else ""
    return f"{', '.join(map(_quote, texts[:SHOWN_NAMES])) or 'none'}{more}"


def _quote(claim: object) -> str:
    """A claim in backticks, in visible ASCII and not too long: it breaks no line, nor passes for our own words."""
    if claim is None:
        return "missing"
    if not isinstance(claim, str):
        return "no text"
    escaped = claim[: SHOWN_CHARACTERS + 1].encode("unicode_escape").decode("ascii").replace("`", r"\x60")
    return f"`{escaped[:SHOWN_CHARACTERS]}{'...' if len(escaped) > SHOWN_CHARACTERS else ''}`"
