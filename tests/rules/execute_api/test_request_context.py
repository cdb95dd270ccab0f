from datetime import UTC, datetime, timedelta

from msgspec import structs
from tests.rules.execute_api.support import make_plan, make_request, user

from yett.rules.execute_api.call import Facts, Standing
from yett.rules.execute_api.request_context import build_context
from yett.values.http import VpcOrigin
from yett.values.identity import ANONYMOUS

PLAN = make_plan()


def test_keys_of_the_request_exist_as_far_as_it_has_them() -> None:
    bare = build_context(Facts.of(make_request()), PLAN, caller=None)
    assert bare.find("aws:referer") is None
    assert bare.find("aws:useragent") is None
    headers = (("Referer", "https://site.test/"), ("User-Agent", "curl/8"))
    full = build_context(Facts.of(make_request("GET", "/", *headers, scheme="https")), PLAN, caller=None)
    assert full["aws:Referer"] == ("https://site.test/",)
    assert full["aws:UserAgent"] == ("curl/8",)
    assert full["aws:SecureTransport"] == ("true",)


def test_keys_of_an_iam_caller_exist_with_one_only() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    session = structs.replace(
        user(), token_issued_at=moment, organization_paths=("o-a/r-b/", "o-a/r-b/ou-c/"), tags={"Team": "Red"}
    )
    context = build_context(Facts.of(make_request()), PLAN, caller=Standing(identity=session))
    assert context["aws:TokenIssueTime"] == ("2026-01-02T03:04:05Z",)
    assert context["aws:PrincipalOrgPaths"] == ("o-a/r-b/", "o-a/r-b/ou-c/")
    assert context["aws:PrincipalTag/team"] == ("Red",)
    assert context["aws:MultiFactorAuthPresent"] == ("false",)
    assert context.find("aws:multifactorauthage") is None
    assert build_context(Facts.of(make_request()), PLAN, caller=None).find("aws:principalarn") is None


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
    context = build_context(Facts.of(request), PLAN, caller=Standing(identity=session))
    assert context["aws:MultiFactorAuthPresent"] == ("true",)
    assert context["aws:MultiFactorAuthAge"] == ("100",)


def test_a_call_through_a_vpc_endpoint_has_the_keys_of_its_vpc_and_no_source_ip() -> None:
    origin = VpcOrigin(vpc="vpc-1a2b3c4d", endpoint="vpce-1a2b3c4d")
    private = build_context(Facts.of(make_request(vpc_origin=origin, source_ip="10.1.2.3")), PLAN, caller=None)
    assert private["aws:SourceVpc"] == ("vpc-1a2b3c4d",)
    assert private["aws:SourceVpce"] == ("vpce-1a2b3c4d",)
    assert private["aws:VpcSourceIp"] == ("10.1.2.3",)
    assert private.find("aws:sourceip") is None
    unsaid = VpcOrigin(vpc=None, endpoint=None)
    unknown = build_context(Facts.of(make_request(vpc_origin=unsaid)), PLAN, caller=None)
    assert [unknown.find(key) for key in ("aws:sourceip", "aws:sourcevpc", "aws:sourcevpce")] == [None] * 3
    public = build_context(Facts.of(make_request()), PLAN, caller=None)
    assert public["aws:SourceIp"] == ("203.0.113.7",)
    assert [public.find(key) for key in ("aws:vpcsourceip", "aws:sourcevpc", "aws:sourcevpce")] == [None] * 3


def test_whose_the_api_is_is_told_to_everybody() -> None:
    alone = build_context(Facts.of(make_request()), PLAN, caller=None)
    assert alone["aws:ResourceAccount"] == (PLAN.account,)
    assert [alone.find(key) for key in ("aws:resourceorgid", "aws:resourceorgpaths")] == [None, None]
    plan = structs.replace(PLAN, organization_id="o-a", organization_path="o-a/r-b/")
    placed = build_context(Facts.of(make_request()), plan, caller=None)
    assert (placed["aws:ResourceOrgID"], placed["aws:ResourceOrgPaths"]) == (("o-a",), ("o-a/r-b/",))


def test_the_facts_hold_no_header_that_could_be_a_credential() -> None:
    request = make_request(
        "GET", "/", ("Authorization", "secret"), ("Cookie", "secret"), query="t=secret", body=b"secret"
    )
    assert "secret" not in repr(Facts.of(request))
