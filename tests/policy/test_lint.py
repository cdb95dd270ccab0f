from typing import Any

import pytest
from tests.policy.support import STATEMENT, case_name, read_cases

from yett.policy import Kind, Severity, lint

TEAM = "aws:PrincipalTag/team"


def codes(*statements: dict[str, Any], kind: Kind = Kind.IDENTITY, version: str = "2012-10-17") -> list[str]:
    document = {"Version": version, "Statement": [{**STATEMENT, **statement} for statement in statements]}
    return [finding.code for finding in lint(document, kind=kind)]


def arn(resource: str) -> str:
    return f"arn:aws:execute-api:us-east-1:123456789012:{resource}"


def test_a_good_policy_has_no_finding() -> None:
    assert codes({"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}) == []


def test_every_fault_of_the_grammar_is_told() -> None:
    findings = lint({"Version": "2012-10-17", "Statement": [{"Effect": "allow"}]}, kind=Kind.IDENTITY)
    assert [finding.code for finding in findings] == ["EFFECT", "MISSING_ACTION", "MISSING_RESOURCE"]
    assert {finding.severity for finding in findings} == {Severity.ERROR}


@pytest.mark.parametrize(
    ("resource", "useless"),
    [
        ("*", False),
        (arn("*"), False),
        (arn("abc"), True),
        (arn("abc/"), True),
        (arn("abc/*"), False),
        (arn("abc/prod"), True),
        (arn("abc/prod/*"), False),
        (arn("abc/prod/GET"), True),
        (arn("abc/prod/GET/"), False),
        (arn("abc/prod/GET*"), False),
        (arn("abc/prod/FETCH/x"), True),
        (arn("abc//GET/x"), True),
        (arn("abc/*/x"), False),
        (arn("abc/prod/$connect"), False),
        (arn("abc/prod/route"), False),
        (arn("abc/*/GET/${aws:username}"), False),
        ("arn:aws:s3:::x", False),
        ("arn:aws:s3", True),
        ("arn:aws:s3:*", False),
        ("execute-api:/prod/GET/x", True),
        ("nonsense", True),
    ],
)
def test_a_resource_that_can_match_nothing_is_told(resource: str, useless: bool) -> None:
    found = codes({"Resource": resource}, kind=Kind.AUTHORIZER)
    assert ("RESOURCE_MATCHES_NOTHING" in found) is useless


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ("arn:aws:execute-api:region:account-id:api-id/*", "`region` is no Region"),
        ("arn:aws:execute-api:us-east-1:account-id:api-id/*", "`account-id` is no account id"),
        ("arn:aws:execute-api:us-east-1:123456789012:api-id/stage/GET/pets", "`api-id` is no API id"),
        ("arn:aws:execute-api:us-east-1:12345678901:abc/*", "`12345678901` is no account id"),
        ("arn:aws:execute-api:us-east1:123456789012:abc/*", "`us-east1` is no Region"),
    ],
)
def test_a_placeholder_left_as_it_was_is_told(resource: str, said: str) -> None:
    document = {"Version": "2012-10-17", "Statement": {**STATEMENT, "Resource": resource}}
    (finding,) = lint(document, kind=Kind.IDENTITY)
    assert (finding.code, finding.path) == ("RESOURCE_MATCHES_NOTHING", "/Statement/Resource")
    assert finding.message == f"`{resource}` can match nothing: {said}"


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:execute-api:*:*:abc/*",
        "arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:abc/*",
        "arn:aws:execute-api:us-*:123456789012:a?c/*",
        "arn:aws:execute-api:ap-southeast-2:*:*/prod/GET/*",
    ],
)
def test_regions_accounts_and_apis_that_may_be_are_not_told(resource: str) -> None:
    assert codes({"Resource": resource}) == []


@pytest.mark.parametrize(
    ("statement", "unknown"),
    [
        ({"Condition": {"StringEquals": {"aws:SourceVPC": "vpc-1"}}}, False),
        ({"Condition": {"StringEquals": {"aws:PrincipalTag/a/b": "x"}}}, False),
        (
            {"Condition": {"ArnLike": {"execute-api:viaDomainArn": "arn:aws:execute-api:us-east-1:1:/domainnames/x"}}},
            False,
        ),
        ({"Condition": {"StringEquals": {"cognito-identity.amazonaws.com:aud": "us-east-1:1"}}}, False),
        ({"Condition": {"StringEquals": {"oidc.eks.us-east-1.amazonaws.com/id/A1:sub": "x"}}}, False),
        ({"Condition": {"StringEquals": {"saml:sub": "x"}}}, False),
        ({"Condition": {"StringEquals": {"s3:prefix": "x"}}, "Action": ["execute-api:Invoke", "s3:ListBucket"]}, False),
        ({"Condition": {"StringEquals": {"s3:prefix": "x"}}}, True),
        ({"Condition": {"IpAddress": {"aws:SourceIpAddress": "10.0.0.0/8"}}}, True),
        ({"Condition": {"IpAddress": {"aws:SourceIpAddress": "10.0.0.0/8"}}, "Action": "s3:*"}, True),
        ({"Condition": {"StringEquals": {"aws:PrincipalTag/": "x"}}}, True),
        ({"Condition": {"StringEquals": {"execute-api:stage": "x"}}}, True),
        ({"Condition": {"StringEquals": {"username": "x"}}}, True),
    ],
)
def test_a_condition_key_that_no_request_has_is_told(statement: dict[str, Any], unknown: bool) -> None:
    assert codes(statement) == (["UNKNOWN_CONDITION_KEY"] if unknown else [])


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        (arn("abc/*/GET"), "write `GET/*`"),
        (arn("abc/*/*/GET"), "write `GET/*`"),
        (arn("abc/prod/*/GET"), "write `GET/*`"),
        (arn("abc/${aws:PrincipalTag/stage}/POST"), "write `POST/*`"),
        (arn("*/prod/GET"), None),
        (arn("abc/*/GET/"), None),
        (arn("abc/*/GET/x"), None),
        (arn("abc/*/GET*"), None),
        (arn("abc/*/GET/*/GET"), None),
        (arn("abc/prod/GET/words/GET"), None),
        (arn("abc/*/get"), None),
        (arn("abc/*"), None),
        (arn("*"), None),
        (arn("abc/prod/GET/pets/{petId}"), "write `*` for `{petId}`"),
        (arn("abc/*/{proxy+}"), "write `*` for `{proxy+}`"),
        (arn("abc/prod/GET/pets/${aws:username}"), None),
        ("execute-api:/prod/GET/pets/{petId}", "write `*` for `{petId}`"),
        ("execute-api:/*/GET", "write `GET/*`"),
        ("execute-api:/prod/GET/*", None),
        ("arn:aws:s3:::bucket/*/GET", None),
        ("arn:aws:execute-api", None),
    ],
)
def test_a_resource_that_matches_hardly_what_was_meant_is_told(resource: str, said: str | None) -> None:
    document = {"Statement": {**STATEMENT, "Resource": resource, "Principal": {"AWS": "123456789012"}}}
    found = [each for each in lint(document, kind=Kind.RESOURCE) if each.code == "RESOURCE_HARDLY_MATCHES"]
    assert [each.path for each in found] == ([] if said is None else ["/Statement/Resource"])
    assert said is None or found[0].message.endswith(said)


