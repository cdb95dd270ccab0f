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
