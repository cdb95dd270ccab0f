"""Every kind of call, and what may come of each at a given moment."""

import json
import random
import secrets
from collections.abc import Callable, Mapping
from urllib.parse import quote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from msgspec import Struct
from tests.soak.world import REGION, World

ALLOWED, REFUSED, FAILED = "allowed", "refused", "failed"
ALWAYS, NEVER = frozenset({True}), frozenset({False})

# From the moments of a call to what it may have been: True allowed, False refused.
Expect = Callable[[float, float], frozenset[bool]]


class Request(Struct, frozen=True, kw_only=True):
    """One call, ready to be sent."""

    method: str = "GET"
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    nonce: str | None = None  # what the answer's body must be, if the call is allowed
    source_ip: str = "127.0.0.1"


class Kind(Struct, frozen=True, kw_only=True):
    """A kind of call."""

    name: str
    make: Callable[[], Request]
    expect: Expect
    weight: int = 2
    # An error is then its proper answer, allowed or not: a function that was told to crash.
    fails: bool = False


def never(_start: float, _end: float) -> frozenset[bool]:
    return NEVER


def always(_start: float, _end: float) -> frozenset[bool]:
    return ALWAYS


class Calls:
    """Makes requests of every kind against a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._random = random.Random()
        self.kinds = self._kinds()
        self._weights = [kind.weight for kind in self.kinds]

    def draw(self) -> Kind:
        """A kind, by weight."""
        return self._random.choices(self.kinds, self._weights)[0]

    def _kinds(self) -> list[Kind]:
        world = self._world
        nobody, forged = world.nobody, Credentials(world.user.access_key, "x" * 40)
        user = (world.user_may, world.key_is_active)

        def iam(start: float, end: float) -> frozenset[bool]:
            return frozenset(a and b for a in user[0].during(start, end) for b in user[1].during(start, end))

        def signed_changing(start: float, end: float) -> frozenset[bool]:
            is_open = world.changing_is_open.during(start, end)
            return frozenset(a or b for a in is_open for b in iam(start, end))

        def fresh(word: str) -> str:
            return f"{word}-{secrets.token_hex(4)}"

        return [
            Kind(name="open to a backend", make=lambda: self.get("http"), expect=always, weight=6),
            Kind(name="open to a function", make=lambda: self.get("function"), expect=always, weight=6),
            Kind(name="a crashing function", make=self.crash, expect=always, weight=1, fails=True),
            Kind(name="AWS_IAM, the user", make=lambda: self.get("iam", signed_by=world.user), expect=iam, weight=6),
            Kind(name="AWS_IAM, without permission", make=lambda: self.get("iam", signed_by=nobody), expect=never),
            Kind(name="AWS_IAM, forged", make=lambda: self.get("iam", signed_by=forged), expect=never),
            Kind(name="AWS_IAM, unsigned", make=lambda: self.get("iam"), expect=never),
            Kind(name="pool, ID token", make=lambda: self.get("pool", token=world.tokens["IdToken"]),
                 expect=world.pool_is_current.during, weight=5),
            Kind(name="pool, scope", make=lambda: self.get("scoped", token=world.tokens["AccessToken"]),
                 expect=world.pool_is_current.during, weight=3),
            Kind(name="pool, wrong use", make=lambda: self.get("pool", token=world.tokens["AccessToken"]),
                 expect=never),
            Kind(name="pool, foreign", make=lambda: self.get("pool", token=world.foreign_tokens["IdToken"]),
                 expect=never),
            Kind(name="pool, of a pool that is gone", make=lambda: self.get("pool", token=world.old_tokens["IdToken"]),
                 expect=never),
            Kind(name="pool, forged", make=lambda: self.get("pool", token=self.forge(world.tokens["IdToken"])),
                 expect=never),
            Kind(name="authorizer, new token", make=lambda: self.get("lambda", token=fresh("good")), expect=always),
            Kind(name="authorizer, known token", make=lambda: self.get("lambda", token="good"),
                 expect=always, weight=4),
            Kind(name="authorizer, denied", make=lambda: self.get("lambda", token=fresh("evil")), expect=never),
            Kind(name="authorizer, known and denied", make=lambda: self.get("lambda", token="evil"), expect=never),
            Kind(name="authorizer, nobody", make=lambda: self.get("lambda", token="nobody"), expect=never),
            Kind(name="authorizer, no token", make=lambda: self.get("lambda"), expect=never),
            Kind(name="authorizer, changing its mind", make=lambda: self.get("lambda", token="toggle"),
                 expect=world.toggle_may.during, weight=4),
            Kind(name="method that is opened and closed", make=lambda: self.get("changing"),
                 expect=world.changing_is_open.during, weight=4),
            Kind(name="the same, signed", make=lambda: self.get("changing", signed_by=world.user),
                 expect=signed_changing),
            Kind(name="resource policy, the office", make=lambda: self.office("127.0.0.1"),
                 expect=world.office_is_open.during, weight=3),
            Kind(name="resource policy, elsewhere", make=lambda: self.office("127.0.0.9"), expect=never),
            Kind(name="a host that is not served", make=self.rebound, expect=never, weight=1),
            Kind(name="administration, unsigned", make=lambda: self.administer(None), expect=never, weight=1),
            Kind(name="administration, not permitted", make=lambda: self.administer(nobody), expect=never, weight=1),
            Kind(name="DynamoDB, permitted", make=lambda: self.read_item(world.reader),
                 expect=world.table_is_there.during),
            Kind(name="DynamoDB, not permitted", make=lambda: self.read_item(nobody), expect=never, weight=1),
        ]  # fmt: skip

    # -- requests

    def get(self, path: str, *, token: str | None = None, signed_by: Credentials | None = None) -> Request:
        nonce = secrets.token_hex(8)
        target = f"/prod/{path}?nonce={nonce}"
        headers = {"Host": f"{self._world.api_id}.execute-api.localhost:{self._world.served.port}"}
        if token is not None:
            headers["Authorization"] = token
        if signed_by is not None:
            headers = self.sign(signed_by, "execute-api", "GET", target, headers)
        return Request(target=target, headers=headers, nonce=nonce)

    def sign(
        self,
        credentials: Credentials,
        service: str,
        method: str,
        target: str,
        headers: dict[str, str],
        body: bytes = b"",
    ) -> dict[str, str]:
        request = AWSRequest(method, f"http://{headers['Host']}{target}", data=body, headers=headers)
        SigV4Auth(credentials, service, REGION).add_auth(request)
        return dict(request.headers.items())

    def crash(self) -> Request:
        request = self.get("function")
        fault = self._random.choice(["exit", "raise", "garbage"])
        return Request(target=request.target, headers={**request.headers, "X-Soak-Fault": fault})

    def forge(self, token: str) -> str:
        header, payload, signature = token.split(".")
        at = self._random.randrange(1, len(payload) - 2)
        return f"{header}.{payload[:at]}{'A' if payload[at] != 'A' else 'B'}{payload[at + 1 :]}.{signature}"

    def office(self, source_ip: str) -> Request:
        host = f"{self._world.office_id}.execute-api.localhost:{self._world.served.port}"
        headers = {"Host": host, "X-Forwarded-For": "127.0.0.1", "Content-Type": "application/json"}
        return Request(target="/prod/", headers=headers, source_ip=source_ip)

    def rebound(self) -> Request:
        return Request(target="/prod/http?nonce=00", headers={"Host": f"{self._world.api_id}.evil.example"})

    def administer(self, credentials: Credentials | None) -> Request:
        body = b"Action=ListUsers&Version=2010-05-08"
        headers = {"Host": f"localhost:{self._world.served.port}", "Content-Type": "application/x-www-form-urlencoded"}
        if credentials is not None:
            headers = self.sign(credentials, "iam", "POST", "/", headers, body)
        return Request(method="POST", target="/", headers=headers, body=body)

    def read_item(self, credentials: Credentials) -> Request:
        body = json.dumps({"TableName": "soak", "Key": {"id": {"S": quote("x")}}}).encode()
        headers = {
            "Host": f"localhost:{self._world.served.port}",
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": "DynamoDB_20120810.GetItem",
        }
        return Request(
            method="POST", target="/", headers=self.sign(credentials, "dynamodb", "POST", "/", headers, body), body=body
        )