def test_what_a_negated_resource_leaves_out_is_looked_at_too() -> None:
    statement = {"Effect": "Deny", "Action": "execute-api:Invoke", "NotResource": arn("abc/*/GET")}
    (finding,) = lint({"Version": "2012-10-17", "Statement": statement}, kind=Kind.IDENTITY)
    assert (finding.code, finding.path) == ("RESOURCE_HARDLY_MATCHES", "/Statement/NotResource")


GOOGLE, GITHUB = "accounts.google.com", "token.actions.githubusercontent.com"


def registered(host: str) -> str:
    return f"arn:aws:iam::123456789012:oidc-provider/{host}"


def trust(provider: str | list[str], action: str, condition: dict[str, Any]) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": action}
    return statement | ({"Condition": condition} if condition else {})


@pytest.mark.parametrize(
    ("provider", "condition", "wanted"),
    [
        (GOOGLE, {}, f"{GOOGLE}:aud"),
        (GOOGLE, {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, f"{GOOGLE}:aud"),
        (GOOGLE, {"StringEquals": {f"{GOOGLE}:aud": "app"}}, None),
        (GOOGLE, {"StringEquals": {f"{GOOGLE}:OAUD": "app"}}, None),
        (GOOGLE, {"StringEquals": {f"{GOOGLE}:sub": "1"}}, None),
        (GOOGLE, {"StringNotEquals": {f"{GOOGLE}:aud": "app"}}, f"{GOOGLE}:aud"),
        (GOOGLE, {"Null": {f"{GOOGLE}:aud": "false"}}, f"{GOOGLE}:aud"),
        (GOOGLE, {"StringLike": {f"{GOOGLE}:aud": ["app", "*"]}}, f"{GOOGLE}:aud"),
        ("cognito-identity.amazonaws.com", {}, "cognito-identity.amazonaws.com:aud"),
        (
            "cognito-identity.amazonaws.com",
            {"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"}},
            "cognito-identity.amazonaws.com:aud",
        ),
        ("graph.facebook.com", {}, "graph.facebook.com:app_id"),
        ("graph.facebook.com", {"StringEquals": {"graph.facebook.com:app_id": "1"}}, None),
        ("www.amazon.com", {"StringEquals": {"www.amazon.com:aud": "1"}}, "www.amazon.com:app_id"),
        ("www.amazon.com", {"StringEquals": {"www.amazon.com:user_id": "1"}}, None),
        (registered(GITHUB), {"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"}}, f"{GITHUB}:sub"),
        (registered(GITHUB), {"StringLike": {f"{GITHUB}:sub": "repo:octo/shop:*"}}, None),
        (registered(GITHUB), {"StringEquals": {f"{GITHUB}:repository_id": "7"}}, None),
        (registered("gitlab.com"), {}, "gitlab.com:sub"),
        (registered("cognito-idp.us-east-1.amazonaws.com/us-east-1_abc"), {}, None),
        (registered("login.example.org"), {}, None),
        ("arn:aws:iam::123456789012:saml-provider/office", {}, None),
    ],
)
def test_trust_in_anybodys_token_is_told(provider: str, condition: dict[str, Any], wanted: str | None) -> None:
    found = lint({"Statement": trust(provider, "sts:AssumeRoleWithWebIdentity", condition)}, kind=Kind.TRUST)
    assert [(each.code, each.path) for each in found] == (
        [] if wanted is None else [("TOKEN_WITHOUT_CONDITION", "/Statement/Principal/Federated")]
    )
    assert wanted is None or f"no condition on `{wanted}` tells" in found[0].message


