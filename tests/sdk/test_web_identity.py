"""Roles assumed by boto3 with tokens: of an issuer on loopback, and of a user pool of the same server."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from joserfc import jwt
from joserfc.jwk import RSAKey
from tests.sdk.making import unique
from tests.sdk.running import RunningServer

PASSWORD = "Correct-Horse-7"


class Issuer:
    """An identity provider: a discovery document, a key set, and tokens."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256"})
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                documents: dict[str, Any] = {
                    "/tenant/.well-known/openid-configuration": {
                        "issuer": issuer.url,
                        "jwks_uri": f"{issuer.url}/keys",
                    },
                    "/tenant/keys": {"keys": [issuer.key.as_dict(private=False)]},
                }
                body = json.dumps(documents.get(self.path, {})).encode()
                self.send_response(200 if self.path in documents else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/tenant"
        self.thread = threading.Thread(target=self.server.serve_forever)

    def token(self, **claims: Any) -> str:
        now = int(time.time())
        body = {"iss": self.url, "sub": "alice", "aud": "app", "iat": now - 1, "exp": now + 300, **claims}
        return jwt.encode({"alg": "RS256", "kid": "one"}, body, self.key)


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    made.thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.thread.join()
        made.server.server_close()


def stranger(running: RunningServer) -> Any:
    """STS as somebody without keys has it."""
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}, proxies={})
    return boto3.client("sts", endpoint_url=running.server.url, region_name="us-east-1", config=config)


def federated_role(running: RunningServer, url: str, subject: str, client_id: str) -> tuple[str, str]:
    """A provider's ARN, and that of a role for one of its subjects."""
    iam = running.client("iam")
    provider = iam.create_open_id_connect_provider(Url=url, ClientIDList=[client_id])["OpenIDConnectProviderArn"]
    host = url.partition("://")[2]
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{host}:aud": client_id, f"{host}:sub": subject}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName=unique("federated"), AssumeRolePolicyDocument=document)["Role"]
    own = {
        "Effect": "Allow",
        "Action": "iam:ListUsers",
        "Resource": "*",
        "Condition": {"StringEquals": {f"{host}:sub": subject, "aws:FederatedProvider": provider}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [own]})
    iam.put_role_policy(RoleName=role["RoleName"], PolicyName="own", PolicyDocument=document)
    return provider, role["Arn"]


def test_a_token_of_an_issuer_on_loopback_opens_a_session(running: RunningServer, issuer: Issuer) -> None:
    provider, role = federated_role(running, issuer.url, "alice", "app")
    sts = stranger(running)
    answer = sts.assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="from-outside", WebIdentityToken=issuer.token()
    )
    assert (answer["Provider"], answer["Audience"]) == (provider, "app")
    assert answer["SubjectFromWebIdentityToken"] == "alice"
    keys = answer["Credentials"]
    session = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    assert running.client("sts", session).get_caller_identity()["Arn"].endswith("/from-outside")
    running.client("iam", session).list_users()
    with pytest.raises(ClientError, match="AccessDenied"):
        running.client("iam", session).list_roles()
    refusals = {
        "AccessDenied": issuer.token(sub="bob"),
        "Incorrect token audience": issuer.token(aud="other"),
        "ExpiredTokenException": issuer.token(exp=int(time.time()) - 1),
    }
    for expected, token in refusals.items():
        with pytest.raises(ClientError, match=expected):
            sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="from-outside", WebIdentityToken=token)


def test_a_token_of_a_user_pool_here_opens_a_session(running: RunningServer) -> None:
    cognito = running.client("cognito-idp")
    pool_id = cognito.create_user_pool(PoolName=unique("pool"))["UserPool"]["Id"]
    client_id = cognito.create_user_pool_client(
        UserPoolId=pool_id, ClientName="app", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    cognito.admin_create_user(UserPoolId=pool_id, Username="ann", MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool_id, Username="ann", Password=PASSWORD, Permanent=True)
    tokens = cognito.admin_initiate_auth(
        UserPoolId=pool_id,
        ClientId=client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ann", "PASSWORD": PASSWORD},
    )["AuthenticationResult"]
    payload = tokens["IdToken"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    provider, role = federated_role(running, claims["iss"], claims["sub"], client_id)
    sts = stranger(running)
    named = {"RoleArn": role, "RoleSessionName": "ann"}
    answer = sts.assume_role_with_web_identity(WebIdentityToken=tokens["IdToken"], **named)
    assert (answer["Provider"], answer["Audience"]) == (provider, client_id)
    keys = answer["Credentials"]
    session = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    running.client("iam", session).list_users()
    with pytest.raises(ClientError, match="Missing a required claim: aud"):  # an access token is for nobody
        sts.assume_role_with_web_identity(WebIdentityToken=tokens["AccessToken"], **named)
    cognito.delete_user_pool(UserPoolId=pool_id)
    with pytest.raises(ClientError, match="retrieve verification key"):
        sts.assume_role_with_web_identity(WebIdentityToken=tokens["IdToken"], **named)
