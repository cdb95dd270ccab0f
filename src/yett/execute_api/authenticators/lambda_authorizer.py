"""``CUSTOM``: a function validates the evidence and returns a policy, which is cached; the policy is, never the
verdict.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
"""

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import structs

from yett.execute_api.invocation import Invoker, MayNotInvoke
from yett.ports.bundle import Ports
from yett.ports.function_runner import FunctionAnswer, FunctionNotFound, FunctionThrottled
from yett.ports.shared_state import CachedAnswer, CacheKey
from yett.rules.execute_api.authorizers.cache_key import hash_identity
from yett.rules.execute_api.authorizers.lambda_answer import (
    AuthorizerAnswer,
    InvalidAuthorizerAnswer,
    is_unauthorized,
    parse_answer,
)
from yett.rules.execute_api.authorizers.lambda_event import render_request_event, render_token_event
from yett.rules.execute_api.call import Routed, Standing
from yett.rules.execute_api.deployment import AuthorizerType
from yett.rules.execute_api.errors import AuthorizerConfigurationError, Unauthorized
from yett.rules.execute_api.identity_source import IdentitySource, read
from yett.rules.execute_api.limits import AUTHORIZER_TIMEOUT_SECONDS, TOKEN_BYTES
from yett.rules.execute_api.mapping.context import context_variable
from yett.rules.execute_api.mapping.trace_header import render_trace_header
from yett.rules.execute_api.plan import AuthorizerPlan, FunctionTarget
from yett.values.errors import Unavailable
from yett.values.identity import ANONYMOUS

Evidence = tuple[tuple[str, ...], ...]  # every value of every identity source, in order
MILLISECOND: Final = timedelta(milliseconds=1)
TOKEN: Final = AuthorizerType.TOKEN  # by itself: reading a member from its class costs as much as the test for it
CACHED: Final = "the authorizer's cached answer"
SHARED_ANSWERS: Final = 1024  # of other workers, kept parsed


class LambdaAuthenticator:
    """Asks authorizers, once for all who wait with the same evidence, and keeps what they answered."""

    def __init__(self, ports: Ports) -> None:
        self._ports, self._cache = ports, ports.authorizer_cache
        self._invoker = Invoker(ports)
        self._under_way: dict[CacheKey, asyncio.Task[AuthorizerAnswer]] = {}

    def authenticate(self, routed: Routed) -> Standing | Coroutine[Any, Any, Standing]:
        """The standing of the principal that the authorizer vouches for, with the policy it gave; to be awaited unless
        its answer is at hand.

        Raises:
            Unauthorized: The identity source is missing or malformed, or the function said exactly ``Unauthorized``.
            AuthorizerConfigurationError: The function failed, was too slow, or answered no policy.
        """
        authorizer = routed.question.method.authorizer
        if authorizer is None or authorizer.function is None:
            raise AuthorizerConfigurationError("the method has no authorizer")
        values = _read_evidence(authorizer, routed)
        if authorizer.ttl_seconds == 0 or not values:
            return self._ask_always(authorizer, authorizer.function, routed, values)
        key = CacheKey(authorizer.place, hash_identity(values))
        cached = self._cache.current(key, now=routed.request.received_at)
        if cached is not None:
            return _standing_of(cached, authorizer)
        return self._find_or_ask(authorizer, authorizer.function, routed, values, key)

    async def _ask_always(
        self, authorizer: AuthorizerPlan, function: FunctionTarget, routed: Routed, values: Evidence
    ) -> Standing:
        answer, _ = await self._ask(authorizer, function, routed, values)
        return _standing(answer, "asked the authorizer, which does not cache")

    async def _find_or_ask(
        self, authorizer: AuthorizerPlan, function: FunctionTarget, routed: Routed, values: Evidence, key: CacheKey
    ) -> Standing:
        """The standing by an answer that others keep, or else by one that is given now."""
        cached = await self._cache.find(key, now=routed.request.received_at)
        if cached is not None:
            return _standing_of(cached, authorizer)
        task = self._under_way.get(key)
        how = "asked the authorizer" if task is None else "the authorizer was being asked for another call"
        if task is None:
            task = asyncio.create_task(self._ask_and_keep(authorizer, function, routed, values, key))
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._finish(key, done))
        # Whoever hangs up leaves the others, and the answer, alone.
        return _standing(await asyncio.shield(task), how)

    async def recall(self, routed: Routed) -> Standing | None:
        """The standing by an answer that is kept; None where the authorizer would have to be asked.

        Raises:
            Unauthorized: The evidence is such that it would not be asked.
            AuthorizerConfigurationError: The method has no authorizer.
        """
        authorizer = routed.method.authorizer
        if authorizer is None:
            raise AuthorizerConfigurationError("the method has no authorizer")
        values = _read_evidence(authorizer, routed)
        if authorizer.ttl_seconds == 0 or not values:
            return None
        key, now = CacheKey(authorizer.place, hash_identity(values)), routed.request.received_at
        cached = self._cache.current(key, now=now) or await self._cache.find(key, now=now)
        return None if cached is None else _standing_of(cached, authorizer)

    async def ask_afresh(self, routed: Routed) -> Standing:
        """The standing by an answer given now, which is not kept: the call is nobody's.

        Raises:
            Unauthorized, AuthorizerConfigurationError: As ``authenticate``.
        """
        authorizer = routed.method.authorizer
        if authorizer is None or authorizer.function is None:
            raise AuthorizerConfigurationError("the method has no authorizer")
        answer, _ = await self._ask(authorizer, authorizer.function, routed, _read_evidence(authorizer, routed))
        return _standing(answer, "asked the authorizer, its answer not kept")

    def _finish(self, key: CacheKey, task: asyncio.Task[AuthorizerAnswer]) -> None:
        self._under_way.pop(key, None)
        if not task.cancelled():
            task.exception()  # looked at, so that nobody's having waited for it is no warning

    async def _ask_and_keep(
        self,
        authorizer: AuthorizerPlan,
        function: FunctionTarget,
        routed: Routed,
        values: Evidence,
        key: CacheKey,
    ) -> AuthorizerAnswer:
        answer, payload = await self._ask(authorizer, function, routed, values, key)
        now = self._ports.clock.now()
        await self._cache.put(
            key,
            CachedAnswer(
                payload=payload,
                parsed=_standing(_with_latency(answer, 0), CACHED, kept_since=now),
                stored_at=now,
                expires_at=now + timedelta(seconds=authorizer.ttl_seconds),
            ),
        )
        return answer

    async def _ask(
        self,
        authorizer: AuthorizerPlan,
        function: FunctionTarget,
        routed: Routed,
        values: Evidence,
        key: CacheKey | None = None,
    ) -> tuple[AuthorizerAnswer, bytes]:
        """One invocation, and its answer read. Failures are not cached."""
        is_token = authorizer.type is TOKEN
        event = render_token_event(routed, values[0][0]) if is_token else render_request_event(routed)
        asked_at = self._ports.clock.now()
        try:
            async with asyncio.timeout(AUTHORIZER_TIMEOUT_SECONDS):
                given = await self._invoke(authorizer, function, routed, event, key)
        except TimeoutError as error:
            raise AuthorizerConfigurationError(f"the authorizer took over {AUTHORIZER_TIMEOUT_SECONDS} s") from error
        except (MayNotInvoke, FunctionNotFound, FunctionThrottled, Unavailable) as error:
            raise AuthorizerConfigurationError(f"the authorizer could not be asked: {error.reason}") from error
        if given.function_error is not None:
            if is_unauthorized(given.payload):
                raise Unauthorized("the authorizer failed with the message `Unauthorized`")
            raise AuthorizerConfigurationError("the authorizer's function failed; see its log: `yett logs`")
        try:
            answer = parse_answer(given.payload, authorizer_id=authorizer.id)
        except InvalidAuthorizerAnswer as refusal:
            raise AuthorizerConfigurationError(f"the authorizer's answer is no policy: {refusal.reason}") from refusal
        latency_ms = round((self._ports.clock.now() - asked_at) / MILLISECOND)
        return _with_latency(answer, latency_ms), given.payload

    async def _invoke(
        self, authorizer: AuthorizerPlan, function: FunctionTarget, routed: Routed, event: bytes, key: CacheKey | None
    ) -> FunctionAnswer:
        plan = routed.plan
        return await self._invoker.invoke(
            function,
            event,
            question=routed.question,
            standing=None,
            source_arn=f"arn:aws:execute-api:{plan.region}:{plan.account}:{plan.api_id}/authorizers/{authorizer.id}",
            trace_header=render_trace_header(routed.request),
            share_key=None if key is None else msgspec.msgpack.encode(key),
        )


