"""What a stranger may try with SAML, at a running server: forged, wrapped, stale and monstrous assertions."""

import http.client
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.fakes.identity_provider import PREFIX, IdentityProvider, in_base64, rsa_key
from tests.fakes.signature_wrapping import ATTACKS, wrap
from tests.sdk.making import unique
from tests.sdk.running import RunningServer

IDP = IdentityProvider()


class Target:
    """Two roles that trust a provider, one for alice alone, and one that trusts another provider."""

    def __init__(self, running: RunningServer) -> None:
        self.running = running
        iam = running.client("iam")
        self.provider = self.make_provider(iam, IDP)
        self.other_idp = IdentityProvider("https://other.example/saml", rsa_key(1))
        self.other_provider = self.make_provider(iam, self.other_idp)
        self.role = self.make_role(iam, {"StringEquals": {"saml:sub": "alice"}})
        self.second = self.make_role(iam, {})

    def make_provider(self, iam: Any, idp: IdentityProvider) -> str:
        made = iam.create_saml_provider(Name=unique("idp"), SAMLMetadataDocument=idp.metadata())
        return str(made["SAMLProviderArn"])

    def make_role(self, iam: Any, condition: dict[str, Any]) -> str:
        statement = {
            "Effect": "Allow",
            "Principal": {"Federated": self.provider},
            "Action": "sts:AssumeRoleWithSAML",
            "Condition": condition,
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        return str(iam.create_role(RoleName=unique("r"), AssumeRolePolicyDocument=document)["Role"]["Arn"])

    def respond(self, idp: IdentityProvider = IDP, **more: Any) -> str:
        return idp.respond(datetime.now(UTC), **{"role": self.role, "provider": self.provider, **more})

    def assume(self, response: str | bytes, **more: Any) -> dict[str, Any]:
        data = response.encode() if isinstance(response, str) else response
        config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}, proxies={})
        sts = boto3.client("sts", endpoint_url=self.running.server.url, region_name="us-east-1", config=config)
        named = {"RoleArn": self.role, "PrincipalArn": self.provider, **more}
        return dict(sts.assume_role_with_saml(SAMLAssertion=in_base64(data), **named))

    def refused(self, response: str | bytes, **more: Any) -> str:
        with pytest.raises(ClientError) as caught:
            self.assume(response, **more)
        return str(caught.value.response["Error"]["Code"])


@pytest.fixture(scope="module")
def target(running: RunningServer) -> Target:
    return Target(running)


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_wrapped_signature_opens_no_session(target: Target, attack: str) -> None:
    genuine = target.respond(signs=ATTACKS[attack][0])
    assert target.refused(wrap(attack, genuine)) == "InvalidIdentityToken"
    assert target.assume(genuine)["Subject"] == "alice"


def test_only_the_provider_s_own_signature_over_this_very_content_counts(target: Target) -> None:
    genuine = target.respond(name_id="bob")
    assert target.refused(genuine) == "AccessDenied"
    forgeries = {
        "unsigned": target.respond(signs=""),
        "a stranger's key under the provider's name": target.respond(IdentityProvider(key=rsa_key(2))),
        "an altered name": genuine.replace(">bob<", ">alice<"),
        "a name cut by a comment": target.respond(name_id="alice<!-- -->.evil").replace(".evil", ""),
        "sha 1": target.respond(algorithm="sha1"),
        "another provider of the account": target.respond(target.other_idp),
        "two assertions": genuine.replace("</samlp:Response>", f"{IDP.assertion(datetime.now(UTC))}</samlp:Response>"),
    }
    assert {name: target.refused(forged) for name, forged in forgeries.items()} == dict.fromkeys(
        forgeries, "InvalidIdentityToken"
    )


def test_a_name_is_never_cut_at_a_comment(target: Target) -> None:
    genuine = target.respond(name_id="alice.evil.example")
    assert target.refused(genuine.replace(">alice.", ">alice<!-- -->.")) == "AccessDenied"


