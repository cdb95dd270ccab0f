"""AssumeRoleWithSAML, with assertions that the test's own identity provider signs."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest
from tests.architecture.sources import ROOT
from tests.fakes.identity_provider import PREFIX, SIGN_IN, IdentityProvider, in_base64, pem_of, rsa_key
from tests.fakes.signature_wrapping import ATTACKS, wrap
from tests.services.aws import ACCOUNT, Aws, allow, deny, policy, trust

from yett.rules.sts.saml import qualify
from yett.services.call import Call, ServiceError
from yett.services.perform import perform, place_of_unsigned
from yett.services.sts import saml
from yett.services.sts.federation import DENIED as DENIED_ACTION

PROVIDER = f"arn:aws:iam::{ACCOUNT}:saml-provider/idp"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
ACTION = "sts:AssumeRoleWithSAML"
EVERY = [ACTION, "sts:TagSession", "sts:SetSourceIdentity"]
DENIED = ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML")
IDP = IdentityProvider()


class World:
    """IAM and STS with a provider, and whoever it vouches for."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws

    async def begin(self, trust_policy: str | None = None, **role: Any) -> None:
        await self.aws.do("iam:CreateSAMLProvider", Name="idp", SAMLMetadataDocument=IDP.metadata())
        await self.aws.role("r", trust_policy or trust({"Federated": PROVIDER}, EVERY), allow("iam:*"), **role)

    def assertion(self, idp: IdentityProvider = IDP, **more: Any) -> str:
        return idp.encoded(self.aws.time, **more)

    async def assume(self, assertion: str, **more: Any) -> dict[str, Any]:
        params = {"RoleArn": ROLE, "PrincipalArn": PROVIDER, "SAMLAssertion": assertion, **more}
        place = await place_of_unsigned("sts", "AssumeRoleWithSAML", params, self.aws.ports)
        call = Call(
            service="sts",
            operation="AssumeRoleWithSAML",
            caller=None,
            account=place[0],
            region=place[1],
            now=self.aws.time,
            request_id="11111111-2222-3333-4444-555555555555",
            source_ip="127.0.0.1",
            secure_transport=False,
            ports=self.aws.ports,
        )
        return dict(await perform(call, params))

    async def refused(self, assertion: str, **more: Any) -> tuple[str, str]:
        with pytest.raises(ServiceError) as caught:
            await self.assume(assertion, **more)
        return caught.value.code, caught.value.message


@pytest.fixture
def world(aws: Aws) -> World:
    return World(aws)


@pytest.mark.parametrize("signs", ["assertion", "response", "assertion response"])
async def test_an_assertion_opens_a_session_that_is_named_and_carries_the_provider_s_keys(
    world: World, signs: str
) -> None:
    await world.begin()
    answer = await world.assume(world.assertion(signs=signs))
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/r/alice@example.com"
    qualifier = qualify("https://idp.example/saml", ACCOUNT, "idp")
    assert {name: answer[name] for name in ("Subject", "SubjectType", "Issuer", "Audience", "NameQualifier")} == {
        "Subject": "alice",
        "SubjectType": "persistent",
        "Issuer": "https://idp.example/saml",
        "Audience": SIGN_IN,
        "NameQualifier": qualifier,
    }
    assert "PackedPolicySize" not in answer
    assert answer["Credentials"]["Expiration"] == world.aws.time + timedelta(hours=1)
    session = await world.aws.holder(answer)
    assert session.identity.federated_provider == PROVIDER
    assert session.identity.federation_keys == {
        "saml:sub": "alice",
        "saml:sub_type": "persistent",
        "saml:namequalifier": qualifier,
    }
    await world.aws.do("iam:ListUsers", session)


