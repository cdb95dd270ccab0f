"""AssumeRoleWithWebIdentity, with tokens that another implementation makes."""

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from tests.fakes.key_sets import MemoryKeySets
from tests.services.aws import ACCOUNT, Aws, allow, deny, policy, trust

from yett.ports.errors import Unavailable
from yett.services.call import Call, ServiceError
from yett.services.perform import perform, place_of_unsigned
from yett.tokens import read_key_set

ISSUER = "https://issuer.example/tenant"
HOST = "issuer.example/tenant"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{HOST}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
ACTION = "sts:AssumeRoleWithWebIdentity"
EVERY = [ACTION, "sts:TagSession", "sts:SetSourceIdentity"]
TAGS = "https://aws.amazon.com/tags"


@cache
def rsa_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256"})


@cache
def other_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256"})


@cache
def ec_key() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": "two", "alg": "ES256"})


class World:
    """IAM and STS with a provider, and whoever holds its tokens."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.key_sets = MemoryKeySets()
        self.key_sets.hold(
            ISSUER, read_key_set({"keys": [rsa_key().as_dict(private=False), ec_key().as_dict(private=False)]})
        )
        cast(Any, aws.ports).key_sets = self.key_sets

    async def begin(self, trust_policy: str | None = None, **role: Any) -> None:
        await self.aws.do("iam:CreateOpenIDConnectProvider", Url=ISSUER, ClientIDList=["app", "sts.amazonaws.com"])
        await self.aws.role("r", trust_policy or trust({"Federated": PROVIDER}, EVERY), allow("iam:*"), **role)

    def token(self, key: RSAKey | ECKey | None = None, *, alg: str = "RS256", **claims: Any) -> str:
        now = int(self.aws.time.timestamp())
        body = {"iss": ISSUER, "sub": "alice", "aud": "app", "iat": now, "exp": now + 300, **claims}
        key = key or rsa_key()
        return jwt.encode({"alg": alg, "kid": key.kid}, {k: v for k, v in body.items() if v is not None}, key)

    async def assume(self, token: str, **more: Any) -> dict[str, Any]:
        params = {"RoleArn": ROLE, "RoleSessionName": "session", "WebIdentityToken": token, **more}
        place = await place_of_unsigned("sts", "AssumeRoleWithWebIdentity", params, self.aws.ports)
        call = Call(
            service="sts",
            operation="AssumeRoleWithWebIdentity",
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

    async def refused(self, token: str, **more: Any) -> tuple[str, str]:
        with pytest.raises(ServiceError) as caught:
            await self.assume(token, **more)
        return caught.value.code, caught.value.message


@pytest.fixture
def world(aws: Aws) -> World:
    return World(aws)


async def test_a_token_opens_a_session_that_is_named_and_carries_the_providers_keys(world: World) -> None:
    await world.begin()
    answer = await world.assume(world.token(amr=["authenticated", "mfa"]))
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/r/session"
    assert answer["SubjectFromWebIdentityToken"] == "alice"
    assert (answer["Audience"], answer["Provider"]) == ("app", PROVIDER)
    assert "PackedPolicySize" not in answer
    session = await world.aws.holder(answer)
    assert session.identity.federated_provider == PROVIDER
    assert session.identity.federation_keys == {
        f"{HOST}:aud": "app",
        f"{HOST}:sub": "alice",
        f"{HOST}:amr": ("authenticated", "mfa"),
    }
    await world.aws.do("iam:ListUsers", session)


async def test_the_keys_are_weighed_in_later_requests(world: World) -> None:
    await world.begin()
    conditions = {"StringEquals": {f"{HOST}:sub": "alice", "aws:FederatedProvider": PROVIDER}}
    document = policy(
        allow("iam:ListUsers", Condition=conditions),
        allow("iam:ListRoles", Condition={"ForAnyValue:StringEquals": {f"{HOST}:amr": "mfa"}}),
    )
    await world.aws.do("iam:PutRolePolicy", RoleName="r", PolicyName="own", PolicyDocument=document)
    alice = await world.aws.holder(await world.assume(world.token(amr=["pwd", "mfa"])))
    bob = await world.aws.holder(await world.assume(world.token(sub="bob")))
    for operation in ("iam:ListUsers", "iam:ListRoles"):
        await world.aws.do(operation, alice)
        assert (await world.aws.refused(operation, bob))[0] == "AccessDenied"


async def test_an_elliptic_key_is_as_good(world: World) -> None:
    await world.begin()
    assert (await world.assume(world.token(ec_key(), alg="ES256")))["SubjectFromWebIdentityToken"] == "alice"


NOT_A_JWT = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({"iss": "https://other.example"}, "No OpenIDConnect provider found in your account for https://other.example"),
        ({"iss": f"{ISSUER}/"}, f"No OpenIDConnect provider found in your account for {ISSUER}/"),
        (
            {"iss": "http://issuer.example/tenant"},
            "No OpenIDConnect provider found in your account for http://issuer.example/tenant",
        ),
        ({"iss": None}, "Missing a required claim: iss"),
        ({"sub": None}, "Missing a required claim: sub"),
        ({"sub": ["alice"]}, "Missing a required claim: sub"),
        ({"aud": None}, "Missing a required claim: aud"),
        ({"exp": None}, "Missing a required claim: exp"),
        ({"exp": "soon"}, NOT_A_JWT),
        ({"aud": "other"}, "Incorrect token audience"),
        ({"aud": ["other", 1]}, "Incorrect token audience"),
        ({"azp": "other"}, "Incorrect token audience"),
        ({"nbf": 2_000_000_000}, "Token must be issued within timeframe"),
        ({"iat": 2_000_000_000}, "Token must be issued within timeframe"),
        ({TAGS: "team"}, "The session tags in the token are invalid"),
        ({TAGS: {"principal_tags": {"team": ["a", "b"]}}}, "The session tags in the token are invalid"),
        ({TAGS: {"principal_tags": {"team": "a", "Team": "b"}}}, "The session tags in the token are invalid"),
        ({TAGS: {"principal_tags": {"aws:x": "a"}}}, "The session tags in the token are invalid"),
        ({TAGS: {"principal_tags": {"t": "a" * 257}}}, "The session tags in the token are invalid"),
        ({TAGS: {"principal_tags": {}, "transitive_tag_keys": ["t"]}}, "The session tags in the token are invalid"),
        ({"https://aws.amazon.com/source_identity": "a b"}, "The source identity in the token is invalid"),
    ],
)
async def test_a_token_that_says_what_it_must_not_is_refused(
    world: World, claims: Mapping[str, Any], message: str
) -> None:
    await world.begin()
    assert await world.refused(world.token(**claims)) == ("InvalidIdentityToken", message)


async def test_an_expired_token_is_told_both_moments(world: World) -> None:
    await world.begin()
    token = world.token()
    world.aws.pass_time(seconds=300)
    now = int(world.aws.time.timestamp())
    assert await world.refused(token) == (
        "ExpiredTokenException",
        f"Token expired: current date/time {now} must be before the expiration date/time {now}",
    )


async def test_forged_tokens_are_refused(world: World) -> None:
    await world.begin()
    forged = world.token(other_key())
    assert (await world.refused(forged))[0] == "InvalidIdentityToken"
    header, body, signature = world.token().split(".")
    other_body = world.token(sub="root").split(".")[1]
    for token in (f"{header}.{other_body}.{signature}", f"{header}.{body}.", f"{header}.{body}", "x" * 40):
        assert (await world.refused(token))[0] == "InvalidIdentityToken"
    unknown = RSAKey.generate_key(2048, {"kid": "three"})
    code, message = await world.refused(world.token(unknown))
    assert (code, message[:49]) == ("InvalidIdentityToken", "Couldn't retrieve verification key from your iden")
    assert world.key_sets.resolved[-1] == (ISSUER, True)


async def test_an_issuer_that_is_away_vouches_for_nobody(world: World) -> None:
    await world.begin()
    world.key_sets.fails = Unavailable("JWKS communication error")
    code, message = await world.refused(world.token())
    assert code == "InvalidIdentityToken"
    assert message.startswith("Couldn't retrieve verification key")


async def test_a_role_that_does_not_exist_or_trust_is_told_alike(world: World) -> None:
    await world.begin(trust({"Federated": PROVIDER}, ACTION, Condition={"StringEquals": {f"{HOST}:sub": "alice"}}))
    await world.aws.role("closed", trust({"AWS": ACCOUNT}))
    await world.aws.role("other", trust({"Federated": PROVIDER.replace("tenant", "other")}, ACTION))
    await world.aws.role("action", trust({"Federated": PROVIDER}))
    denied = ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
    for name in ("closed", "other", "action", "missing"):
        assert await world.refused(world.token(), RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{name}") == denied
    assert await world.refused(world.token(sub="bob")) == denied
    await world.assume(world.token())


async def test_a_deny_in_the_trust_policy_wins(world: World) -> None:
    statements = [
        {"Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Action": ACTION},
        {"Effect": "Deny", "Principal": "*", "Action": ACTION, "Condition": {"StringLike": {f"{HOST}:aud": "app"}}},
    ]
    await world.begin(policy(*statements))
    assert (await world.refused(world.token()))[0] == "AccessDenied"
    await world.assume(world.token(aud="sts.amazonaws.com"))


async def test_a_resource_control_policy_binds_whoever_comes_with_a_token(world: World) -> None:
    aws = world.aws
    management = await aws.ports.callers.root("999999999999")
    await aws.do("organizations:CreateOrganization", management, FeatureSet="ALL")
    roots = await aws.do("organizations:ListRoots", management)
    root_id = roots["Roots"][0]["Id"]
    await aws.do("organizations:EnablePolicyType", management, RootId=root_id, PolicyType="RESOURCE_CONTROL_POLICY")
    made = await aws.do("organizations:CreateAccount", management, Email="a@example.com", AccountName="member")
    request = made["CreateAccountStatus"]["Id"]
    done = await aws.do("organizations:DescribeCreateAccountStatus", management, CreateAccountRequestId=request)
    member = done["CreateAccountStatus"]["AccountId"]
    provider, role = PROVIDER.replace(ACCOUNT, member), ROLE.replace(ACCOUNT, member)
    root = await aws.ports.callers.root(member)
    await aws.do("iam:CreateOpenIDConnectProvider", root, Url=ISSUER, ClientIDList=["app"])
    document = trust({"Federated": provider}, ACTION)
    await aws.do("iam:CreateRole", root, RoleName="r", AssumeRolePolicyDocument=document)
    await world.assume(world.token(), RoleArn=role)
    content = policy({**deny("sts:AssumeRoleWithWebIdentity"), "Principal": "*"})
    made = await aws.do(
        "organizations:CreatePolicy",
        management,
        Name="closed",
        Description="",
        Type="RESOURCE_CONTROL_POLICY",
        Content=content,
    )
    policy_id = made["Policy"]["PolicySummary"]["Id"]
    await aws.do("organizations:AttachPolicy", management, PolicyId=policy_id, TargetId=member)
    assert (await world.refused(world.token(), RoleArn=role))[0] == "AccessDenied"


async def test_tags_and_source_identity_come_from_the_token_and_need_the_roles_trust(world: World) -> None:
    await world.begin()
    claims: dict[str, Any] = {
        TAGS: {"principal_tags": {"team": ["a"], "cost": "b"}, "transitive_tag_keys": ["team"]},
        "https://aws.amazon.com/source_identity": "alice",
    }
    answer = await world.assume(world.token(**claims))
    assert answer["SourceIdentity"] == "alice"
    assert answer["PackedPolicySize"] == 1
    identity = (await world.aws.holder(answer)).identity
    assert (identity.tags, identity.transitive_tag_keys) == ({"team": "a", "cost": "b"}, ("team",))
    assert identity.source_identity == "alice"
    document = trust({"Federated": PROVIDER}, [ACTION, "sts:TagSession"])
    await world.aws.do("iam:UpdateAssumeRolePolicy", RoleName="r", PolicyDocument=document)
    assert await world.refused(world.token(**claims)) == (
        "AccessDenied",
        "Not authorized to perform sts:SetSourceIdentity",
    )


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"RoleArn": "arn:aws:iam::123456789012:user/r"}, ("ValidationError", "Request ARN is invalid")),
        ({"RoleArn": "no-arn-at-all-but-long"}, ("ValidationError", "Request ARN is invalid")),
        (
            {"DurationSeconds": 3601},
            ("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."),
        ),
        ({"Policy": "{"}, ("MalformedPolicyDocument", None)),
        ({"ProviderId": "graph.facebook.com"}, ("InvalidParameterValue", None)),
        ({"WebIdentityToken": "abc"}, ("ValidationError", None)),
    ],
)
async def test_what_cannot_be_is_refused(
    world: World, params: dict[str, object], expected: tuple[str, str | None]
) -> None:
    await world.begin()
    code, message = await world.refused(**{"token": world.token(), **params})  # type: ignore[arg-type]
    assert (code, message if expected[1] is not None else None) == expected


async def test_session_policies_narrow_the_session(world: World) -> None:
    await world.begin()
    narrow = policy(allow("iam:ListUsers"))
    session = await world.aws.holder(await world.assume(world.token(), Policy=narrow))
    await world.aws.do("iam:ListUsers", session)
    assert (await world.aws.refused("iam:ListRoles", session))[0] == "AccessDenied"


async def test_a_provider_of_another_account_vouches_for_nobody_here(world: World) -> None:
    other = await world.aws.ports.callers.root("999999999999")
    await world.aws.do("iam:CreateOpenIDConnectProvider", other, Url=ISSUER, ClientIDList=["app"])
    await world.aws.role("r", trust({"Federated": PROVIDER.replace(ACCOUNT, "999999999999")}, ACTION))
    assert (await world.refused(world.token()))[0] == "InvalidIdentityToken"


GOOGLE = "https://accounts.google.com"


@pytest.mark.parametrize("issuer", [GOOGLE, "accounts.google.com"])
async def test_google_needs_no_registration(world: World, issuer: str) -> None:
    world.key_sets.hold(GOOGLE, read_key_set({"keys": [rsa_key().as_dict(private=False)]}))
    condition = {
        "StringEquals": {
            "accounts.google.com:aud": "1078",
            "accounts.google.com:oaud": "sts.amazonaws.com",
            "accounts.google.com:sub": "1078",
        }
    }
    await world.aws.role("r", trust({"Federated": "accounts.google.com"}, ACTION, Condition=condition), allow("iam:*"))
    claims = {"iss": issuer, "azp": "1078", "aud": "sts.amazonaws.com", "sub": "1078"}
    answer = await world.assume(world.token(**claims))
    assert (answer["Provider"], answer["Audience"]) == ("accounts.google.com", "1078")
    identity = (await world.aws.holder(answer)).identity
    assert identity.federated_provider == "accounts.google.com"
    assert identity.federation_keys["accounts.google.com:sub"] == "1078"
    denied = ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
    for change in ({"sub": "1079"}, {"azp": "1079"}, {"aud": "other"}, {"azp": None}):
        assert await world.refused(world.token(**{**claims, **change})) == denied
    assert (await world.refused(world.token(other_key(), **claims)))[0] == "InvalidIdentityToken"
    assert {issuer for issuer, _ in world.key_sets.resolved} <= {GOOGLE}


async def test_a_built_in_provider_opens_only_roles_that_name_it_by_its_host(world: World) -> None:
    await world.begin()
    world.key_sets.hold(GOOGLE, read_key_set({"keys": [rsa_key().as_dict(private=False)]}))
    arn = f"arn:aws:iam::{ACCOUNT}:oidc-provider/accounts.google.com"
    await world.aws.role("registered", trust({"Federated": arn}, ACTION))
    token = world.token(iss=GOOGLE, aud="app")
    for name in ("r", "registered"):
        assert (await world.refused(token, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{name}"))[0] == "AccessDenied"
    await world.aws.do("iam:CreateOpenIDConnectProvider", Url=GOOGLE, ClientIDList=["app"])
    registered = f"arn:aws:iam::{ACCOUNT}:role/registered"
    assert (await world.assume(token, RoleArn=registered))["Provider"] == arn
    other = world.token(iss=GOOGLE, aud="other")
    assert await world.refused(other, RoleArn=registered) == ("InvalidIdentityToken", "Incorrect token audience")


async def test_identity_pools_of_aws_need_no_registration(world: World) -> None:
    issuer = "https://cognito-identity.amazonaws.com"
    world.key_sets.hold(issuer, read_key_set({"keys": [rsa_key().as_dict(private=False)]}))
    condition = {
        "StringEquals": {"cognito-identity.amazonaws.com:aud": "us-east-1:pool"},
        "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"},
    }
    await world.aws.role("r", trust({"Federated": "cognito-identity.amazonaws.com"}, ACTION, Condition=condition))
    claims: dict[str, Any] = {"iss": issuer, "aud": "us-east-1:pool", "sub": "us-east-1:id"}
    answer = await world.assume(world.token(**claims, amr=["authenticated", "graph.facebook.com"]))
    assert answer["Provider"] == "cognito-identity.amazonaws.com"
    assert (await world.refused(world.token(**claims, amr=["unauthenticated"])))[0] == "AccessDenied"


async def test_other_built_in_providers_are_not_taken(world: World) -> None:
    await world.begin()
    for issuer in ("https://graph.facebook.com", "https://www.amazon.com", "http://accounts.google.com"):
        message = f"No OpenIDConnect provider found in your account for {issuer}"
        assert await world.refused(world.token(iss=issuer)) == ("InvalidIdentityToken", message)
