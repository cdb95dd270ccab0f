"""What other libraries sign: tokens made by joserfc and PyJWT, requests signed by botocore in each of its ways."""

import http.client
import json
import time
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any

import jwt
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import RSAKey
from tests.sdk.making import Api, make_user, mock, unique
from tests.sdk.running import Answer, RunningServer

Sign = Callable[[Mapping[str, Any], str, str], str]  # claims, private key in PEM, key id


def by_joserfc(claims: Mapping[str, Any], pem: str, kid: str) -> str:
    return joserfc_jwt.encode({"alg": "RS256", "kid": kid}, dict(claims), RSAKey.import_key(pem))


def by_pyjwt(claims: Mapping[str, Any], pem: str, kid: str) -> str:
    return jwt.encode(dict(claims), pem, algorithm="RS256", headers={"kid": kid})


LIBRARIES = pytest.mark.parametrize("sign", [by_joserfc, by_pyjwt])


class Pool:
    """A user pool with an API behind it, and the pool's real keys."""

    def __init__(self, running: RunningServer) -> None:
        cognito = running.client("cognito-idp")
        made = cognito.create_user_pool(PoolName=unique("pool"))["UserPool"]
        ports = running.server.ports
        place = running.run(ports.user_pool_store.place_of_pool(made["Id"]))
        assert place is not None
        keys = running.run(ports.user_pool_store.find_keys(place))
        assert keys is not None
        self.keys = {"id": keys.id, "access": keys.access}
        self.issuer = ports.settings.issuer(made["Id"])
        self.running = running
        self.api = Api(running)
        authorizer = self.api.client.create_authorizer(
            restApiId=self.api.id,
            name="pool",
            type="COGNITO_USER_POOLS",
            providerARNs=[made["Arn"]],
            identitySource="method.request.header.Authorization",
        )["id"]
        guard = {"authorizationType": "COGNITO_USER_POOLS", "authorizerId": authorizer}
        self.api.method("/me", mock(), **guard)
        self.api.method("/orders", mock(), **guard, authorizationScopes=["shop/orders"])
        self.api.deploy()

    def claims(self, use: str, **more: object) -> dict[str, Any]:
        now = int(time.time())
        claims = {"sub": "s", "iss": self.issuer, "token_use": use, "auth_time": now, "iat": now, "exp": now + 300}
        own = {"aud": "client", "cognito:username": "alice"} if use == "id" else {"client_id": "client", "jti": "j"}
        return claims | own | more

    def pem(self, use: str) -> str:
        return str(self.keys[use].private_pem.reveal())

    def call(self, token: str, path: str) -> tuple[int, str | None]:
        answer = self.running.call(self.api.id, f"/prod{path}", headers={"Authorization": token})
        return answer.status, answer.error_type


@pytest.fixture(scope="module")
def pool(running: RunningServer) -> Pool:
    return Pool(running)


ACCEPTED = (200, None)
UNAUTHORIZED = (401, "UnauthorizedException")


@LIBRARIES
def test_a_token_of_the_pools_key_is_accepted_where_it_should_be(pool: Pool, sign: Sign) -> None:
    identity = sign(pool.claims("id"), pool.pem("id"), pool.keys["id"].kid)
    access = sign(pool.claims("access", scope="shop/orders"), pool.pem("access"), pool.keys["access"].kid)
    assert pool.call(identity, "/me") == ACCEPTED
    assert pool.call(access, "/orders") == ACCEPTED
    assert pool.call(identity, "/orders") == UNAUTHORIZED
    assert pool.call(access, "/me") == UNAUTHORIZED


@LIBRARIES
def test_a_token_of_another_key_is_refused(pool: Pool, sign: Sign) -> None:
    other = rsa.generate_private_key(65537, 2048)
    formats = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem = other.private_bytes(*formats).decode()
    assert pool.call(sign(pool.claims("id"), pem, pool.keys["id"].kid), "/me") == UNAUTHORIZED
    assert pool.call(sign(pool.claims("id"), pem, "another"), "/me") == UNAUTHORIZED