async def test_the_keys_are_weighed_in_trust_policies_and_in_later_requests(world: World) -> None:
    conditions = {
        "StringEquals": {
            "saml:aud": SIGN_IN,
            "saml:iss": "https://idp.example/saml",
            "saml:sub_type": "persistent",
            "saml:doc": f"{ACCOUNT}/idp",
            "saml:edupersonorgdn": "ExampleOrg",
            "sts:RoleSessionName": "alice@example.com",
        },
        "ForAnyValue:StringEquals": {"saml:edupersonaffiliation": "staff"},
    }
    await world.begin(trust({"Federated": PROVIDER}, ACTION, Condition=conditions))
    person = "urn:oid:1.3.6.1.4.1.5923.1.1.1."
    member = [(f"{person}3", ["ExampleOrg"]), (f"{person}1", ["student", "staff"])]
    await world.assume(world.assertion(attributes=member))
    for other in (
        member[:1],
        member[1:],
        [(f"{person}3", ["OtherOrg"]), member[1]],
        [member[0], (f"{person}1", ["x"])],
    ):
        assert await world.refused(world.assertion(attributes=other)) == DENIED
    kept = {"saml:sub": "alice", "saml:sub_type": "persistent", "aws:FederatedProvider": PROVIDER}
    document = policy(allow("iam:ListUsers", Condition={"StringEquals": kept}))
    await world.aws.do("iam:PutRolePolicy", RoleName="r", PolicyName="own", PolicyDocument=document)
    alice = await world.aws.holder(await world.assume(world.assertion(attributes=member)))
    bob = await world.aws.holder(await world.assume(world.assertion(attributes=member, name_id="bob")))
    await world.aws.do("iam:ListUsers", alice)
    assert (await world.aws.refused("iam:ListUsers", bob))[0] == "AccessDenied"


async def test_tags_and_source_identity_need_the_role_s_trust_and_go_along_a_chain(world: World) -> None:
    await world.begin()
    given = [
        (f"{PREFIX}PrincipalTag:team", ["a"]),
        (f"{PREFIX}PrincipalTag:cost", ["b"]),
        (f"{PREFIX}TransitiveTagKeys", ["team"]),
        (f"{PREFIX}SourceIdentity", ["alice"]),
    ]
    answer = await world.assume(world.assertion(attributes=given))
    assert (answer["SourceIdentity"], answer["PackedPolicySize"]) == ("alice", 1)
    session = await world.aws.holder(answer)
    assert (session.identity.tags, session.identity.transitive_tag_keys) == ({"team": "a", "cost": "b"}, ("team",))
    assert session.identity.source_identity == "alice"
    await world.aws.do("iam:PutRolePolicy", RoleName="r", PolicyName="own", PolicyDocument=policy(allow("sts:*")))
    next_arn = await world.aws.role("next", trust({"AWS": ROLE}, ["sts:AssumeRole", *EVERY[1:]]))
    chained = await world.aws.do("sts:AssumeRole", session, RoleArn=next_arn, RoleSessionName="next")
    identity = (await world.aws.holder(chained)).identity
    assert (identity.tags, identity.source_identity) == ({"team": "a"}, "alice")
    assert (identity.federated_provider, identity.federation_keys) == (None, {})
    for action, missing in (("sts:TagSession", EVERY[2]), ("sts:SetSourceIdentity", EVERY[1])):
        document = trust({"Federated": PROVIDER}, [ACTION, missing])
        await world.aws.do("iam:UpdateAssumeRolePolicy", RoleName="r", PolicyDocument=document)
        assert await world.refused(world.assertion(attributes=given)) == (
            "AccessDenied",
            f"Not authorized to perform {action}",
        )


async def test_request_tags_are_condition_keys_of_the_trust_policy(world: World) -> None:
    condition = {"StringEquals": {"aws:RequestTag/team": "a"}, "ForAllValues:StringEquals": {"aws:TagKeys": "team"}}
    await world.begin(trust({"Federated": PROVIDER}, EVERY, Condition=condition))
    await world.assume(world.assertion(attributes=[(f"{PREFIX}PrincipalTag:team", ["a"])]))
    assert await world.refused(world.assertion(attributes=[(f"{PREFIX}PrincipalTag:team", ["b"])])) == DENIED