def test_only_an_allow_of_the_action_trusts_a_token() -> None:
    def found(*statements: dict[str, Any]) -> list[str]:
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        return [each.code for each in lint(document, kind=Kind.TRUST)]

    both = trust([GOOGLE, registered(GITHUB)], "sts:assumerolewith*", {})
    assert found(both) == ["TOKEN_WITHOUT_CONDITION", "TOKEN_WITHOUT_CONDITION"]
    assert found(trust(GOOGLE, "sts:TagSession", {})) == []
    assert found({**trust(GOOGLE, "sts:*", {}), "Effect": "Deny"}) == []
    all_but = {"Effect": "Allow", "Principal": {"Federated": GOOGLE}}
    assert found({**all_but, "NotAction": "sts:TagSession"}) == ["TOKEN_WITHOUT_CONDITION"]
    assert found({**all_but, "NotAction": "sts:AssumeRoleWithWebIdentity"}) == []
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRoleWithWebIdentity"}
    others = {"StringNotEquals": {f"{GOOGLE}:aud": "app"}}
    assert found(trust(GOOGLE, "sts:AssumeRoleWithWebIdentity", {}), {**deny, "Condition": others}) == []


METHOD = arn("abc/prod/GET/pets")


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        ([{"Resource": METHOD}], True),
        ([{"Resource": [METHOD, METHOD]}], True),
        ([{"Resource": METHOD}, {"Effect": "Deny", "Resource": arn("abc/prod/POST/*")}], True),
        ([{"Effect": "Deny", "Resource": METHOD}], False),
        ([{"Resource": [METHOD, arn("abc/prod/GET/owners")]}], False),
        ([{"Resource": arn("abc/prod/*/pets")}], False),
        ([{"Resource": "*"}], False),
    ],
)
def test_an_answer_that_the_cache_makes_wrong_is_told(statements: list[dict[str, Any]], told: bool) -> None:
    assert ("WRONG_ONCE_CACHED" in codes(*statements, kind=Kind.AUTHORIZER)) is told
    if told:
        assert "WRONG_ONCE_CACHED" not in codes(*statements, kind=Kind.IDENTITY)


EXAMPLES = read_cases("documented_examples")


@pytest.mark.parametrize("example", EXAMPLES, ids=case_name)
def test_what_aws_shows_as_an_example_is_in_order(example: dict[str, Any]) -> None:
    assert lint(example["policy"], kind=Kind(example["kind"])) == ()


def test_the_short_form_is_for_resource_policies() -> None:
    conditional = {"Principal": {"AWS": "123456789012"}}
    assert codes({"Resource": "execute-api:/prod/GET/x", **conditional}, kind=Kind.RESOURCE) == []
    assert codes({"Resource": []}, kind=Kind.AUTHORIZER) == ["RESOURCE_MATCHES_NOTHING"]
    trust = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}
    assert lint({"Statement": trust}, kind=Kind.TRUST) == ()


@pytest.mark.parametrize(
    ("action", "known"),
    [
        ("execute-api:Invoke", True),
        ("execute-api:*", True),
        ("EXECUTE-API:inv*", True),
        ("s3:Get", True),
        ("execute-api:Call", False),
    ],
)
def test_an_unknown_action_is_told(action: str, known: bool) -> None:
    assert codes({"Action": action}) == ([] if known else ["UNKNOWN_ACTION"])