@LIBRARIES
@pytest.mark.parametrize(
    "wrong",
    [
        {"exp": 1_000_000_000},
        {"iss": "https://elsewhere.example/us-east-1_abc"},
        {"token_use": "access"},
        {"exp": None},
        {"iss": None},
    ],
    ids=["expired", "another-issuer", "another-use", "no-expiry", "no-issuer"],
)
def test_a_token_of_the_pools_key_with_wrong_claims_is_refused(
    pool: Pool, sign: Sign, wrong: Mapping[str, object]
) -> None:
    claims = {name: value for name, value in pool.claims("id", **wrong).items() if value is not None}
    assert pool.call(sign(claims, pool.pem("id"), pool.keys["id"].kid), "/me") == UNAUTHORIZED


def test_a_token_with_another_algorithm_than_the_pools_is_refused(pool: Pool) -> None:
    headers = {"kid": pool.keys["id"].kid}
    token = jwt.encode(pool.claims("id"), pool.pem("id"), algorithm="RS512", headers=headers)
    assert pool.call(token, "/me") == UNAUTHORIZED


# -- requests


class Signed:
    """An API with methods for signed requests, and a user who may call them."""

    def __init__(self, running: RunningServer) -> None:
        self.running = running
        self.api = Api(running)
        self.api.method("/signed", mock(), authorizationType="AWS_IAM")
        self.api.method("/posted", mock(), verb="POST", authorizationType="AWS_IAM")
        self.api.method("/tree/{proxy+}", mock(), authorizationType="AWS_IAM")
        self.api.deploy()
        allow = {"Effect": "Allow", "Action": ["execute-api:Invoke", "sts:GetSessionToken"], "Resource": "*"}
        _, self.user = make_user(running, allow)
        keys = running.client("sts", self.user).get_session_token()["Credentials"]
        self.session = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

    def credentials(self, kind: str) -> Credentials:
        return self.user if kind == "user" else self.session

    def request(self, path: str, **options: Any) -> AWSRequest:
        host = f"{self.api.id}.execute-api.localhost:{self.running.server.port}"
        return AWSRequest(method="GET", url=f"http://{host}{path}", headers={"Host": host}, **options)

    def send(self, request: AWSRequest) -> Answer:
        prepared = request.prepare()
        parts = urllib.parse.urlsplit(prepared.url)
        return self.running.call(
            self.api.id,
            f"{parts.path}?{parts.query}" if parts.query else parts.path,
            method=prepared.method,
            headers=dict(prepared.headers.items()),
            body=prepared.body,
        )

    def send_as_it_is(self, request: AWSRequest) -> Answer:
        """Send the target and each header line as they stand, where `prepare` would have spelled some otherwise."""
        parts = urllib.parse.urlsplit(request.url)
        connection = http.client.HTTPConnection("127.0.0.1", self.running.server.port, timeout=60)
        try:
            target = f"{parts.path}?{parts.query}" if parts.query else parts.path
            connection.putrequest("GET", target, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.items():
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, names, answer.read())
        finally:
            connection.close()


@pytest.fixture(scope="module")
def signed(running: RunningServer) -> Signed:
    return Signed(running)


QUERIES = ("", "?a=1&b=two%20words&a=0", "?empty=&plus=%2B&tilde=~&slash=a%2Fb")
BOTH = pytest.mark.parametrize("kind", ["user", "session"])


@BOTH
@pytest.mark.parametrize("query", QUERIES)
def test_botocores_header_signature_is_accepted(signed: Signed, kind: str, query: str) -> None:
    request = signed.request(f"/prod/signed{query}")
    SigV4Auth(signed.credentials(kind), "execute-api", "us-east-1").add_auth(request)
    assert signed.send(request).status == 200


SPELLINGS = (
    "/a%20b",
    "/a%2Fb",
    "/a%252Fb",
    "/caf%C3%A9/%E1%88%B4",
    "/~x/-._",
    "/%7Ex",
    "/a:b@c,d;e=f",
    "/a//b/",
    "/a/./b",
    "/a/c/../b",
    "/a?x=1&x=0&x=1",
    "/a?empty&=nameless&x=",
    "/a?%E1%88%B4=%F0%9F%98%80&b=%2F%3D%26",
    "/a?plus=%2B&space=%20",
)