def test_a_provider_opens_roles_only_that_trust_it_and_that_its_assertion_lists(target: Target) -> None:
    own = target.respond(target.other_idp, provider=target.other_provider)
    assert target.refused(own, PrincipalArn=target.other_provider) == "AccessDenied"
    assert target.refused(target.respond(), RoleArn=target.second) == "InvalidIdentityToken"
    assert target.assume(target.respond(role=target.second), RoleArn=target.second)["Subject"] == "alice"


def test_an_assertion_is_good_here_and_now_only(target: Target) -> None:
    now = datetime.now(UTC)
    expected = {
        "for another audience": ({"audiences": [["https://sp.example"]]}, "InvalidIdentityToken"),
        "for nobody in particular": ({"audiences": []}, "InvalidIdentityToken"),
        "for another address": ({"recipient": "https://sp.example/acs"}, "InvalidIdentityToken"),
        "over": ({"ends_at": now}, "ExpiredTokenException"),
        "confirmed no longer": ({"confirmed_until": now}, "ExpiredTokenException"),
        "kept for more than five minutes": ({"issued_at": now - timedelta(minutes=5)}, "ExpiredTokenException"),
        "of tomorrow": ({"not_before": now + timedelta(days=1)}, "InvalidIdentityToken"),
        "not for its bearer": ({"method": "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"}, "AccessDenied"),
    }
    found = {name: target.refused(target.respond(**changes)) for name, (changes, _) in expected.items()}
    assert found == {name: code for name, (_, code) in expected.items()}


def test_no_session_names_or_tags_itself_past_the_trust_policy(target: Target) -> None:
    for name in ("SourceIdentity", "PrincipalTag:team"):
        assert target.refused(target.respond(attributes=[(PREFIX + name, ["admin"])])) == "AccessDenied"
    for session_name in ("../root", "a/b", "x" * 65, "a b"):
        assert target.refused(target.respond(session_name=session_name)) == "InvalidIdentityToken"


def test_documents_that_grow_or_fetch_are_refused_unread(target: Target) -> None:
    genuine = target.respond()
    laughs = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    monsters = [
        f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]>' + genuine.replace(">alice<", ">&l9;<"),
        '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + genuine.replace(">alice<", ">&f;<"),
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/dtd">' + genuine,
        "<a>" * 20_000,
        "<a " + " ".join(f'b{n}=""' for n in range(8_000)) + "/>",
    ]
    assert {target.refused(monster) for monster in monsters} == {"InvalidIdentityToken"}
    assert target.refused("x" * 75_000) == "InvalidIdentityToken"
    assert target.refused("x" * 75_001) == "ValidationError"


def test_metadata_that_grows_or_fetches_is_refused(target: Target) -> None:
    iam = target.running.client("iam")
    for document in (
        '<!DOCTYPE x [<!ENTITY a "https://idp.example/saml">]>' + IDP.metadata(),
        '<!DOCTYPE x SYSTEM "file:///etc/passwd">' + IDP.metadata(),
        "<a>" * 1_000,
    ):
        with pytest.raises(ClientError, match="InvalidInput"):
            iam.create_saml_provider(Name=unique("idp"), SAMLMetadataDocument=document)


def test_no_refusal_and_no_log_has_the_assertion(
    running: RunningServer, target: Target, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    secret = unique("SECRETNAME")
    assertion = in_base64(target.respond(name_id=secret, signs="").encode())
    form = {
        "Action": "AssumeRoleWithSAML",
        "Version": "2011-06-15",
        "RoleArn": target.role,
        "PrincipalArn": target.provider,
        "SAMLAssertion": assertion,
    }
    connection = http.client.HTTPConnection("127.0.0.1", running.server.port, timeout=60)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/", urlencode(form), headers)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    assert answer.status == 400
    kept = body + caplog.text
    kept += json.dumps([record.getMessage() for record in caplog.records])
    assert secret not in kept
    assert assertion[:40] not in kept
    assert "<Code>InvalidIdentityToken</Code>" in body