@pytest.mark.parametrize(
    ("allow", "deny", "dead"),
    [
        ({}, {}, True),
        ({}, {"Condition": {"Bool": {TEAM: "true"}}}, False),
        ({"Resource": arn("a/*")}, {"Resource": arn("*")}, True),
        ({"Resource": arn("a/*")}, {"Resource": arn("a/b*")}, False),
        ({"Resource": arn("a/*")}, {"Resource": arn("?/*")}, False),
        ({"Action": "execute-api:*"}, {}, False),
        ({}, {"Action": "EXECUTE-api:*"}, True),
        ({}, {"Action": "*"}, True),
    ],
)
def test_an_allow_that_a_deny_makes_dead_is_told(allow: dict[str, Any], deny: dict[str, Any], dead: bool) -> None:
    assert codes(allow, {**deny, "Effect": "Deny"}) == (["ALLOW_IS_DEAD"] if dead else [])


def test_negated_elements_are_covered_only_for_certain() -> None:
    def found(allow: dict[str, Any], deny: dict[str, Any], kind: Kind) -> bool:
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **allow}, {"Effect": "Deny", **deny}]}
        return "ALLOW_IS_DEAD" in {finding.code for finding in lint(document, kind=kind)}

    everything = {"Action": "*", "Resource": "*"}
    assert found({"NotAction": "s3:*", "Resource": "*"}, everything, Kind.IDENTITY)
    assert not found({"NotAction": "s3:*", "Resource": "*"}, {"Action": "s3:*", "Resource": "*"}, Kind.IDENTITY)
    assert not found(everything, {"NotAction": "s3:*", "Resource": "*"}, Kind.IDENTITY)
    bob, everybody = {"AWS": "123456789012"}, "*"
    assert found({"Principal": bob, **everything}, {"Principal": everybody, **everything}, Kind.RESOURCE)
    assert found({"Principal": bob, **everything}, {"Principal": bob, **everything}, Kind.RESOURCE)
    assert not found({"Principal": everybody, **everything}, {"Principal": bob, **everything}, Kind.RESOURCE)
    assert found({"NotPrincipal": bob, **everything}, {"Principal": everybody, **everything}, Kind.RESOURCE)
    assert not found({"Principal": bob, **everything}, {"NotPrincipal": bob, **everything}, Kind.RESOURCE)
    assert not found({"Principal": everybody, **everything}, everything, Kind.RCP)


def test_what_opens_to_everybody_is_told() -> None:
    assert codes({"Principal": "*"}, kind=Kind.RESOURCE) == ["PRINCIPAL_WITHOUT_CONDITION"]
    assert codes({"Principal": "*", "Condition": {"Bool": {TEAM: "true"}}}, kind=Kind.RESOURCE) == []
    assert codes({"NotPrincipal": {"AWS": "123456789012"}}, kind=Kind.RESOURCE) == ["ALLOW_NOT_PRINCIPAL"]
    assert codes({"Principal": "*"}, kind=Kind.RCP) == []
    office = {"Effect": "Deny", "Principal": "*", "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}
    assert codes({"Principal": "*"}, office, kind=Kind.RESOURCE) == []
    assert codes({"Principal": "*"}, {**office, "Resource": arn("abc/prod/GET/*")}, kind=Kind.RESOURCE) == [
        "PRINCIPAL_WITHOUT_CONDITION"
    ]


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ({"IpAddress": {TEAM: "10.0.0.0/33"}}, "CONDITION_VALUE"),
        ({"Null": {TEAM: "perhaps"}}, "CONDITION_VALUE"),
        ({"StringEquals": {TEAM: []}}, "NO_CONDITION_VALUES"),
        ({"ForAllValues:StringEquals": {TEAM: "b"}}, "FOR_ALL_VALUES_WITH_ALLOW"),
    ],
)
def test_a_condition_that_is_hardly_meant_is_told(condition: dict[str, Any], code: str) -> None:
    assert codes({"Condition": condition}) == [code]


def test_a_condition_that_is_meant_is_not_told() -> None:
    assert codes({"Condition": {"ForAllValues:StringEquals": {TEAM.upper(): "b"}, "Null": {TEAM: "false"}}}) == []
    assert codes({"Condition": {"ArnLike": {TEAM: "${aws:PrincipalArn}"}}}) == []


def test_a_variable_under_an_old_version_is_told() -> None:
    assert codes({"Resource": "arn:aws:s3:::${x}"}, kind=Kind.SCP, version="2008-10-17") == ["VARIABLE_IN_OLD_VERSION"]
    assert codes({}, kind=Kind.SCP, version="2008-10-17") == []
