"""A gateway in this process: a server on a free port with a home of its own, a template up on it, and callers of
every kind.
"""

import asyncio
import threading
import uuid
from collections.abc import Awaitable, Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlencode

import msgspec
import uvloop
from msgspec.structs import force_setattr, replace

from yett.execute_api.access_matrix import rows_of
from yett.execute_api.decisions import Record
from yett.execute_api.hints import route_hints
from yett.execute_api.proposals import propose
from yett.execute_api.trace import explain
from yett.ports.bundle import Ports
from yett.ports.iam_store import Role, User
from yett.rules.sts.temporary_credentials import TemporarySession
from yett.server.putting_up import Up, put_up
from yett.server.run import Server
from yett.server.settings import ServerSettings
from yett.services.call import Call
from yett.services.perform import perform
from yett.sigv4 import SignedRequest, sign
from yett.testing.answer import Answer
from yett.testing.clock import MovableClock
from yett.testing.faults import Fault, FaultyKeySets, FaultyRunner, RotatedKeys, RotatedSigningKeys, RotatedUserPools
from yett.testing.golden import GoldenMatrix, outcome_of
from yett.values.arn import Arn
from yett.values.http import Headers, HttpRequest, HttpResponse
from yett.values.secret import Secret

T = TypeVar("T")
START_SECONDS = 120
SESSION_SECONDS = 3600
PASSWORD_BYTES = 18
LOCAL = "127.0.0.1"


