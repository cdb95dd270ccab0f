"""A scenario with every kind of secret, then a search of all that yett wrote, answered or kept for any of them."""

import base64
import contextlib
import http.client
import json
import secrets
import time
import urllib.parse
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyotp
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from tests.fakes.identity_provider import IdentityProvider, pem_of, rsa_key
from tests.sdk.making import package, unique
from tests.secrecy import spellings
from tests.security.serving import Served

MASTER_KEY = base64.b64encode(secrets.token_bytes(32)).decode()
AUTHORIZER = """
def handler(event, context):
    if event["authorizationToken"].startswith("crash"):
        raise ValueError("no")
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": event["methodArn"]}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "me", "policyDocument": policy, "usageIdentifierKey": "%s"}
"""
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
        ],
    }
)


LOGGED = " ".join(
    f"$context.{name}"
    for name in (
        "requestId", "path", "resourcePath", "identity.user", "identity.accessKey", "identity.userAgent",
        "authorizer.principalId", "authorizer.claims.sub", "authenticate.error", "authorize.error", "error.message",
        "error.messageString", "error.validationErrorString", "integrationErrorMessage", "status",
    )
)  # fmt: skip


class Scenario:
    """What was done, which secrets were in it, and everything that came back."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.secrets: dict[str, str] = {
            "the master key": MASTER_KEY,
            "the root secret": served.secret_access_key,
        }
        self.answers: list[bytes] = []
        self.compared: list[bytes] = []  # what a client's canonical request was told

    def play(self) -> None:
        self.play_iam()
        self.play_cognito()
        self.play_api()

    def refused(self, call: Any, **params: Any) -> None:
        with contextlib.suppress(ClientError):
            call(**params)

    def play_iam(self) -> None:
        iam, sts = self.served.client("iam"), self.served.client("sts")
        iam.create_user(UserName="eve")
        key = iam.create_access_key(UserName="eve")["AccessKey"]
        self.eve = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
        self.secrets["an access key's secret"] = key["SecretAccessKey"]
        session = sts.get_session_token()["Credentials"]
        self.session = Credentials(session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
        self.secrets["a session's secret"] = session["SecretAccessKey"]
        self.secrets["a session token"] = session["SessionToken"]
        private_key = pem_of(rsa_key(50))
        self.secrets["a SAML provider's private key"] = private_key.splitlines()[5]
        idp = IdentityProvider()
        provider = iam.create_saml_provider(
            Name="idp",
            SAMLMetadataDocument=idp.metadata(),
            AddPrivateKey=private_key,
            AssertionEncryptionMode="Required",
        )["SAMLProviderArn"]
        self.refused(iam.update_saml_provider, SAMLProviderArn=provider, AddPrivateKey=f"{private_key}x{private_key}")
        self.answers.append(json.dumps(iam.get_saml_provider(SAMLProviderArn=provider), default=str).encode())
        assertion = idp.encoded(datetime.now(UTC), signs="")
        self.secrets["a SAML assertion"] = assertion[:200]
        role = "arn:aws:iam::123456789012:role/none"
        self.refused(sts.assume_role_with_saml, RoleArn=role, PrincipalArn=provider, SAMLAssertion=assertion)
        self.answers.append(json.dumps(iam.list_access_keys(UserName="eve"), default=str).encode())
        self.play_devices(iam)
        self.play_passwords(iam)

    def play_devices(self, iam: Any) -> None:
        """Eve has a device, shows codes rightly and wrongly, and is refused with a message that is decoded."""
        made = iam.create_virtual_mfa_device(VirtualMFADeviceName="eve")["VirtualMFADevice"]
        seed, serial = made["Base32StringSeed"].decode(), made["SerialNumber"]
        self.secrets |= {"a device's seed": seed, "a seed's bytes": base64.b32decode(seed).hex()}
        totp, now = pyotp.TOTP(seed), int(time.time())
        codes = [totp.at(now + 30 * step) for step in range(-4, 0)]
        named = {"UserName": "eve", "SerialNumber": serial}
        self.refused(iam.enable_mfa_device, **named, AuthenticationCode1=codes[1], AuthenticationCode2=codes[0])
        iam.enable_mfa_device(**named, AuthenticationCode1=codes[0], AuthenticationCode2=codes[1])
        sts = self.served.client("sts", self.eve)
        session = sts.get_session_token(SerialNumber=serial, TokenCode=codes[2])["Credentials"]
        self.secrets |= {"a vouched session's secret": session["SecretAccessKey"]}
        self.refused(sts.get_session_token, SerialNumber=serial, TokenCode=codes[2])
        for answer in (iam.list_virtual_mfa_devices(), iam.list_mfa_devices(UserName="eve")):
            self.answers.append(json.dumps(answer, default=str).encode())
        try:
            self.served.client("iam", self.eve).list_users()
        except ClientError as error:
            self.answers.append(json.dumps(error.response, default=str).encode())
            message = error.response["ResponseMetadata"]["HTTPHeaders"]["x-yett-authorization-message"]
            told = self.served.client("sts").decode_authorization_message(EncodedMessage=message)
            self.answers.append(told["DecodedMessage"].encode())

    def play_passwords(self, iam: Any) -> None:
        """Eve has a password, changes it rightly and wrongly, and is told what the policy does not take."""
        first, second, wrong, weak = (f"Password-{secrets.token_hex(8)}-Ab" for _ in range(4))
        self.secrets |= {
            "a login's password": first, "a login's next password": second, "a login's mistyped password": wrong,
            "a password that was refused": weak.lower(),
        }  # fmt: skip
        iam.update_account_password_policy(
            RequireUppercaseCharacters=True, AllowUsersToChangePassword=True, PasswordReusePrevention=3
        )
        iam.create_login_profile(UserName="eve", Password=first)
        own = self.served.client("iam", self.eve)
        self.refused(own.change_password, OldPassword=wrong, NewPassword=second)
        self.refused(own.change_password, OldPassword=first, NewPassword=weak.lower())
        own.change_password(OldPassword=first, NewPassword=second)
        self.refused(iam.update_login_profile, UserName="eve", Password=first)
        self.answers.append(json.dumps(iam.get_login_profile(UserName="eve"), default=str).encode())

    def play_cognito(self) -> None:
        cognito = self.served.client("cognito-idp")
        self.pool = cognito.create_user_pool(PoolName="pool")["UserPool"]
        flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        client = cognito.create_user_pool_client(
            UserPoolId=self.pool["Id"], ClientName="app", ExplicitAuthFlows=flows, GenerateSecret=False
        )["UserPoolClient"]["ClientId"]
        secret_client = cognito.create_user_pool_client(
            UserPoolId=self.pool["Id"], ClientName="secret", GenerateSecret=True
        )["UserPoolClient"]
        self.secrets["a client secret"] = secret_client["ClientSecret"]
        first, second = "First-password-9f3a", "Second-password-77b1"
        wrong = "Wrong-password-51c0"
        self.secrets |= {"a password": first, "a new password": second, "a mistyped password": wrong}
        cognito.admin_create_user(
            UserPoolId=self.pool["Id"], Username="alice", TemporaryPassword=first, MessageAction="SUPPRESS"
        )
        cognito.admin_set_user_password(UserPoolId=self.pool["Id"], Username="alice", Password=second, Permanent=True)
        for password in (wrong, second):
            try:
                found = cognito.initiate_auth(
                    ClientId=client,
                    AuthFlow="USER_PASSWORD_AUTH",
                    AuthParameters={"USERNAME": "alice", "PASSWORD": password},
                )["AuthenticationResult"]
            except ClientError as error:
                self.answers.append(json.dumps(error.response, default=str).encode())
        self.token = found["IdToken"]
        self.secrets |= {
            "an ID token": found["IdToken"],
            "an access token": found["AccessToken"],
            "a refresh token": found["RefreshToken"],
        }
        self.refused(cognito.get_user, AccessToken=found["AccessToken"] + "x")
        self.refused(cognito.sign_up, ClientId=client, Username="bob", Password=f"{second}" * 40)
        self.refused(cognito.initiate_auth, ClientId=client, AuthFlow="REFRESH_TOKEN_AUTH",
                     AuthParameters={"REFRESH_TOKEN": found["RefreshToken"] + "x"})  # fmt: skip

    def make_function(self, source: str, variables: Mapping[str, str]) -> str:
        role = self.served.client("iam").create_role(RoleName=unique("role"), AssumeRolePolicyDocument=TRUST)
        made = self.served.client("lambda").create_function(
            FunctionName=unique("function"), Runtime="python3.11", Handler="app.handler", Role=role["Role"]["Arn"],
            Code={"ZipFile": package(source)}, Environment={"Variables": dict(variables)},
        )  # fmt: skip
        return str(made["FunctionArn"])

    def play_api(self) -> None:
        usage_key = "usage-identifier-key-4e5d6c7b"
        self.secrets |= {
            "a usage key": usage_key,
            "a bearer token": "bearer-of-the-scenario-8f7e6d",
            "a crashing bearer token": "crash-of-the-scenario-1a2b3c",
            "a body": "body-of-the-scenario-90ab12",
            "a cookie": "cookie-of-the-scenario-cd34ef",
            "a query": "query-of-the-scenario-56ab78",
            "a function's variable": "variable-of-the-scenario-0f1e2d",
        }
        gateway = self.served.client("apigateway")
        authorizer_function = self.make_function(
            AUTHORIZER % usage_key, {"SECRET": self.secrets["a function's variable"]}
        )
        api = gateway.create_rest_api(name="api")
        self.api_id, root = api["id"], api["rootResourceId"]
        prefix = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions"
        custom = gateway.create_authorizer(
            restApiId=self.api_id, name="custom", type="TOKEN", identitySource="method.request.header.Authorization",
            authorizerUri=f"{prefix}/{authorizer_function}/invocations",
        )["id"]  # fmt: skip
        pool = gateway.create_authorizer(
            restApiId=self.api_id, name="pool", type="COGNITO_USER_POOLS", providerARNs=[self.pool["Arn"]],
            identitySource="method.request.header.Authorization",
        )["id"]  # fmt: skip
        kinds = {"custom": ("CUSTOM", custom), "pool": ("COGNITO_USER_POOLS", pool), "iam": ("AWS_IAM", None)}
        for path, (kind, authorizer) in kinds.items():
            resource = gateway.create_resource(restApiId=self.api_id, parentId=root, pathPart=path)["id"]
            at: dict[str, Any] = {"restApiId": self.api_id, "resourceId": resource, "httpMethod": "POST"}
            more = {} if authorizer is None else {"authorizerId": authorizer}
            gateway.put_method(**at, authorizationType=kind, **more)
            # Nobody listens there: the backend's failure is part of the scenario.
            gateway.put_integration(**at, type="HTTP_PROXY", integrationHttpMethod="POST", uri="http://127.0.0.1:9/x")
        gateway.create_deployment(restApiId=self.api_id, stageName="prod")
        log = {"destinationArn": "arn:aws:logs:us-east-1:123456789012:log-group:calls", "format": LOGGED}
        gateway.update_stage(
            restApiId=self.api_id, stageName="prod",
            patchOperations=[
                {"op": "replace", "path": f"/accessLogSettings/{name}", "value": value} for name, value in log.items()
            ],
        )  # fmt: skip
        self.served.client("lambda").add_permission(
            FunctionName=authorizer_function, StatementId="gateway", Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
        )  # fmt: skip
        for path, token in (
            ("custom", "a bearer token"), ("custom", "a crashing bearer token"), ("pool", "an ID token"),
            ("pool", "an access token"), ("nowhere", "a bearer token"),
        ):  # fmt: skip
            self.call(path, {"Authorization": self.secrets[token]})
        self.call("pool", {"Authorization": self.token[:-4] + "AAAA"})
        for who in (self.eve, self.session, Credentials(self.eve.access_key, "not-the-secret")):
            self.call("iam", {}, signed_by=who)
        status, metrics = self.ask_as_root("GET", "/_yett/metrics")
        assert status == 200, metrics
        self.answers.append(metrics)

    def call(self, path: str, headers: dict[str, str], *, signed_by: Credentials | None = None) -> None:
        """Call the API, keep the answer, and what the trace says of it."""
        host = f"{self.api_id}.execute-api.localhost:{self.served.port}"
        target = f"/prod/{path}?key={self.secrets['a query']}"
        body = self.secrets["a body"].encode()
        sent = {"Host": host, "Cookie": f"session={self.secrets['a cookie']}", **headers}
        if signed_by is not None:
            request = AWSRequest("POST", f"http://{host}{target}", data=body, headers=sent)
            SigV4Auth(signed_by, "execute-api", "us-east-1").add_auth(request)
            sent = dict(request.headers.items())
            self.secrets[f"signature {len(self.secrets)}"] = sent["Authorization"].rpartition("Signature=")[2]
        status, request_id, answer = self.ask("POST", target, sent, body)
        if status != 403 or signed_by is None:  # AWS's text on a wrong signature quotes the request to its sender
            self.answers.append(answer)
        path = f"/_yett/api/decisions/{request_id}"
        found, trace = self.ask_as_root("GET", path)
        assert found == 200, trace
        self.answers.append(trace)
        if b'"errorType":"InvalidSignatureException"' in trace:
            other = json.dumps({"canonicalRequest": f"PUT\n/\nkey=1\ncookie:c\nhost:h\n\ncookie;host\n{'0' * 64}"})
            found, compared = self.ask_as_root("POST", f"{path}/canonical-request", other.encode())
            assert found == 200, compared
            self.compared.append(compared)

    def ask_as_root(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        asked = AWSRequest(method, f"http://localhost:{self.served.port}{path}", data=body)
        asked.headers["Host"] = f"localhost:{self.served.port}"
        root = Credentials(self.served.access_key_id, self.served.secret_access_key)
        SigV4Auth(root, "apigateway", "us-east-1").add_auth(asked)
        found, _, answer = self.ask(method, path, dict(asked.headers.items()), body)
        return found, answer

    def ask(self, method: str, target: str, headers: dict[str, str], body: bytes | None) -> tuple[int, str, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.served.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, target, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.getheader("x-amzn-RequestId") or "", answer.read()


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """The scenario when it is over and the server has ended, so that all it kept is on disk."""
    home = tmp_path_factory.mktemp("redaction") / "home"
    with Served(home, YETT_MASTER_KEY=MASTER_KEY, YETT_ACCESS_LOG=str(home / "calls.jsonl")) as served:
        played = Scenario(served)
        played.play()
    return played


def finds(scenario: Scenario, places: Mapping[str, bytes], *, but: Mapping[str, str]) -> list[tuple[str, str]]:
    """Which secret was found where; *but* names what may lie in a place."""
    return [
        (secret, place)
        for place, content in places.items()
        for secret, value in scenario.secrets.items()
        if any(one in content for one in spellings(value)) and secret not in but.get(place, "")
    ]


def test_nothing_that_is_printed_holds_a_secret(scenario: Scenario) -> None:
    output = scenario.served.output
    assert b"control plane refused" in output  # there was something to look at
    assert finds(scenario, {"output": output}, but={}) == []


def test_no_answer_or_trace_holds_a_secret(scenario: Scenario) -> None:
    places = {f"answer {number}": answer for number, answer in enumerate(scenario.answers)}
    assert len(places) > 15
    assert len(scenario.compared) > 0
    places |= {f"comparison {number}": told for number, told in enumerate(scenario.compared)}
    assert finds(scenario, places, but={}) == []


def test_nothing_that_is_kept_holds_a_secret_in_clear(scenario: Scenario) -> None:
    """But for what the deployer wrote into a function's code, which is kept as it came."""
    home = scenario.served.home
    files = {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}
    files |= {f"the name of {name}": name.encode() for name in tuple(files)}
    assert any(name.startswith("yett.db") for name in files)
    assert len([name for name in files if name == "calls.jsonl" or name.startswith("logs/access/")]) == 2
    own = {name: "a usage key" for name in files if name.startswith(("code/", "yett.db"))}
    assert finds(scenario, files, but=own) == []


def test_the_search_would_find_what_is_there(scenario: Scenario, tmp_path: Path) -> None:
    secret = scenario.secrets["a session token"]
    planted = {
        "raw": f"x {secret} y".encode(),
        "base64": base64.b64encode(f"ab{secret}cd".encode()),
        "quoted": urllib.parse.quote(secret, safe="").encode(),
    }
    assert {place for found, place in finds(scenario, planted, but={}) if found == "a session token"} == set(planted)
