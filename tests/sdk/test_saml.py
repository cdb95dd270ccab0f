"""Roles assumed with SAML by boto3 and the AWS CLI, and what the sessions may do: here, and at a deployed API."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from tests.fakes.identity_provider import PREFIX, SIGN_IN, IdentityProvider, in_base64, pem_of, rsa_key
from tests.sdk.making import Api, mock, unique
from tests.sdk.running import RunningServer

AWS = Path(sys.executable).with_name("aws")
EVERY = ["sts:AssumeRoleWithSAML", "sts:TagSession", "sts:SetSourceIdentity"]


class Federation:
    """A provider of the running server, and a role for those it vouches for."""

    def __init__(self, running: RunningServer, **conditions: Any) -> None:
        self.running = running
        self.idp = IdentityProvider(f"https://{unique('idp')}.example/saml")
        self.iam = running.client("iam")
        self.provider = self.iam.create_saml_provider(Name=unique("idp"), SAMLMetadataDocument=self.idp.metadata())[
            "SAMLProviderArn"
        ]
        trust = {
            "Effect": "Allow",
            "Principal": {"Federated": self.provider},
            "Action": EVERY,
            "Condition": {"StringEquals": {"saml:aud": SIGN_IN}},
        }
        self.name = unique("federated")
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        self.role = self.iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=document)["Role"]["Arn"]

    def allow(self, **statement: Any) -> None:
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **statement}]}
        self.iam.put_role_policy(RoleName=self.name, PolicyName="own", PolicyDocument=json.dumps(document))

    def assertion(self, **more: Any) -> str:
        return self.idp.encoded(datetime.now(UTC), role=self.role, provider=self.provider, **more)

    def assume(self, assertion: str, **more: Any) -> dict[str, Any]:
        """Assume the role as somebody without keys."""
        config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}, proxies={})
        url, region = self.running.server.url, self.running.settings.region
        sts = boto3.client("sts", endpoint_url=url, region_name=region, config=config)
        named = {"RoleArn": self.role, "PrincipalArn": self.provider, **more}
        return dict(sts.assume_role_with_saml(SAMLAssertion=assertion, **named))


def session_of(answer: dict[str, Any]) -> Credentials:
    keys = answer["Credentials"]
    return Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def test_a_provider_is_managed_by_boto3(running: RunningServer) -> None:
    federation = Federation(running)
    iam, named = federation.iam, {"SAMLProviderArn": federation.provider}
    found = iam.get_saml_provider(**named)
    assert found["SAMLMetadataDocument"] == federation.idp.metadata()
    assert found["ValidUntil"].year == found["CreateDate"].year + 100
    assert federation.provider in [each["Arn"] for each in iam.list_saml_providers()["SAMLProviderList"]]
    iam.tag_saml_provider(Tags=[{"Key": "team", "Value": "a"}], **named)
    assert iam.list_saml_provider_tags(**named)["Tags"] == [{"Key": "team", "Value": "a"}]
    iam.untag_saml_provider(TagKeys=["team"], **named)
    fresh = IdentityProvider(federation.idp.entity_id, rsa_key(1))
    old = federation.assertion()
    assert iam.update_saml_provider(SAMLMetadataDocument=fresh.metadata(), **named)["SAMLProviderArn"]
    with pytest.raises(ClientError, match="Response signature invalid"):
        federation.assume(old)
    with pytest.raises(ClientError, match="Could not parse metadata"):
        iam.update_saml_provider(SAMLMetadataDocument="<a/>" + " " * 1000, **named)
    iam.delete_saml_provider(**named)
    with pytest.raises(ClientError, match="Manifest not found"):
        iam.get_saml_provider(**named)


def test_an_assertion_opens_a_session_and_the_api_that_it_may_call(running: RunningServer) -> None:
    federation = Federation(running)
    api = Api(running)
    for path in ("/open", "/shut"):
        api.method(path, mock(), authorizationType="AWS_IAM")
    api.deploy()
    region, account = running.settings.region, running.settings.account
    federation.allow(
        Action="execute-api:Invoke",
        Resource=f"arn:aws:execute-api:{region}:{account}:{api.id}/prod/GET/open",
        Condition={
            "StringEquals": {
                "saml:sub": "alice",
                "saml:sub_type": "persistent",
                "aws:FederatedProvider": federation.provider,
                "aws:PrincipalTag/team": "a",
                "aws:SourceIdentity": "alice",
            },
            "DateGreaterThan": {"aws:TokenIssueTime": (datetime.now(UTC) - timedelta(minutes=1)).isoformat()},
        },
    )
    attributes = [(f"{PREFIX}PrincipalTag:team", ["a"]), (f"{PREFIX}SourceIdentity", ["alice"])]
    answer = federation.assume(federation.assertion(attributes=attributes))
    assert (answer["Subject"], answer["SubjectType"], answer["Audience"]) == ("alice", "persistent", SIGN_IN)
    assert (answer["Issuer"], answer["SourceIdentity"]) == (federation.idp.entity_id, "alice")
    session = session_of(answer)
    identity = running.client("sts", session).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{account}:assumed-role/{federation.name}/alice@example.com"
    assert running.call(api.id, "/prod/open", signed_by=session).status == 200
    refused = running.call(api.id, "/prod/shut", signed_by=session)
    assert (refused.status, refused.error_type) == (403, "AccessDeniedException")
    others = {
        "another subject": federation.assertion(attributes=attributes, name_id="bob"),
        "another tag": federation.assertion(
            attributes=[(f"{PREFIX}PrincipalTag:team", ["b"]), (f"{PREFIX}SourceIdentity", ["alice"])]
        ),
        "no source identity": federation.assertion(attributes=attributes[:1]),
    }
    for assertion in others.values():
        assert running.call(api.id, "/prod/open", signed_by=session_of(federation.assume(assertion))).status == 403


def test_the_same_keys_are_weighed_when_the_session_administers(running: RunningServer) -> None:
    federation = Federation(running)
    condition = {"saml:sub": "alice", "aws:PrincipalTag/team": "a", "aws:FederatedProvider": federation.provider}
    federation.allow(Action="iam:ListUsers", Condition={"StringEquals": condition})
    attributes = [(f"{PREFIX}PrincipalTag:team", ["a"])]
    alice = session_of(federation.assume(federation.assertion(attributes=attributes)))
    bob = session_of(federation.assume(federation.assertion(attributes=attributes, name_id="bob")))
    running.client("iam", alice).list_users()
    for session in (alice, bob):
        with pytest.raises(ClientError, match="AccessDenied"):
            running.client("iam", session).list_roles()
    with pytest.raises(ClientError, match="AccessDenied"):
        running.client("iam", bob).list_users()


def test_the_server_s_own_address_is_a_recipient(running: RunningServer) -> None:
    federation = Federation(running)
    trust = {"Effect": "Allow", "Principal": {"Federated": federation.provider}, "Action": EVERY}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    federation.iam.update_assume_role_policy(RoleName=federation.name, PolicyDocument=document)
    own = f"{running.server.url}/saml"
    assertion = federation.assertion(recipient=own, destination=own, audiences=[[own]])
    assert federation.assume(assertion)["Audience"] == own
    with pytest.raises(ClientError, match="InvalidIdentityToken"):
        federation.assume(federation.assertion(recipient="https://sp.example/acs"))


def test_the_aws_cli_needs_no_keys(running: RunningServer, tmp_path: Path) -> None:
    federation = Federation(running)

    def run(assertion: str) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "assertion"
        file.write_text(assertion)
        command = [AWS, "sts", "assume-role-with-saml", "--role-arn", federation.role]
        command += ["--principal-arn", federation.provider, "--saml-assertion", f"file://{file}"]
        command += ["--endpoint-url", running.server.url, "--region", running.settings.region, "--output", "json"]
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NO_PROXY": "*"}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    done = run(federation.assertion())
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["Subject"] == "alice"
    identity = running.client("sts", session_of(answer)).get_caller_identity()
    assert identity["UserId"].endswith(":alice@example.com")
    unsigned = federation.idp.respond(datetime.now(UTC), signs="", role=federation.role, provider=federation.provider)
    refused = run(in_base64(unsigned.encode()))
    assert refused.returncode != 0
    assert "(InvalidIdentityToken) when calling the AssumeRoleWithSAML operation" in refused.stderr
    assert "Response signature invalid" in refused.stderr


def test_encrypted_assertions_are_opened(running: RunningServer) -> None:
    federation = Federation(running)
    named = {"SAMLProviderArn": federation.provider}
    federation.iam.update_saml_provider(AddPrivateKey=pem_of(rsa_key(50)), **named)
    [key] = federation.iam.get_saml_provider(**named)["PrivateKeyList"]
    more = {"role": federation.role, "provider": federation.provider}
    for cipher in ("aes256-gcm", "aes128-cbc"):
        response = federation.idp.respond_encrypted(datetime.now(UTC), rsa_key(50).public_key(), cipher=cipher, **more)
        assert federation.assume(in_base64(response.encode()))["Subject"] == "alice"
    federation.iam.update_saml_provider(RemovePrivateKey=key["KeyId"], **named)
    with pytest.raises(ClientError, match="Response signature invalid"):
        federation.assume(in_base64(response.encode()))