MALFORMED = ("InvalidIdentityToken", "Invalid SAML response")
BAD_SIGNATURE = ("InvalidIdentityToken", "Response signature invalid")
NO_PAIR = (
    "InvalidIdentityToken",
    "SAML Assertion doesn't contain the requested Role and Metadata in the attributes",
)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"signs": ""}, BAD_SIGNATURE),
        ({"algorithm": "sha1"}, BAD_SIGNATURE),
        ({"issuer": "https://other.example"}, ("InvalidIdentityToken", "Issuer not present in specified provider")),
        ({"response_issuer": "https://other.example"}, BAD_SIGNATURE),
        ({"condition": "<saml:Condition/>"}, MALFORMED),
        ({"role": f"{ROLE}2"}, NO_PAIR),
        ({"provider": f"{PROVIDER}2"}, NO_PAIR),
        ({"role": ""}, NO_PAIR),
        ({"session_name": None}, ("InvalidIdentityToken", "RoleSessionName is required in AuthnResponse")),
        (
            {"session_name": "Alice Example"},
            ("InvalidIdentityToken", "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}"),
        ),
        (
            {"attributes": [(f"{PREFIX}SourceIdentity", ["a b"])]},
            (
                "InvalidIdentityToken",
                'Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"',
            ),
        ),
        (
            {"audiences": [["https://sp.example"]]},
            ("InvalidIdentityToken", "Response does not contain the required audience."),
        ),
        ({"audiences": []}, ("InvalidIdentityToken", "Response does not contain the required audience.")),
        ({"recipient": "https://sp.example/acs"}, ("InvalidIdentityToken", None)),
        ({"recipient": None}, ("InvalidIdentityToken", None)),
        ({"destination": "https://sp.example/acs"}, ("InvalidIdentityToken", None)),
        ({"method": "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"}, DENIED),
        ({"confirmation": ""}, DENIED),
        ({"name_id": None}, DENIED),
        ({"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"}, ("IDPRejectedClaim", None)),
        ({"attributes": [(f"{PREFIX}SessionDuration", ["1"])]}, ("InvalidIdentityToken", None)),
        ({"attributes": [(f"{PREFIX}PrincipalTag:aws:x", ["1"])]}, ("InvalidIdentityToken", None)),
    ],
)
async def test_an_assertion_that_says_what_it_must_not_is_refused(
    world: World, changes: dict[str, Any], expected: tuple[str, str | None]
) -> None:
    await world.begin()
    code, message = await world.refused(world.assertion(**changes))
    assert (code, None if expected[1] is None else message) == expected


async def test_an_assertion_may_be_used_again_for_five_minutes_as_on_aws(world: World) -> None:
    await world.begin()
    until = world.aws.time + timedelta(hours=1)
    assertion = world.assertion(confirmed_until=until)
    await world.assume(assertion)
    await world.assume(assertion)
    world.aws.pass_time(seconds=299)
    await world.assume(assertion)
    world.aws.pass_time(seconds=1)
    assert await world.refused(assertion) == (
        "ExpiredTokenException",
        "Token must be redeemed within 5 minutes of issuance",
    )


