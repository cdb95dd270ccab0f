"""``COGNITO_USER_POOLS``: a token of one of the authorizer's user pools, its signature verified once and then
remembered.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html
"""

from collections import OrderedDict
from functools import lru_cache
from hashlib import sha256
from typing import Final

from yett.ports.bundle import Ports
from yett.rules.execute_api.authorizers.cognito import ALGORITHMS, NotForThisMethod, VerifiedToken, accept, read_token
from yett.rules.execute_api.call import Routed, Standing
from yett.rules.execute_api.errors import AuthorizerConfigurationError, Unauthorized
from yett.rules.execute_api.limits import TOKEN_BYTES
from yett.rules.execute_api.plan import AuthorizerPlan
from yett.tokens import TokenFault, TokenRefused, read_jws, verify_jws
from yett.values.arn import Arn
from yett.values.errors import Unavailable

EXPIRED: Final = "The incoming token has expired"
KNOWN_POOLS: Final = 1024  # whose issuer is remembered
REMEMBERED_TOKENS: Final = 4096  # verified tokens kept in a process, least recently used first to go

# Whose: account, API, stage, authorizer; which: a hash of the token.
TokenKey = tuple[str, str, str, str, bytes]


class CognitoAuthenticator:
    """Verifies user-pool tokens. What was verified for one authorizer never opens another, nor outlives its key set."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._verified: OrderedDict[TokenKey, VerifiedToken] = OrderedDict()
        self._issuer = lru_cache(maxsize=KNOWN_POOLS)(self._issuer_of)

    async def authenticate(self, routed: Routed) -> Standing:
        """The standing of the user behind the token.

        Raises:
            Unauthorized: There is no token, or it is not good for this method.
            AuthorizerConfigurationError: The pool's keys cannot be had.
        """
        authorizer = routed.method.authorizer
        if authorizer is None:
            raise AuthorizerConfigurationError("the method has no authorizer")
        header = authorizer.sources[0].name
        given = routed.request.headers.get_all(header)
        if len(given) > 1:
            # Else a backend might read another line than the one that was verified here.
            raise Unauthorized(f"header `{header}` stands more than once")
        token = read_token(given[0]) if given else ""
        if not token:
            raise Unauthorized(f"header `{header}` is missing or empty")
        try:
            verified, how = await self._verify(token, authorizer, routed)
            identity = accept(
                verified, scopes=routed.method.scopes, validation=authorizer.validation, now=routed.request.received_at
            )
        except NotForThisMethod as refusal:
            raise Unauthorized(refusal.reason) from refusal
        except TokenRefused as refusal:
            message = EXPIRED if refusal.fault is TokenFault.EXPIRED else None
            raise Unauthorized(f"the token is refused: {refusal.reason}", message=message) from refusal
        except Unavailable as failure:
            raise AuthorizerConfigurationError(f"the pool's keys cannot be had: {failure.reason}") from failure
        return Standing(identity=identity, established_by=how)

    async def _verify(self, token: str, authorizer: AuthorizerPlan, routed: Routed) -> tuple[VerifiedToken, str]:
        """The token with its signature verified, now or before under the same keys, and how that came about."""
        plan = routed.plan
        key: TokenKey = (plan.account, plan.api_id, plan.stage, authorizer.id, sha256(token.encode()).digest())
        remembered = self._verified.get(key)
        if remembered is not None and remembered.pool_arn in authorizer.pool_arns:
            current = self._ports.key_sets.current(remembered.issuer)
            if current is not None and current[1] == remembered.generation:
                self._verified.move_to_end(key)
                return remembered, "a user-pool token, its signature verified before"
        verified = await self._verify_signature(token, authorizer, routed)
        self._verified[key] = verified
        self._verified.move_to_end(key)
        if len(self._verified) > REMEMBERED_TOKENS:
            self._verified.popitem(last=False)
        return verified, "a user-pool token, its signature verified now"

    async def _verify_signature(self, token: str, authorizer: AuthorizerPlan, routed: Routed) -> VerifiedToken:
        if len(token) > TOKEN_BYTES:
            raise Unauthorized("the token is too long")
        read = read_jws(token)
        unverified = read.peek_claims()
        issuers = {self._issuer(pool_arn): pool_arn for pool_arn in authorizer.pool_arns}
        issuer = str(unverified.get("iss", ""))
        pool_arn = issuers.get(issuer)
        if pool_arn is None:
            raise Unauthorized("the token's issuer is none of the authorizer's user pools")
        key_sets, now = self._ports.key_sets, routed.request.received_at
        found = key_sets.current(issuer) or await key_sets.resolve(issuer, now=now)
        if found is not None and found[0].find(str(read.header.get("kid", "")), "RS256") is None:
            found = await key_sets.resolve(issuer, now=now, unknown_kid=True)
        if found is None:
            raise Unauthorized("the token's user pool does not exist")
        keys, generation = found
        verify_jws(read, keys, algorithms=ALGORITHMS)
        # The signature covers the very payload that was read above.
        return VerifiedToken(pool_arn=pool_arn, issuer=issuer, claims=unverified, generation=generation)

    def _issuer_of(self, pool_arn: str) -> str:
        """The issuer of a pool, ``arn:aws:cognito-idp:{region}:{account}:userpool/{poolId}``."""
        arn = Arn.parse(pool_arn)
        return self._ports.settings.issuer(arn.resource.removeprefix("userpool/"))
