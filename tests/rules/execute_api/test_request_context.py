from datetime import UTC, datetime, timedelta

from msgspec import structs
from tests.rules.execute_api.support import make_plan, make_request, user

from yett.rules.execute_api.call import Facts, Standing
from yett.rules.execute_api.request_context import CallContext
from yett.values.http import VpcOrigin
from yett.values.identity import ANONYMOUS

PLAN = make_plan()


def test_keys_of_the_request_exist_as_far_as_it_has_them() -> None:
    bare = CallContext(Facts.of(make_request()), PLAN, None)
    assert bare.find("aws:referer") is None
    assert bare.find("aws:useragent") is None
    headers = (("Referer", "https://site.test/"), ("User-Agent", "curl/8"))
    full = CallContext(Facts.of(make_request("GET", "/", *headers, scheme="https")), PLAN, None)
    assert full["aws:Referer"] == ("https://site.test/",)
    assert full["aws:UserAgent"] == ("curl/8",)
    assert full["aws:SecureTransport"] == ("true",)


def test_keys_of_an_iam_caller_exist_with_one_only() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    session = structs.replace(
        user(), token_issued_at=moment, organization_paths=("o-a/r-b/", "o-a/r-b/ou-c/"), tags={"Team": "Red"}
    )
    context = CallContext(Facts.of(make_request()), PLAN, Standing(identity=session))
    assert context["aws:TokenIssueTime"] == ("2026-01-02T03:04:05Z",)
    assert context["aws:PrincipalOrgPaths"] == ("o-a/r-b/", "o-a/r-b/ou-c/")
    assert context["aws:PrincipalTag/team"] == ("Red",)
    assert context["aws:MultiFactorAuthPresent"] == ("false",)
    assert context.find("aws:multifactorauthage") is None
    assert CallContext(Facts.of(make_request()), PLAN, None).find("aws:principalarn") is None


def test_what_a_standing_tells_of_its_caller_is_the_identity_s_own_and_made_once() -> None:
    standing = Standing(identity=user("alice"))
    assert standing.principal_keys is standing.principal_keys
    assert standing.principal is standing.principal
    other = structs.replace(standing, identity=user("bob"))
    assert (standing.principal.arn, other.principal.arn) == (user("alice").arn, user("bob").arn)
    assert other.principal_keys["aws:username"] == ("bob",)
    assert (Standing(identity=ANONYMOUS).principal.arn, Standing(identity=ANONYMOUS).principal_keys) == (None, {})


def test_a_session_that_a_device_vouched_for_says_so_and_how_long_ago() -> None:
    request = make_request()
    issued_at = request.received_at - timedelta(seconds=100)
    session = structs.replace(user(), token_issued_at=issued_at, mfa_authenticated_at=issued_at)
    context = CallContext(Facts.of(request), PLAN, Standing(identity=session))
    assert context["aws:MultiFactorAuthPresent"] == ("true",)
    assert context["aws:MultiFactorAuthAge"] == ("100",)


def test_a_call_through_a_vpc_endpoint_has_the_keys_of_its_vpc_and_no_source_ip() -> None:
    origin = VpcOrigin(vpc="vpc-1a2b3c4d", endpoint="vpce-1a2b3c4d")
    private = CallContext(Facts.of(make_request(vpc_origin=origin, source_ip="10.1.2.3")), PLAN, None)
    assert private["aws:SourceVpc"] == ("vpc-1a2b3c4d",)
    assert private["aws:SourceVpce"] == ("vpce-1a2b3c4d",)
    assert private["aws:VpcSourceIp"] == ("10.1.2.3",)
    assert private.find("aws:sourceip") is None
    unsaid = VpcOrigin(vpc=None, endpoint=None)
    unknown = CallContext(Facts.of(make_request(vpc_origin=unsaid)), PLAN, None)
    assert [unknown.find(key) for key in ("aws:sourceip", "aws:sourcevpc", "aws:sourcevpce")] == [None] * 3
    public = CallContext(Facts.of(make_request()), PLAN, None)
    assert public["aws:SourceIp"] == ("203.0.113.7",)
    assert [public.find(key) for key in ("aws:vpcsourceip", "aws:sourcevpc", "aws:sourcevpce")] == [None] * 3


def test_every_key_that_a_call_has_is_named_and_no_other() -> None:
    at = make_request().received_at
    session = Standing(identity=structs.replace(user(), mfa_authenticated_at=at))
    request = make_request("GET", "/", ("Referer", "a"), vpc_origin=VpcOrigin(vpc="vpc-1a2b3c4d", endpoint=None))
    names = CallContext(Facts.of(request), PLAN, session).names()
    assert {"aws:referer", "aws:sourcevpc", "aws:vpcsourceip", "aws:username", "aws:multifactorauthage"} < set(names)
    assert not {"aws:sourceip", "aws:sourcevpce", "aws:useragent", "aws:resourceorgid"} & set(names)
    assert len(names) == len(set(names))
    nobody = CallContext(Facts.of(request), PLAN, None)
    assert (nobody.find("aws:username"), nobody.find("aws:multifactorauthage")) == (None, None)
    assert set(nobody) == set(nobody.names()) < set(names)


def test_whose_the_api_is_is_told_to_everybody() -> None:
    alone = CallContext(Facts.of(make_request()), PLAN, None)
    assert alone["aws:ResourceAccount"] == (PLAN.account,)
    assert [alone.find(key) for key in ("aws:resourceorgid", "aws:resourceorgpaths")] == [None, None]
    plan = structs.replace(PLAN, organization_id="o-a", organization_path="o-a/r-b/")
    placed = CallContext(Facts.of(make_request()), plan, None)
    assert (placed["aws:ResourceOrgID"], placed["aws:ResourceOrgPaths"]) == (("o-a",), ("o-a/r-b/",))


def test_the_facts_hold_no_header_that_could_be_a_credential() -> None:
    request = make_request(
        "GET", "/", ("Authorization", "secret"), ("Cookie", "secret"), query="t=secret", body=b"secret"
    )
    assert "secret" not in repr(Facts.of(request))
