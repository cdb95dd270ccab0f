from datetime import UTC, datetime

import pytest
from msgspec import structs
from tests.rules.execute_api.support import HOST, NOW, POOL, REQUEST_ID, call, http, user

from yett.rules.execute_api.mapping.context import (
    context_variable,
    describe_authorizer,
    describe_identity,
    extended_request_id,
    render_clf,
)
from yett.values.http import VpcOrigin
from yett.values.identity import ANONYMOUS, AuthorizerIdentity, PoolIdentity

ROUTED = call(http(), template="/pets/{id}", path="/pets/7").routed
PRINCIPAL = AuthorizerIdentity(authorizer_id="a", principal_id="p1", context={"tenant": "t1"})
POOL_USER = PoolIdentity(
    pool_arn=POOL, claims={"sub": "u1", "custom:role": "admin", "level": 3}, scopes=(), subject="u1"
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("accountId", "123456789012"),
        ("apiId", "abc123"),
        ("deploymentId", "dep1"),
        ("domainName", HOST),
        ("domainPrefix", "abc123"),
        ("extendedRequestId", "Dx4tPEtaSXiGlaQ="),
        ("httpMethod", "GET"),
        ("path", "/prod/pets/7"),
        ("protocol", "HTTP/1.1"),
        ("requestId", REQUEST_ID),
        ("requestTime", "04/Mar/2026:05:06:07 +0000"),
        ("requestTimeEpoch", str(int(NOW.timestamp() * 1000))),
        ("resourceId", "id of /pets/{id}"),
        ("resourcePath", "/pets/{id}"),
        ("stage", "prod"),
        ("identity.sourceIp", "203.0.113.7"),
        ("identity.userAgent", None),
        ("identity.userArn", None),
        ("identity.nothing", None),
        ("authorizer.principalId", None),
        ("nothing", None),
        ("", None),
    ],
)
def test_a_variable_has_the_value_that_the_reference_says(name: str, expected: str | None) -> None:
    """Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html"""
    assert context_variable(name, ROUTED, ANONYMOUS) == expected


def test_variables_tell_who_calls() -> None:
    assert context_variable("identity.userArn", ROUTED, user()) == "arn:aws:iam::123456789012:user/bob"
    assert context_variable("identity.accountId", ROUTED, user()) == "123456789012"
    assert context_variable("authorizer.principalId", ROUTED, PRINCIPAL) == "p1"
    assert context_variable("authorizer.tenant", ROUTED, PRINCIPAL) == "t1"
    assert context_variable("authorizer.absent", ROUTED, PRINCIPAL) is None
    assert context_variable("authorizer.claims.custom:role", ROUTED, POOL_USER) == "admin"
    assert context_variable("authorizer.claims.level", ROUTED, POOL_USER) == "3"
    assert context_variable("authorizer.claims", ROUTED, POOL_USER) is None
    assert context_variable("authorizer.claims.sub", ROUTED, PRINCIPAL) is None


def test_an_event_of_a_private_call_names_its_vpc_and_no_other_event_does() -> None:
    assert "vpcId" not in describe_identity(ROUTED, ANONYMOUS)
    facts = structs.replace(ROUTED.question.facts, vpc_origin=VpcOrigin(vpc="vpc-1a2b3c4d", endpoint=None))
    private = structs.replace(ROUTED, question=structs.replace(ROUTED.question, facts=facts))
    described = describe_identity(private, ANONYMOUS)
    assert context_variable("identity.vpcId", private, ANONYMOUS) == "vpc-1a2b3c4d"
    assert (described["vpcId"], described["vpceId"]) == ("vpc-1a2b3c4d", None)


def test_only_an_authorizer_makes_an_authorizer_member() -> None:
    assert describe_authorizer(ANONYMOUS) is None
    assert describe_authorizer(user()) is None
    assert describe_authorizer(POOL_USER) == {"claims": {"sub": "u1", "custom:role": "admin", "level": "3"}}


def test_times_are_in_english_and_utc() -> None:
    assert render_clf(datetime(2020, 12, 4, 9, 5, 6, tzinfo=UTC)) == "04/Dec/2020:09:05:06 +0000"


def test_an_extended_request_id_has_sixteen_characters() -> None:
    assert len(extended_request_id(REQUEST_ID)) == 16
