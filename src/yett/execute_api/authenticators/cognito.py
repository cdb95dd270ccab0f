"""``COGNITO_USER_POOLS``: a token of one of the authorizer's user pools, its signature verified once and then
remembered.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html
"""

from collections import OrderedDict
from collections.abc import Coroutine, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

from msgspec import Struct

from yett.ports.bundle import Ports
from yett.rules.execute_api.authorizers.cognito import (
    ALGORITHMS,
    Acceptance,
    NotForThisMethod,
    VerifiedToken,
    accept,
    read_token,
)
from yett.rules.execute_api.call import Routed, Standing
from yett.rules.execute_api.errors import AuthorizerConfigurationError, Unauthorized
from yett.rules.execute_api.limits import TOKEN_BYTES
from yett.rules.execute_api.plan import AuthorizerPlace, AuthorizerPlan
from yett.tokens import TokenFault, TokenRefused, read_jws, verify_jws
from yett.values.arn import Arn
from yett.values.errors import Unavailable

EXPIRED: Final = "The incoming token has expired"
VERIFIED_NOW: Final = "a user-pool token, its signature verified now"
VERIFIED_BEFORE: Final = "a user-pool token, its signature verified before"
KNOWN_AUTHORIZERS: Final = 1024  # whose pools' issuers are remembered
REMEMBERED_TOKENS: Final = 4096  # verified tokens kept in a process, least recently used first to go

TokenKey = tuple[AuthorizerPlace, bytes]  # whose; and a hash of the header's value


class Remembered(Struct, eq=False):
    """A token whose signature was verified; and once it came again, that it was accepted then, if it was."""

    token: VerifiedToken
    acceptance: Acceptance | None = None


class CognitoAuthenticator:
    """Verifies user-pool tokens. What was verified for one authorizer never opens another, nor outlives its key set."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._remembered: OrderedDict[TokenKey, Remembered] = OrderedDict()
        self._pools_by_issuer = lru_cache(maxsize=KNOWN_AUTHORIZERS)(self._find_issuers)

    def authenticate(self, routed: Routed) -> Standing | Coroutine[Any, Any, Standing]:
        """The standing of the user behind the token; to be awaited unless the token was accepted before.

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
        value = given[0]
        key = authorizer.place, sha256(value.encode()).digest()
        remembered = self._recall(key)
        if remembered is not None:
            acceptance = remembered.acceptance
            if acceptance is not None and acceptance.covers(method, request.received_at):
                return acceptance.standing
        return self._weigh(value, key, remembered, authorizer, routed)

    def _recall(self, key: TokenKey) -> Remembered | None:
        """What is known of a token, if its key set is still the one that verified it."""
        remembered = self._remembered.get(key)
        if remembered is not None:
            token = remembered.token
            current = self._ports.key_sets.current(token.issuer)
            if current is not None and current[1] == token.generation:
                self._remembered.move_to_end(key)
                return remembered
        return None

    async def _weigh(
        self, value: str, key: TokenKey, remembered: Remembered | None, authorizer: AuthorizerPlan, routed: Routed
    ) -> Standing:
        """The standing behind a token that is not known to be good for the method."""
        token = read_token(value)
        if not token:
            raise Unauthorized(f"header `{authorizer.header}` is missing or empty")
        method, now = routed.question.method, routed.request.received_at
        try:
            if remembered is None or remembered.token.pool_arn not in authorizer.pool_arns:
                verified = await self._verify_signature(token, authorizer, routed)
                self._keep(key, Remembered(verified))
                identity = accept(verified, scopes=method.scopes, validation=authorizer.validation, now=now)
                return Standing(identity=identity, established_by=VERIFIED_NOW)
            identity = accept(remembered.token, scopes=method.scopes, validation=authorizer.validation, now=now)
            # A token that comes again is likely to come often.
            acceptance = remembered.acceptance = Acceptance.of(identity, authorizer, established_by=VERIFIED_BEFORE)
            return acceptance.standing
        except NotForThisMethod as refusal:
            raise Unauthorized(refusal.reason) from refusal
        except TokenRefused as refusal:
            message = EXPIRED if refusal.fault is TokenFault.EXPIRED else None
            raise Unauthorized(f"the token is refused: {refusal.reason}", message=message) from refusal
        except Unavailable as failure:
            raise AuthorizerConfigurationError(f"the pool's keys cannot be had: {failure.reason}") from failure

    def _keep(self, key: TokenKey, remembered: Remembered) -> None:
        self._remembered[key] = remembered
        self._remembered.move_to_end(key)
        if len(self._remembered) > REMEMBERED_TOKENS:
            self._remembered.popitem(last=False)

    async def _verify_signature(self, token: str, authorizer: AuthorizerPlan, routed: Routed) -> VerifiedToken:
        if len(token) > TOKEN_BYTES:
            raise Unauthorized("the token is too long")
        read = read_jws(token)
        unverified = read.peek_claims()
        issuer = str(unverified.get("iss", ""))
        pool_arn = self._pools_by_issuer(authorizer.pool_arns).get(issuer)
        if pool_arn is None:
            raise Unauthorized("the token's issuer is none of the authorizer's user pools")
        key_sets, now = self._ports.key_sets, routed.request.received_at
        found = key_sets.current(issuer) or await key_sets.resolve(issuer, now=now)
        if found is not None and found[0].find(read.jose_header.kid or "", "RS256") is None:
            found = await key_sets.resolve(issuer, now=now, unknown_kid=True)
        if found is None:
            raise Unauthorized("the token's user pool does not exist")
        keys, generation = found
        verify_jws(read, keys, algorithms=ALGORITHMS)
        # The signature covers the very payload that was read above.
        return VerifiedToken(pool_arn=pool_arn, issuer=issuer, claims=unverified, generation=generation)

    def _find_issuers(self, pool_arns: frozenset[str]) -> Mapping[str, str]:
        """Each pool, ``arn:aws:cognito-idp:{region}:{account}:userpool/{poolId}``, by the issuer of its tokens."""
        issuer = self._ports.settings.issuer
        return {issuer(Arn.parse(each).resource.removeprefix("userpool/")): each for each in pool_arns}
