"""``COGNITO_USER_POOLS``: a token of one of the authorizer's user pools, its signature verified once and then
remembered.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html
"""

from collections import OrderedDict
from collections.abc import Coroutine, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

from yett.ports.bundle import Ports
from yett.rules.execute_api.authorizers.cognito import (
    ALGORITHMS,
    AcceptedToken,
    NotForThisMethod,
    VerifiedToken,
    accept,
    read_token,
    tell_issuers,
)
from yett.rules.execute_api.call import Routed, Standing
from yett.rules.execute_api.errors import AuthorizerConfigurationError, Unauthorized
from yett.rules.execute_api.limits import TOKEN_BYTES
from yett.rules.execute_api.plan import AuthorizerPlace, AuthorizerPlan
from yett.tokens import TokenFault, TokenRefused, read_jws, verify_jws
from yett.values.arn import Arn
from yett.values.errors import Unavailable
from yett.values.identity import PoolIdentity

EXPIRED: Final = "The incoming token has expired"
VERIFIED_NOW: Final = "a user-pool token, its signature verified now"
VERIFIED_BEFORE: Final = "a user-pool token, its signature verified before"
KNOWN_AUTHORIZERS: Final = 1024  # whose pools' issuers are remembered
REMEMBERED_TOKENS: Final = 4096  # verified tokens kept in a process, least recently used first to go

TokenKey = tuple[AuthorizerPlace, bytes]  # whose; and a hash of the header's value


class CognitoAuthenticator:
    """Verifies user-pool tokens. What was verified for one authorizer never opens another, nor outlives its key set."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        # Whose signature was verified; and once one came again, with what it was accepted for, if it was.
        self._known: OrderedDict[TokenKey, VerifiedToken] = OrderedDict()
        self._pools_by_issuer = lru_cache(maxsize=KNOWN_AUTHORIZERS)(self._find_issuers)

    def authenticate(self, routed: Routed) -> Standing | Coroutine[Any, Any, Standing]:
        """The standing of the user behind the token; to be awaited unless its signature is known to be good.

        Raises:
            Unauthorized: There is no token, or it is not good for this method.
            AuthorizerConfigurationError: The pool's keys cannot be had.
        """
        request, method = routed.request, routed.question.method
        authorizer = method.authorizer
        if authorizer is None or authorizer.header is None:
            raise AuthorizerConfigurationError("the method has no authorizer")
        given = request.headers.get_all(authorizer.header)
        if len(given) > 1:
            # Else a backend might read another line than the one that was verified here.
            raise Unauthorized(f"header `{authorizer.header}` stands more than once")
        if not given:
            raise Unauthorized(f"header `{authorizer.header}` is missing or empty")
        key = authorizer.place, blake2b(given[0].encode()).digest()
        known = self._known.get(key)
        if known is None or not self._stands(known):
            return self._verify(given[0], key, authorizer, routed)
        if not isinstance(known, AcceptedToken) or not known.covers(method, request.received_at):
            known = self._accept_again(known, key, authorizer, routed)
        self._known.move_to_end(key)
        return known.standing

    def _stands(self, token: VerifiedToken) -> bool:
        """Whether the key set is still the one that verified the token."""
        current = self._ports.key_sets.current(token.issuer)
        return current is not None and current[1] == token.generation

    def _accept_again(
        self, token: VerifiedToken, key: TokenKey, authorizer: AuthorizerPlan, routed: Routed
    ) -> AcceptedToken:
        """A token that came before, for another method perhaps; remembered as it is accepted now."""
        if token.pool_arn not in authorizer.pool_arns:
            raise self._of_no_pool(token.issuer, authorizer)
        identity = _accept(token, authorizer, routed)
        accepted = AcceptedToken.of(token, identity, authorizer=authorizer, established_by=VERIFIED_BEFORE)
        self._known[key] = accepted
        return accepted

    async def _verify(self, value: str, key: TokenKey, authorizer: AuthorizerPlan, routed: Routed) -> Standing:
        """The standing of the user behind a token of which nothing is known yet."""
        text = read_token(value)
        if not text:
            raise Unauthorized(f"header `{authorizer.header}` is missing or empty")
        if len(text) > TOKEN_BYTES:
            raise Unauthorized("the token is too long")
        try:
            read = read_jws(text)
            unverified = read.peek_claims()
            issuer = str(unverified.get("iss", ""))
            pool_arn = self._pools_by_issuer(authorizer.pool_arns).get(issuer)
            if pool_arn is None:
                raise self._of_no_pool(unverified.get("iss"), authorizer)
            key_sets, now = self._ports.key_sets, routed.request.received_at
            found = key_sets.current(issuer) or await key_sets.resolve(issuer, now=now)
            if found is not None and found[0].find(read.jose_header.kid or "", "RS256") is None:
                found = await key_sets.resolve(issuer, now=now, unknown_kid=True)
            if found is None:
                raise Unauthorized("the token's user pool does not exist")
            keys, generation = found
            verify_jws(read, keys, algorithms=ALGORITHMS)
        except TokenRefused as refusal:
            raise _unauthorized(refusal) from refusal
        except Unavailable as failure:
            raise AuthorizerConfigurationError(f"the pool's keys cannot be had: {failure.reason}") from failure
        # The signature covers the very payload that was read above.
        token = VerifiedToken(pool_arn=pool_arn, issuer=issuer, claims=unverified, generation=generation)
        self._known[key] = token
        self._known.move_to_end(key)
        if len(self._known) > REMEMBERED_TOKENS:
            self._known.popitem(last=False)
        return Standing(identity=_accept(token, authorizer, routed), established_by=VERIFIED_NOW)

    def _of_no_pool(self, presented: object, authorizer: AuthorizerPlan) -> Unauthorized:
        return Unauthorized(tell_issuers(presented, self._pools_by_issuer(authorizer.pool_arns)))

    def _find_issuers(self, pool_arns: frozenset[str]) -> Mapping[str, str]:
        """Each pool, ``arn:aws:cognito-idp:{region}:{account}:userpool/{poolId}``, by the issuer of its tokens."""
        issuer = self._ports.settings.issuer
        return {issuer(Arn.parse(each).resource.removeprefix("userpool/")): each for each in pool_arns}


def _accept(token: VerifiedToken, authorizer: AuthorizerPlan, routed: Routed) -> PoolIdentity:
    try:
        return accept(
            token,
            scopes=routed.question.method.scopes,
            validation=authorizer.validation,
            now=routed.request.received_at,
        )
    except NotForThisMethod as refusal:
        raise Unauthorized(refusal.reason) from refusal
    except TokenRefused as refusal:
        raise _unauthorized(refusal) from refusal


def _unauthorized(refusal: TokenRefused) -> Unauthorized:
    message = EXPIRED if refusal.fault is TokenFault.EXPIRED else None
    return Unauthorized(f"the token is refused: {refusal.reason}", message=message)