@pytest.mark.parametrize("in_query", [False, True], ids=["header", "query"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_whatever_spelling_of_path_and_query_botocore_signs_is_accepted_over_the_wire(
    signed: Signed, spelling: str, in_query: bool
) -> None:
    request = signed.request(f"/prod/tree{spelling}")
    if in_query:
        SigV4QueryAuth(signed.session, "execute-api", "us-east-1").add_auth(request)
    else:
        SigV4Auth(signed.session, "execute-api", "us-east-1").add_auth(request)
    assert signed.send_as_it_is(request).status == 200
    request.url = request.url.replace("/tree/", "/tree/x", 1)
    changed = signed.send_as_it_is(request)
    assert (changed.status, changed.error_type) == (403, "InvalidSignatureException")


@pytest.mark.parametrize(
    "lines",
    [
        (("X-Kind", "cat"), ("X-Kind", "dog")),
        (("x-kind", "  padded   twice  "),),
        (("X-Kind", ""), ("Accept", "*/*")),
        (("Cookie", 'a="b  c"; d=e'),),
    ],
)
def test_signed_headers_are_accepted_as_they_were_sent_and_in_no_other_order(
    signed: Signed, lines: tuple[tuple[str, str], ...]
) -> None:
    request = signed.request("/prod/signed")
    for name, value in lines:
        request.headers.add_header(name, value)
    SigV4Auth(signed.user, "execute-api", "us-east-1").add_auth(request)
    assert signed.send_as_it_is(request).status == 200
    kept = [line for line in request.headers.items() if line[0] not in dict(lines)]
    for name in dict(lines):
        del request.headers[name]
    assert [*request.headers.items()] == kept
    for name, value in reversed(lines):
        request.headers.add_header(name, f"{value}x" if len(lines) == 1 else value)
    refused = signed.send_as_it_is(request).status
    assert refused == (403 if len(dict(lines)) == 1 else 200)  # the order of lines counts within one name


@BOTH
def test_botocores_header_signature_of_a_body_is_accepted_and_holds_it(signed: Signed, kind: str) -> None:
    request = signed.request("/prod/posted", data=json.dumps({"name": "Rex"}))
    request.method = "POST"
    request.headers["Content-Type"] = "application/json"
    SigV4Auth(signed.credentials(kind), "execute-api", "us-east-1").add_auth(request)
    assert signed.send(request).status == 200
    request.data = json.dumps({"name": "Max"})
    refused = signed.send(request)
    assert (refused.status, refused.error_type) == (403, "InvalidSignatureException")


@BOTH
@pytest.mark.parametrize("query", QUERIES)
def test_botocores_presigned_url_is_accepted(signed: Signed, kind: str, query: str) -> None:
    request = signed.request(f"/prod/signed{query}")
    SigV4QueryAuth(signed.credentials(kind), "execute-api", "us-east-1", expires=60).add_auth(request)
    assert signed.send(request).status == 200


def test_a_presigned_url_that_was_changed_or_signed_with_another_secret_is_refused(signed: Signed) -> None:
    request = signed.request("/prod/signed?a=1")
    SigV4QueryAuth(signed.user, "execute-api", "us-east-1", expires=60).add_auth(request)
    request.url = request.url.replace("a=1", "a=2")
    changed = signed.send(request)
    assert (changed.status, changed.error_type) == (403, "InvalidSignatureException")
    request = signed.request("/prod/signed")
    SigV4QueryAuth(Credentials(signed.user.access_key, "another"), "execute-api", "us-east-1").add_auth(request)
    refused = signed.send(request)
    assert (refused.status, refused.error_type) == (403, "InvalidSignatureException")


@pytest.mark.parametrize(("service", "region"), [("s3", "us-east-1"), ("execute-api", "eu-west-1")])
def test_a_signature_for_another_service_or_region_is_refused(signed: Signed, service: str, region: str) -> None:
    request = signed.request("/prod/signed")
    SigV4Auth(signed.user, service, region).add_auth(request)
    answer = signed.send(request)
    assert (answer.status, answer.error_type) == (403, "InvalidSignatureException")