async def test_an_assertion_for_one_use_is_used_once(world: World) -> None:
    await world.begin()
    used = ("InvalidIdentityToken", "Response was used before")
    one = world.assertion(condition="<saml:OneTimeUse/>")
    found = await asyncio.gather(*(world.assume(one) for _ in range(3)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in found) == ["ServiceError", "ServiceError", "dict"]
    assert await world.refused(one) == used
    await world.assume(world.assertion(condition="<saml:OneTimeUse/>", assertion_id="_two"))
    world.aws.pass_time(seconds=299)
    assert await world.refused(one) == used
    world.aws.pass_time(seconds=1)
    assert (await world.refused(one))[0] == "ExpiredTokenException"


@pytest.mark.parametrize("bound", ["ends_at", "confirmed_until", "session_ends_at"])
async def test_an_assertion_is_over_when_it_says_so(world: World, bound: str) -> None:
    await world.begin()
    assertion = world.assertion(**{bound: world.aws.time + timedelta(seconds=60)})
    world.aws.pass_time(seconds=59)
    await world.assume(assertion)
    world.aws.pass_time(seconds=1)
    assert await world.refused(assertion) == ("ExpiredTokenException", "Response has expired")


async def test_an_assertion_of_the_future_is_refused(world: World) -> None:
    await world.begin()
    later = world.aws.time + timedelta(seconds=61)
    for changes in ({"issued_at": later}, {"not_before": later}):
        assert (await world.refused(world.assertion(**changes)))[0] == "InvalidIdentityToken"


@pytest.mark.parametrize("attack", ATTACKS)
async def test_wrapped_signatures_open_nothing(world: World, attack: str) -> None:
    await world.begin()
    response = IDP.respond(world.aws.time, signs=ATTACKS[attack][0])
    assert (await world.refused(in_base64(wrap(attack, response))))[0] == "InvalidIdentityToken"
    await world.assume(in_base64(response.encode()))


async def test_forged_assertions_are_refused(world: World) -> None:
    await world.begin()
    stranger = IdentityProvider(key=rsa_key(1))
    assert await world.refused(world.assertion(stranger)) == BAD_SIGNATURE
    altered = IDP.respond(world.aws.time).replace(">alice<", ">root<")
    assert await world.refused(in_base64(altered.encode())) == BAD_SIGNATURE
    unreadable = ("InvalidIdentityToken", "Invalid base64 SAMLResponse")
    bomb = '<!DOCTYPE x [<!ENTITY a "ha">]>' + IDP.respond(world.aws.time)
    for text in ("****", in_base64(b"text"), in_base64(bomb.encode())):
        assert await world.refused(text) == unreadable
    assert await world.refused(in_base64(b"<a/>")) == MALFORMED
    assert (await world.refused("A" * 100_001))[0] == "ValidationError"
    assert await world.refused("A" * 100_000) == unreadable


async def test_new_metadata_changes_whose_signatures_count(world: World) -> None:
    await world.begin()
    fresh = IdentityProvider(key=rsa_key(1))
    both = IDP.metadata(rsa_key(0), rsa_key(1))
    named: dict[str, Any] = {"SAMLProviderArn": PROVIDER}
    await world.aws.do("iam:UpdateSAMLProvider", SAMLMetadataDocument=both, **named)
    await world.assume(world.assertion())
    await world.assume(world.assertion(fresh))
    await world.aws.do("iam:UpdateSAMLProvider", SAMLMetadataDocument=fresh.metadata(), **named)
    assert await world.refused(world.assertion()) == BAD_SIGNATURE
    await world.aws.do("iam:DeleteSAMLProvider", **named)
    assert await world.refused(world.assertion(fresh)) == ("InvalidIdentityToken", "Specified provider doesn't exist")


async def test_a_provider_whose_metadata_is_over_vouches_for_nobody(world: World) -> None:
    await world.begin()
    document = IDP.metadata(valid_until="2026-01-02T03:04:15Z")
    await world.aws.do("iam:UpdateSAMLProvider", SAMLMetadataDocument=document, SAMLProviderArn=PROVIDER)
    await world.assume(world.assertion())
    world.aws.pass_time(seconds=10)
    assert (await world.refused(world.assertion()))[0] == "ExpiredTokenException"


async def test_encrypted_assertions_are_opened_with_the_provider_s_keys(world: World) -> None:
    await world.begin()
    encrypted = in_base64(IDP.respond_encrypted(world.aws.time, rsa_key(50).public_key()).encode())
    assert await world.refused(encrypted) == BAD_SIGNATURE
    named: dict[str, Any] = {"SAMLProviderArn": PROVIDER}
    await world.aws.do("iam:UpdateSAMLProvider", AddPrivateKey=pem_of(rsa_key(51)), **named)
    assert await world.refused(encrypted) == BAD_SIGNATURE
    await world.aws.do("iam:UpdateSAMLProvider", AddPrivateKey=pem_of(rsa_key(50)), **named)
    assert (await world.assume(encrypted))["Subject"] == "alice"
    await world.assume(world.assertion())  # they may be in clear all the same


async def test_a_provider_that_must_encrypt_has_an_address_of_its_own(world: World) -> None:
    await world.begin()
    named: dict[str, Any] = {"SAMLProviderArn": PROVIDER}
    private = {"AddPrivateKey": pem_of(rsa_key(50)), "AssertionEncryptionMode": "Required"}
    await world.aws.do("iam:UpdateSAMLProvider", **private, **named)
    uuid = (await world.aws.do("iam:GetSAMLProvider", **named))["SAMLProviderUUID"]
    own = f"https://us-east-1.signin.aws.amazon.com/saml/acs/{uuid}"

    def respond(recipient: str) -> str:
        more = {"recipient": recipient, "destination": recipient}
        return in_base64(IDP.respond_encrypted(world.aws.time, rsa_key(50).public_key(), **more).encode())

    assert (await world.assume(respond(own)))["Audience"] == own
    assert (await world.refused(respond(SIGN_IN)))[0] == "InvalidIdentityToken"
    in_clear = world.assertion(recipient=own, destination=own)
    assert await world.refused(in_clear) == (
        "InvalidIdentityToken",
        "Response does not contain an encrypted assertion",
    )


async def test_a_role_that_does_not_exist_or_trust_is_told_alike(world: World) -> None:
    await world.begin(trust({"Federated": PROVIDER}, ACTION, Condition={"StringEquals": {"saml:sub": "alice"}}))
    await world.aws.role("closed", trust({"AWS": ACCOUNT}))
    await world.aws.role("other", trust({"Federated": f"{PROVIDER}2"}, ACTION))
    await world.aws.role("oidc", trust({"Federated": PROVIDER.replace("saml", "oidc")}, ACTION))
    await world.aws.role("action", trust({"Federated": PROVIDER}, "sts:AssumeRoleWithWebIdentity"))
    for name in ("closed", "other", "oidc", "action", "missing"):
        arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
        assert await world.refused(world.assertion(role=arn), RoleArn=arn) == DENIED
    assert await world.refused(world.assertion(name_id="bob")) == DENIED
    await world.assume(world.assertion())


async def test_a_deny_in_the_trust_policy_wins(world: World) -> None:
    statements = [
        {"Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Action": ACTION},
        {"Effect": "Deny", "Principal": "*", "Action": ACTION, "Condition": {"StringLike": {"saml:sub": "al*"}}},
    ]
    await world.begin(policy(*statements))
    assert await world.refused(world.assertion()) == DENIED
    await world.assume(world.assertion(name_id="bob"))


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"RoleArn": f"arn:aws:iam::{ACCOUNT}:user/r"}, ("ValidationError", "Request ARN is invalid")),
        ({"PrincipalArn": "no-arn-at-all-but-long"}, ("ValidationError", "Request ARN is invalid")),
        ({"PrincipalArn": ROLE}, ("ValidationError", "Request ARN is invalid")),
        ({"PrincipalArn": f"{PROVIDER}2"}, ("InvalidIdentityToken", "Specified provider doesn't exist")),
        ({"PrincipalArn": PROVIDER.replace("/idp", "/IDP")}, ("InvalidIdentityToken", None)),
        (
            {"DurationSeconds": 3601},
            ("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."),
        ),
        ({"DurationSeconds": 899}, ("ValidationError", None)),
        ({"Policy": "{"}, ("MalformedPolicyDocument", None)),
        ({"SAMLAssertion": "abc"}, ("ValidationError", None)),
    ],
)
async def test_what_cannot_be_is_refused(
    world: World, params: dict[str, object], expected: tuple[str, str | None]
) -> None:
    await world.begin()
    code, message = await world.refused(world.assertion(), **params)
    assert (code, None if expected[1] is None else message) == expected