class Gateway:
    """A running gateway. Use as a context manager; what is made on it is gone with its home."""

    def __init__(
        self,
        template: Path,
        home: Path,
        *,
        parameters: Mapping[str, str] | None = None,
        updates_golden_files: bool = False,
    ) -> None:
        self.template = template
        self.updates_golden_files = updates_golden_files
        self.clock = MovableClock()
        self.warnings: dict[str, None] = {}  # what callers will be surprised by, as far as calls have shown it
        self._settings = ServerSettings(home=home, port=0)
        self._parameters = dict(parameters or {})
        self._keys: dict[str, tuple[str, Secret]] = {}
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="yett gateway", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self.server = self.run(Server.start(self._settings, clock=self.clock))
            self._runner = FaultyRunner(self.server.ports.function_runner)
            self._rotated = RotatedKeys()
            self._key_sets = FaultyKeySets(self.server.ports.key_sets, self._rotated)
            # The bundle is frozen for everybody else; a test's gateway alone has ports that fail on demand.
            force_setattr(self.server.ports, "function_runner", self._runner)
            force_setattr(self.server.ports, "key_sets", self._key_sets)
            for name, kind in (("signing_keys", RotatedSigningKeys), ("user_pool_store", RotatedUserPools)):
                force_setattr(self.server.ports, name, kind(getattr(self.server.ports, name), self._rotated))
            self.up: Up = self.run(put_up(self.server, self.template, self._parameters, lambda _: None))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if hasattr(self, "up"):
                self.run(self.up.stop())
            if hasattr(self, "server"):
                self.run(self.server.stop())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the gateway's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(START_SECONDS)

    def reset(self) -> None:
        """Back to the present, no faults, nothing counted, no authorizer's answer remembered: each test begins so."""
        self.clock.reset()
        self._runner.faults.clear()
        self._runner.invocations.clear()
        self._key_sets.is_reachable = True
        self._rotated.clear()
        for api in self.up.stack.apis:
            flush = self.server.ports.authorizer_cache.flush(self._settings.account, api.api_id, api.stage)
            self.run(flush)

    # What the template made

    @property
    def outputs(self) -> Mapping[str, str]:
        """The template's outputs."""
        return self.up.outputs

    def physical_id(self, logical_id: str) -> str:
        """What ``Ref`` gives for a resource of the template.

        Raises:
            KeyError: The template made no such resource.
        """
        for resource in self.up.stack.resources:
            if resource.logical_id == logical_id:
                return resource.physical_id
        known = ", ".join(sorted(resource.logical_id for resource in self.up.stack.resources))
        raise KeyError(f"the template has no resource `{logical_id}`; it has {known}")

    def api(self, logical_id: str | None = None) -> "Api":
        """An API of the template: the only one, or the one of this logical id."""
        apis = [api for api in self.up.stack.apis if logical_id in {None, api.logical_id}]
        if len(apis) != 1:
            known = ", ".join(api.logical_id for api in self.up.stack.apis)
            raise LookupError(f"name one API of the template: {known}")
        return Api(self, apis[0].api_id, apis[0].stage)

    # Faults

    def fail(self, function: str, fault: Fault | str) -> None:
        """Have a function of the template (by logical id) fail from now on, until the test ends."""
        if fault not in list(Fault):
            raise ValueError(f"`{fault}` is no fault: there are {', '.join(Fault)}")
        self._runner.faults[self.physical_id(function)] = Fault(fault)

    def invocations(self, function: str) -> int:
        """How often the function was asked since the test began."""
        return self._runner.invocations.count(self.physical_id(function))

    def lose_key_sets(self) -> None:
        """Have every key set be unreachable from now on, until the test ends."""
        self._key_sets.is_reachable = False

    def rotate_keys(self, pool: str) -> None:
        """Have a user pool of the template (by logical id) sign with new keys from now on and know its old ones no
        more, until the test ends.
        """
        pool_id, ports = self.physical_id(pool), self.server.ports
        self._rotated.put(pool_id, ports.settings.issuer(pool_id), self.run(ports.signing_keys.make()))

    # Acting as the account's root, through the same door as everybody

    def perform(self, service: str, operation: str, **params: object) -> Mapping[str, Any]:
        """An operation of an AWS service, as the account's root user: ``perform("iam", "CreateUser",
        UserName="bob")``.
        """

        async def act() -> Mapping[str, Any]:
            ports = self.server.ports
            caller = await ports.callers.root(self._settings.account)
            call = Call(
                service=service,
                operation=operation,
                caller=caller,
                account=self._settings.account,
                region=self._settings.region,
                now=self.clock.now(),
                request_id=str(uuid.uuid4()),
                source_ip=LOCAL,
                secure_transport=False,
                ports=ports,
            )
            return await perform(call, params)

        return self.run(act())

    def access_key(self, user: str) -> tuple[str, Secret]:
        """An access key of an IAM user, made once."""
        if user not in self._keys:
            if self.run(self.server.ports.iam_store.find(User, self._settings.account, user)) is None:
                raise LookupError(f"there is no IAM user `{user}` in account {self._settings.account}")
            made = self.perform("iam", "CreateAccessKey", UserName=user)["AccessKey"]
            self._keys[user] = (made["AccessKeyId"], Secret(made["SecretAccessKey"]))
        return self._keys[user]

    def role_session(self, role: str, session_name: str) -> tuple[str, Secret, Secret]:
        """Temporary credentials of a role, by name or ARN, as if whoever its trust policy names had assumed it."""
        name = Arn.parse(role).resource.rpartition("/")[2] if role.startswith("arn:") else role
        found = self.run(self.server.ports.iam_store.find(Role, self._settings.account, name))
        if found is None:
            raise LookupError(f"there is no role `{role}`")
        now = self.clock.now()
        issued = self.server.ports.session_tokens.issue(
            TemporarySession.of_role(
                account=found.account,
                role_id=found.id,
                role_name=found.name,
                session_name=session_name,
                issued_at=now,
                expires_at=now.fromtimestamp(now.timestamp() + SESSION_SECONDS, now.tzinfo),
            )
        )
        return issued.access_key_id, issued.secret_access_key, Secret(issued.session_token)

    def token(self, pool: str, username: str, *, client: str | None = None, access: bool = False) -> str:
        """A token of a user pool of the template (pool and client by logical id) for one of its users, who gets a
        password.
        """
        pool_id = self.physical_id(pool)
        password = f"Aa1!{uuid.uuid4().hex}"
        self.perform(
            "cognito-idp",
            "AdminSetUserPassword",
            UserPoolId=pool_id,
            Username=username,
            Password=password,
            Permanent=True,
        )
        client_id = self.physical_id(client) if client else self._password_client(pool_id)
        result = self.perform(
            "cognito-idp",
            "AdminInitiateAuth",
            UserPoolId=pool_id,
            ClientId=client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": password},
        )["AuthenticationResult"]
        return str(result["AccessToken" if access else "IdToken"])

    def _password_client(self, pool_id: str) -> str:
        for each in self.perform("cognito-idp", "ListUserPoolClients", UserPoolId=pool_id)["UserPoolClients"]:
            described = self.perform(
                "cognito-idp", "DescribeUserPoolClient", UserPoolId=pool_id, ClientId=each["ClientId"]
            )["UserPoolClient"]
            if "ALLOW_ADMIN_USER_PASSWORD_AUTH" in described.get("ExplicitAuthFlows", ()):
                return str(each["ClientId"])
        raise LookupError(f"user pool `{pool_id}` has no client with ALLOW_ADMIN_USER_PASSWORD_AUTH")