def _read_evidence(authorizer: AuthorizerPlan, routed: Routed) -> Evidence:
    """The values of the identity sources. They are needed by TOKEN authorizers, and by REQUEST authorizers that cache.

    Raises:
        Unauthorized: One is absent, empty, too long, or does not match the authorizer's expression; or a token's header
            stands twice, and backend and authorizer might read different ones.
    """
    values: Evidence | None
    if authorizer.header is None:
        values = _read_sources(authorizer.sources, routed)
    else:
        given = routed.request.headers.get_all(authorizer.header)
        values = (given,) if given and "" not in given else None
    if values is None:
        if authorizer.type is AuthorizerType.REQUEST and authorizer.ttl_seconds == 0:
            return ()
        (missing, *others) = authorizer.sources
        if others:
            missing = next(each for each in authorizer.sources if _read_sources((each,), routed) is None)
        raise Unauthorized(f"identity source `{missing.place.value}{missing.name}` is missing or empty")
    for source in values:
        if max(map(len, source)) > TOKEN_BYTES:
            raise Unauthorized("an identity source is too long")
    if authorizer.type is TOKEN:
        if len(values) != 1 or len(values[0]) != 1:
            raise Unauthorized("the token's header stands more than once")
        # UNCERTAIN: anchoring; a full match, as Java's `matches` (spec 04, section 2).
        if authorizer.validation is not None and authorizer.validation.fullmatch(values[0][0]) is None:
            raise Unauthorized("the token does not match the authorizer's validation expression")
    return values


def _read_sources(sources: tuple[IdentitySource, ...], routed: Routed) -> Evidence | None:
    return read(
        sources,
        routed.request,
        stage_variables=routed.plan.variables,
        context=lambda name: context_variable(name, routed, ANONYMOUS),
    )


def _standing_of(cached: CachedAnswer, authorizer: AuthorizerPlan) -> Standing:
    standing = cached.parsed
    if isinstance(standing, Standing):
        return standing
    return _standing(_parse_shared(cached.payload, authorizer.id), CACHED, kept_since=cached.stored_at)


@lru_cache(SHARED_ANSWERS)
def _parse_shared(payload: bytes, authorizer_id: str) -> AuthorizerAnswer:
    """An answer that another worker was given, parsed and compiled here once."""
    return parse_answer(payload, authorizer_id=authorizer_id)


def _with_latency(answer: AuthorizerAnswer, latency_ms: int) -> AuthorizerAnswer:
    return structs.replace(answer, identity=structs.replace(answer.identity, latency_ms=latency_ms))


def _standing(answer: AuthorizerAnswer, how: str, *, kept_since: datetime | None = None) -> Standing:
    return Standing(
        identity=answer.identity, authorizer_policy=answer.policy, established_by=how, kept_since=kept_since
    )
