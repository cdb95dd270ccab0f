"""One yett with an API made by boto3: a route for each way of letting a caller in, all before the same upstream."""

import base64
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from bench.load import HeaderLines
from bench.processes import BenchError

ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"
STAGE: Final = "prod"
PATH: Final = "/v1/pets"
SIGNATURES: Final = 2000  # no signature is remembered, so a few in turn cost what as many new ones do
TOKENS: Final = 6000  # more than the 4,096 that a process remembers: in turn, none is found among them
PASSWORD: Final = "Correct-horse-7"
INVOKE: Final = "execute-api:Invoke"

AUTHORIZER: Final = """
def handler(event, context):
    effect = "Allow" if event["authorizationToken"] == "good" else "Deny"
    api = event["methodArn"].split("/")[0] + "/*"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": api}
    return {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
"""
BACKEND: Final = """
def handler(event, context):
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": '{"ok":true,"pets":["a","b"]}'}
"""


def document(*statements: Mapping[str, object]) -> str:
    """A policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class Gateway:
    """A running yett, and what was made on it."""

    def __init__(self, process: subprocess.Popen[str], *, upstream_port: int) -> None:
        self.pid = process.pid
        self._process = process
        self._upstream_port = upstream_port
        self._nonces = count()
        said = self._hear()
        self.port: int = said["port"]
        self._admin_port: int = said["admin_port"]
        self._root = Credentials(said["access_key"], said["secret_key"])
        self._apis = {policy: self._make_api(policy) for policy in ("none", "allows", "denies")}
        self._make_routes()
        for api, _ in self._apis.values():
            self.client("apigateway").create_deployment(restApiId=api, stageName=STAGE)

    @staticmethod
    def command(home: Path, *, workers: int = 0) -> list[str]:
        """How to start the process that this class takes; its calls are answered in *workers* processes beside it, if
        there are any.
        """
        return [sys.executable, "-m", "bench.yett_server", str(home), str(workers)]

    def client(self, service: Any) -> Any:
        """A boto3 client, as root."""
        return boto3.client(
            service,
            endpoint_url=f"http://localhost:{self._admin_port}",
            region_name=REGION,
            aws_access_key_id=self._root.access_key,
            aws_secret_access_key=self._root.secret_key,
            config=Config(retries={"total_max_attempts": 1}, proxies={}),
        )

    # What a contender asks

    def url(self, route: str) -> str:
        """Where a route is; the Host line says of which API."""
        return f"http://127.0.0.1:{self.port}/{STAGE}/{route}"

    def host(self, policy: str = "none") -> HeaderLines:
        """The Host line of an API: without resource policy, with one that allows, with one that denies."""
        return {"Host": f"{self._apis[policy][0]}.execute-api.localhost:{self.port}"}

    def plain(self, policy: str = "none", **lines: str) -> Callable[[], Sequence[HeaderLines]]:
        """The same header lines each time."""
        return lambda: [{**self.host(policy), **lines}]

    def signed(
        self, credentials: Credentials, *, distinct: int, forged: bool = False
    ) -> Callable[[], Sequence[HeaderLines]]:
        """Requests signed a moment before they are sent, since a signature is good for five minutes."""

        def make() -> Sequence[HeaderLines]:
            return [self._sign(credentials, forged=forged) for _ in range(distinct)]

        return make

    def with_tokens(self, tokens: Sequence[str]) -> Callable[[], Sequence[HeaderLines]]:
        """A token after the other."""
        return lambda: [{**self.host(), "Authorization": token} for token in tokens]

    @cached_property
    def tokens(self) -> list[str]:
        """ID tokens of one user, each another."""
        payload = self.token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        place = (ACCOUNT, REGION, self._pool)
        order = json.dumps({"place": place, "claims": claims, "count": TOKENS})
        if self._process.stdin is None:
            raise BenchError("the server was started without a way to tell it anything")
        self._process.stdin.write(order + "\n")
        self._process.stdin.flush()
        minted: list[str] = self._hear()
        return minted

    def user(self, name: str, *statements: Mapping[str, object]) -> Credentials:
        """The access key of a new IAM user."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=document(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def _sign(self, credentials: Credentials, *, forged: bool) -> HeaderLines:
        lines = {**self.host(), "X-Nonce": str(next(self._nonces))}
        request = AWSRequest(method="GET", url=f"http://{lines['Host']}/{STAGE}/iam", headers=lines)
        SigV4Auth(credentials, "execute-api", REGION).add_auth(request)
        signed = dict(request.headers.items())
        if forged:
            signature = signed["Authorization"]
            signed["Authorization"] = signature[:-1] + ("0" if signature[-1] != "0" else "1")
        return signed

    def _hear(self) -> Any:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise BenchError("the server ended; the run's errors.log says why")
        return json.loads(line)

    # Making

    def _make_api(self, policy: str) -> tuple[str, str]:
        """An API; its id, and that of its root resource."""
        options: dict[str, str] = {}
        if policy != "none":
            everyone = {"Effect": "Allow", "Principal": "*", "Action": INVOKE, "Resource": "execute-api:/*"}
            let_in = "127.0.0.0/8" if policy == "allows" else "192.0.2.0/24"
            others = {"NotIpAddress": {"aws:SourceIp": let_in}}
            options["policy"] = document(everyone, {**everyone, "Effect": "Deny", "Condition": others})
        made = self.client("apigateway").create_rest_api(name=f"bench-{policy}", **options)
        return made["id"], made["rootResourceId"]

    def _make_routes(self) -> None:
        for policy in self._apis:
            self._add_route("open", self._http(), policy=policy)
        backend, authorizer = self._function("backend", BACKEND), self._function("authorizer", AUTHORIZER)
        self._add_route("lambda", {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": _invocation(backend)})
        self._add_mock()
        self._add_route("iam", self._http(), authorizationType="AWS_IAM")
        self._add_authorizer(
            "token", "CUSTOM", type="TOKEN", authorizerUri=_invocation(authorizer), authorizerResultTtlInSeconds=3600
        )
        self._pool, self.token = self._sign_somebody_in()
        pool = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{self._pool}"
        self._add_authorizer("cognito", "COGNITO_USER_POOLS", type="COGNITO_USER_POOLS", providerARNs=[pool])

    def _add_route(self, name: str, integration: dict[str, Any], *, policy: str = "none", **method: str) -> str:
        api, root = self._apis[policy]
        client = self.client("apigateway")
        resource: str = client.create_resource(restApiId=api, parentId=root, pathPart=name)["id"]
        where = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
        client.put_method(**where, **{"authorizationType": "NONE", **method})
        client.put_integration(**where, **integration)
        return resource

    def _add_mock(self) -> None:
        resource = self._add_route(
            "mock", {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}
        )
        where = {"restApiId": self._apis["none"][0], "resourceId": resource, "httpMethod": "GET", "statusCode": "200"}
        client = self.client("apigateway")
        client.put_method_response(**where)
        client.put_integration_response(**where, responseTemplates={"application/json": '{"ok": true}'})

    def _add_authorizer(self, name: str, authorization_type: str, **options: Any) -> None:
        authorizer = self.client("apigateway").create_authorizer(
            restApiId=self._apis["none"][0],
            name=name,
            identitySource="method.request.header.Authorization",
            **options,
        )["id"]
        self._add_route(name, self._http(), authorizationType=authorization_type, authorizerId=authorizer)

    def _http(self) -> dict[str, Any]:
        uri = f"http://127.0.0.1:{self._upstream_port}{PATH}"
        return {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": uri}

    def _function(self, name: str, source: str) -> str:
        """A function that API Gateway may invoke; its ARN."""
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        role = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("app.py", source)
        client = self.client("lambda")
        arn: str = client.create_function(
            FunctionName=name,
            Runtime="python3.11",
            Handler="app.handler",
            Role=role,
            Code={"ZipFile": code.getvalue()},
            Timeout=20,
        )["FunctionArn"]
        client.add_permission(
            FunctionName=arn,
            StatementId="gateway",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
        )
        return arn

    def _sign_somebody_in(self) -> tuple[str, str]:
        """A new user pool's id, and an ID token of a user of it."""
        client = self.client("cognito-idp")
        pool = client.create_user_pool(PoolName="bench")["UserPool"]["Id"]
        app = client.create_user_pool_client(
            UserPoolId=pool,
            ClientName="app",
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )["UserPoolClient"]["ClientId"]
        client.admin_create_user(UserPoolId=pool, Username="alice", MessageAction="SUPPRESS")
        client.admin_set_user_password(UserPoolId=pool, Username="alice", Password=PASSWORD, Permanent=True)
        tokens = client.initiate_auth(
            ClientId=app, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD}
        )["AuthenticationResult"]
        return pool, tokens["IdToken"]


def forge(token: str) -> str:
    """The token with one character of its signature changed."""
    middle = len(token) - 100
    return f"{token[:middle]}{'A' if token[middle] != 'A' else 'B'}{token[middle + 1 :]}"


def _invocation(function_arn: str) -> str:
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function_arn}/invocations"