class Api:
    """An API of the template, and the callers it may have."""

    def __init__(self, gateway: Gateway, api_id: str, stage: str) -> None:
        self.gateway = gateway
        self.api_id = api_id
        self.stage = stage

    def anonymous(self, *, source_ip: str = LOCAL) -> "Client":
        """Nobody in particular."""
        return Client(self, source_ip=source_ip)

    def as_user(self, user: str, *, source_ip: str = LOCAL) -> "Client":
        """An IAM user of the account, by name, signing its requests."""
        return Client(self, source_ip=source_ip, credentials=(*self.gateway.access_key(user), None))

    def as_role(self, role: str, *, session_name: str = "test", source_ip: str = LOCAL) -> "Client":
        """A session of a role, by name or ARN, signing its requests."""
        return Client(self, source_ip=source_ip, credentials=self.gateway.role_session(role, session_name))

    def with_token(self, token: str, *, header: str = "Authorization", source_ip: str = LOCAL) -> "Client":
        """Whoever holds the token."""
        return Client(self, source_ip=source_ip, headers=((header, token),))

    def as_pool_user(
        self, pool: str, username: str, *, client: str | None = None, access: bool = False, source_ip: str = LOCAL
    ) -> "Client":
        """A signed-in user of a user pool of the template: with its ID token, or with its access token."""
        token = self.gateway.token(pool, username, client=client, access=access)
        return self.with_token(token, source_ip=source_ip)

    def access_matrix(self, callers: "Mapping[str, Client]", *, routes: Iterable[str] = ()) -> "GoldenMatrix":
        """Call every method as every caller, and tell how each call was decided.

        *routes* are further calls, such as ``GET /stock/vault``. What is allowed reaches its backend.
        """
        plan = self.gateway.run(self.gateway.server.ports.plans.resolve(self.api_id, self.stage))
        if plan is None:
            raise LookupError(f"stage `{self.stage}` is not there any more")
        named = [f"{row.method} {row.path}" for row in rows_of(plan) if row.method != "OPTIONS"]
        cells: dict[str, dict[str, str | int]] = {}
        for each in (*named, *routes):
            method, _, path = each.partition(" ")
            cells[each] = {name: outcome_of(client.request(method, path)) for name, client in callers.items()}
        return GoldenMatrix(cells, callers=tuple(callers), updates=self.gateway.updates_golden_files)


class Client:
    """One caller of an API."""

    def __init__(
        self,
        api: Api,
        *,
        source_ip: str,
        headers: tuple[tuple[str, str], ...] = (),
        credentials: tuple[str, Secret, Secret | None] | None = None,
    ) -> None:
        self._api = api
        self._source_ip = source_ip
        self._headers = headers
        self._credentials = credentials

    def get(self, path: str, **options: Any) -> Answer:
        """GET; see ``request``."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> Answer:
        """POST; see ``request``."""
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> Answer:
        """PUT; see ``request``."""
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> Answer:
        """PATCH; see ``request``."""
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> Answer:
        """DELETE; see ``request``."""
        return self.request("DELETE", path, **options)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        json: object = None,
        secure: bool = False,
    ) -> Answer:
        """Call the API. *path* lies below the stage and is percent-encoded; *json* is sent as the body."""
        if not path.startswith("/"):
            raise ValueError(f"a path begins with a slash: `{path}`")
        if json is not None:
            body, headers = msgspec.json.encode(json), {"Content-Type": "application/json", **(headers or {})}
        gateway, host = self._api.gateway, f"{self._api.api_id}.execute-api.localhost"
        now = gateway.clock.now()
        full_path = f"/{self._api.stage}{path}"
        query = urlencode(params or {})
        lines = Headers((("Host", host), *self._headers, *(headers or {}).items()))
        if self._credentials is not None:
            access_key_id, secret, session_token = self._credentials
            added = sign(
                SignedRequest(method, full_path, query, lines, body),
                access_key_id=access_key_id,
                secret_access_key=secret,
                session_token=session_token,
                region=gateway.server.ports.settings.region,
                service="execute-api",
                now=now,
            )
            lines = Headers((*lines, *added))
        request = HttpRequest(
            method=method,
            target=f"{full_path}?{query}" if query else full_path,
            path=full_path,
            query=query,
            headers=lines,
            body=body,
            host=host,
            source_ip=self._source_ip,
            scheme="https" if secure else "http",
            request_id=str(uuid.uuid4()),
            received_at=now,
        )
        response = gateway.run(read_whole(gateway.server.answer(request)))
        record = gateway.server.decisions.find(request.request_id)
        if record is None:
            raise LookupError("the decision of this call is not kept any more")
        answer = Answer(response, explain(record), lambda: gateway.run(advise(record, gateway.server.ports)))
        gateway.warnings.update(
            dict.fromkeys(f"{each['where']}: {each['message']}" for each in answer.trace["warnings"])
        )
        return answer


async def advise(record: Record, ports: Ports) -> Mapping[str, object]:
    """What would allow a call, and what it may have missed by little."""
    return {
        "wouldAllow": await propose(record, ports),
        "hints": await route_hints(record.api_id, record.stage, record.method, record.path, ports),
    }


async def read_whole(answering: Awaitable[HttpResponse]) -> HttpResponse:
    """The answer with all of its body, as a client has it in the end.

    Raises:
        UpstreamFailed: The backend broke off.
    """
    response = await answering
    if response.stream is None:
        return response
    body = b"".join([piece async for piece in response.stream])
    return replace(response, body=body, stream=None)
