"""A door with fakes behind it: the line is the real one, the world is in this process."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import rsa
from msgspec import structs
from tests.fakes.access_logs import MemoryAccessLogs
from tests.fakes.callers import MemoryCallers
from tests.fakes.clock import MovableClock
from tests.fakes.functions import MemoryFunctions, MemoryRunner
from tests.fakes.key_sets import MemoryKeySets
from tests.fakes.plans import MemoryPlans
from tests.fakes.ports import make_ports
from tests.fakes.upstream import MemoryUpstream
from tests.rules.execute_api.support import (
    ACCOUNT,
    AUTHORIZER_FUNCTION,
    FUNCTION,
    POOL_ID,
    REGION,
    document,
    make_plan,
    make_request,
    user,
)

from yett.adapters.caller_policies import INVOCATIONS
from yett.adapters.shared_state.memory import MemoryAuthorizerCache
from yett.execute_api.decisions import Decisions
from yett.execute_api.door import ExecuteApi
from yett.execute_api.trace import explain
from yett.policy import CallerPolicies, Kind, NamedPolicy, compile_policies, parse_policy
from yett.ports.callers import Caller
from yett.ports.functions import Function
from yett.ports.settings import Settings
from yett.ports.tracing import Tracing
from yett.rules.execute_api.deployment import DeployedResource
from yett.sigv4 import SignedRequest, sign
from yett.tokens import parse_key_set, render_jwk, sign_jws
from yett.values.http import Headers, HttpRequest, HttpResponse
from yett.values.secret import Secret

GATEWAY = {"Service": "apigateway.amazonaws.com"}
ISSUER = f"http://localhost:4566/{POOL_ID}"


def make_function(arn: str = FUNCTION, *, invoked_by: Mapping[str, Any] | None = GATEWAY, **condition: Any) -> Function:
    """A function that a principal may invoke, under a condition if there is one."""
    policy = None
    if invoked_by is not None:
        statement = {"Effect": "Allow", "Principal": invoked_by, "Action": "lambda:InvokeFunction", "Resource": arn}
        if condition:
            statement["Condition"] = condition
        text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        policy = compile_policies((NamedPolicy("permission", parse_policy(text, kind=Kind.RESOURCE)),), actions=None)
    return Function(
        arn=arn,
        account=ACCOUNT,
        region=REGION,
        name=arn.rpartition(":")[2],
        runtime="python3.12",
        handler="app.handler",
        role_arn=f"arn:aws:iam::{ACCOUNT}:role/function",
        timeout_seconds=3,
        memory_mb=128,
        environment={},
        code_sha256="",
        revision_id="rev1",
        updated_at=MovableClock().now(),
        resource_policy=policy,
    )


def make_caller(*statements: Mapping[str, Any], name: str = "bob", account: str = ACCOUNT) -> Caller:
    """A user with one policy; none at all where nothing is stated."""
    documents = []
    if statements:
        text = json.dumps(document(*statements))
        documents = [NamedPolicy("user policy", parse_policy(text, kind=Kind.IDENTITY))]
    policies, invocation_policies = (
        CallerPolicies(
            identity=compile_policies(documents, actions=actions),
            boundary=None,
            session=None,
            scp=(),
            rcp=(),
            is_root=False,
        )
        for actions in (None, INVOCATIONS)
    )
    return Caller(
        identity=user(name, account),
        secret_access_key=Secret(f"very secret access key of {name}"),
        policies=policies,
        invocation_policies=invocation_policies,
    )


@cache
def private_key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def key_set(*names: str) -> Any:
    keys = [render_jwk(private_key(name).public_key(), kid=name, alg="RS256") for name in names]
    return parse_key_set(json.dumps({"keys": keys}))


def allow(*resources: str, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    """What an authorizer answers."""
    policy = document({"Effect": effect, "Resource": list(resources) or "*"})
    return {"principalId": "p1", "policyDocument": policy, **more}


class Gateway:
    """One stage behind its door."""

    def __init__(
        self,
        *resources: DeployedResource,
        callers: tuple[Caller, ...] = (),
        settings: Settings | None = None,
        tracing: Tracing | None = None,
        **api: Any,
    ) -> None:
        self.clock = MovableClock()
        self.plans = MemoryPlans(make_plan(*resources, **api))
        self.callers = MemoryCallers(*callers)
        self.functions = MemoryFunctions(make_function(), make_function(AUTHORIZER_FUNCTION))
        self.runner = MemoryRunner()
        self.runner.handlers[FUNCTION] = lambda _: {"body": "from the function"}
        self.runner.handlers[AUTHORIZER_FUNCTION] = lambda _: allow()
        self.upstream = MemoryUpstream()
        self.key_sets = MemoryKeySets()
        self.key_sets.hold(ISSUER, key_set("pool"))
        self.cache = MemoryAuthorizerCache()
        self.decisions = Decisions()
        self.access_logs = MemoryAccessLogs()
        self.ports = make_ports(
            settings=settings or Settings(),
            clock=self.clock,
            plans=self.plans,
            callers=self.callers,
            functions=self.functions,
            function_runner=self.runner,
            upstream=self.upstream,
            key_sets=self.key_sets,
            authorizer_cache=self.cache,
            access_logs=self.access_logs,
            tracing=tracing,
        )
        self.door = ExecuteApi(self.ports, self.decisions)
        self.last_id = ""
        self._calls = 0

    def request(self, verb: str = "GET", path: str = "/", *headers: tuple[str, str], **more: Any) -> HttpRequest:
        self._calls += 1
        self.last_id = str(UUID(int=(1 << 120) + self._calls))
        given = {"request_id": self.last_id, "received_at": self.clock.now()}
        return make_request(verb, path, *headers, **(given | more))

    def signed(
        self, caller: Caller, verb: str = "GET", path: str = "/", *headers: tuple[str, str], **more: Any
    ) -> HttpRequest:
        """A request with the caller's signature over all of its headers."""
        request = self.request(verb, path, *headers, **more)
        made = sign(
            SignedRequest.of(request),
            access_key_id=caller.identity.access_key_id,
            secret_access_key=caller.secret_access_key,
            session_token=None,
            region=REGION,
            service="execute-api",
            now=self.clock.now(),
        )
        return structs.replace(request, headers=Headers((*request.headers, *made)))

    def token(self, *, key: str = "pool", issuer: str = ISSUER, life_seconds: float = 3600, **claims: Any) -> str:
        """A user pool's token; an ID token unless the claims say otherwise."""
        now = self.clock.now().timestamp()
        given = {"iss": issuer, "sub": "u1", "token_use": "id", "aud": "client1", "iat": now, "exp": now + life_seconds}
        return sign_jws(given | claims, private_key(key), kid=key)

    async def answer(self, request: HttpRequest) -> HttpResponse:
        return await self.door.answer(request)

    async def call(self, verb: str = "GET", path: str = "/", *headers: tuple[str, str], **more: Any) -> HttpResponse:
        return await self.answer(self.request(verb, path, *headers, **more))

    def explain(self, request_id: str | None = None) -> dict[str, Any]:
        """What `yett explain` says of a call; the last one unless named."""
        record = self.decisions.find(request_id or self.last_id)
        assert record is not None
        explained: dict[str, Any] = explain(record)
        return json.loads(json.dumps(explained))


def said(answer: HttpResponse) -> tuple[int, str | None, Any]:
    """Status, error type and message of a gateway response."""
    body = json.loads(answer.body)
    return answer.status, answer.headers.get("x-amzn-errortype"), body.get("message", body.get("Message"))


UNAUTHORIZED = (401, "UnauthorizedException", "Unauthorized")
AUTHORIZER_BROKEN = (500, "AuthorizerConfigurationException", None)
INTERNAL = (500, "InternalServerErrorException", "Internal server error")