async def test_the_session_lasts_as_long_as_the_least_of_what_is_said(world: World) -> None:
    await world.begin(MaxSessionDuration=7200)
    lengths = {
        world.assertion(): 7200,
        world.assertion(attributes=[(f"{PREFIX}SessionDuration", ["1800"])]): 1800,
        world.assertion(session_ends_at=world.aws.time + timedelta(seconds=1000)): 1000,
    }
    for assertion, seconds in lengths.items():
        answer = await world.assume(assertion, DurationSeconds=7200)
        assert answer["Credentials"]["Expiration"] == world.aws.time + timedelta(seconds=seconds)


async def test_session_policies_narrow_the_session(world: World) -> None:
    await world.begin()
    narrow = policy(allow("iam:ListUsers"))
    session = await world.aws.holder(await world.assume(world.assertion(), Policy=narrow))
    await world.aws.do("iam:ListUsers", session)
    assert (await world.aws.refused("iam:ListRoles", session))[0] == "AccessDenied"


async def test_a_provider_of_another_account_vouches_for_nobody_here(world: World) -> None:
    other = await world.aws.ports.callers.root("999999999999")
    await world.aws.do("iam:CreateSAMLProvider", other, Name="idp", SAMLMetadataDocument=IDP.metadata())
    foreign = PROVIDER.replace(ACCOUNT, "999999999999")
    await world.aws.role("r", trust({"Federated": foreign}, ACTION))
    code, _ = await world.refused(world.assertion(provider=foreign), PrincipalArn=foreign)
    assert code == "InvalidIdentityToken"


async def test_sessions_are_revoked_by_when_they_were_issued(world: World) -> None:
    await world.begin()
    answer = await world.assume(world.assertion())
    await world.aws.do("iam:ListUsers", await world.aws.holder(answer))
    before = {"DateLessThan": {"aws:TokenIssueTime": "2026-01-02T03:04:06Z"}}
    document = policy(allow("iam:*"), deny("*", Condition=before))
    await world.aws.do("iam:PutRolePolicy", RoleName="r", PolicyName="own", PolicyDocument=document)
    assert (await world.aws.refused("iam:ListUsers", await world.aws.holder(answer)))[0] == "AccessDenied"
    world.aws.pass_time(seconds=2)
    await world.aws.do("iam:ListUsers", await world.aws.holder(await world.assume(world.assertion())))


def test_the_page_of_federation_quotes_refusals_as_they_are() -> None:
    page = (ROOT / "docs" / "explanation" / "federation.md").read_text()
    rows = [line.split("|")[1] for line in page.partition("## When it is refused")[2].splitlines() if "|" in line]
    quoted = {text for row in rows for text in re.findall("`([^`]+)`", row)}
    told = {message for _, message in saml.FAULTS.values()} | {saml.NO_PROVIDER, saml.ISSUER, saml.BAD_SIGNATURE}
    told |= {DENIED_ACTION.format(action=action) for action in EVERY}
    assert len(quoted) >= 9
    assert quoted <= told
