from typing import Any

import pytest
from tests.rules.execute_api.support import (
    AUTHORIZER_FUNCTION,
    FUNCTION,
    aws_proxy,
    http,
    invocation_uri,
    make_plan,
    method,
    pool_authorizer,
    request_authorizer,
    resource,
    resource_policy,
    token_authorizer,
)

from yett.rules.execute_api.deployment import AuthorizationType
from yett.rules.execute_api.plan import CALLER_CREDENTIALS, AuthorizerPlace, Credentials, NotDeployable

NONE, CUSTOM, COGNITO = AuthorizationType.NONE, AuthorizationType.CUSTOM, AuthorizationType.COGNITO_USER_POOLS
ROLE = "arn:aws:iam::123456789012:role/invoke"


def test_a_plan_knows_its_stage_and_its_methods() -> None:
    plan = make_plan(resource("/pets", method("GET"), method("POST")), resource("/"))
    assert plan.arn_prefix == "arn:aws:execute-api:us-east-1:123456789012:abc123/prod/"
    assert [each.name for each in plan.methods] == ["GET /pets", "POST /pets"]
    assert plan.resource_policy is None


@pytest.mark.parametrize(
    ("credentials", "kind", "role"),
    [
        (None, Credentials.RESOURCE_POLICY, None),
        (CALLER_CREDENTIALS, Credentials.CALLER, None),
        (ROLE, Credentials.ROLE, ROLE),
    ],
)
def test_a_function_is_invoked_in_somebody_s_name(credentials: str | None, kind: Credentials, role: str | None) -> None:
    plan = make_plan(resource("/", method(integration=aws_proxy(credentials=credentials))))
    function = plan.methods[0].function
    assert function is not None
    assert (function.function_arn, function.credentials, function.role_arn) == (FUNCTION, kind, role)


def test_stage_variables_choose_function_and_backend() -> None:
    named = "arn:aws:lambda:us-east-1:123456789012:function:${stageVariables.name}"
    plan = make_plan(
        resource("/f", method(integration=aws_proxy(named))),
        resource("/h", method(integration=http("http://${stageVariables.host}/x"))),
        variables={"name": "backend", "host": "backend.test"},
    )
    assert plan.methods[0].function is not None
    assert plan.methods[0].function.function_arn == FUNCTION
    assert plan.methods[1].http_target is not None
    assert plan.methods[1].http_target.host == "backend.test"


def test_a_uri_that_names_no_endpoint_leaves_the_other_methods_be() -> None:
    plan = make_plan(
        resource("/", method(integration=http("http://${stageVariables.absent}/"))), resource("/a", method())
    )
    assert [each.http_target is None for each in plan.methods] == [True, False]


FAULTS: dict[str, dict[str, Any]] = {
    "a Lambda authorizer that is not there": {"methods": [method("GET", CUSTOM, authorizer_id="none")]},
    "no authorizer named": {"methods": [method("GET", COGNITO)]},
    "a user pool where a function is wanted": {
        "methods": [method("GET", CUSTOM, authorizer_id="auth2")],
        "authorizers": (pool_authorizer(),),
    },
    "a function where a user pool is wanted": {
        "methods": [method("GET", COGNITO, authorizer_id="auth1")],
        "authorizers": (token_authorizer(),),
    },
    "an API key": {"methods": [method(api_key_required=True)]},
    "a malformed resource policy": {"policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Maybe"}]}},
    "an identity source that is none": {"authorizers": (request_authorizer("method.request.path.id"),)},
    "a token from the query": {"authorizers": (token_authorizer(identity_source="method.request.querystring.t"),)},
    "a token from two headers": {
        "authorizers": (token_authorizer(identity_source="method.request.header.A,method.request.header.B"),)
    },
    "a token from nowhere": {"authorizers": (token_authorizer(identity_source=None),)},
    "a pool token from the query": {"authorizers": (pool_authorizer(identity_source="method.request.querystring.t"),)},
    "an expression that is none": {"authorizers": (token_authorizer(identity_validation_expression="("),)},
    "an authorizer in the caller's name": {
        "authorizers": (token_authorizer(authorizer_credentials=CALLER_CREDENTIALS),)
    },
    "an authorizer without a function": {"authorizers": (token_authorizer(authorizer_uri=None),)},
    "an authorizer that is no function": {"authorizers": (token_authorizer(authorizer_uri="http://x.test"),)},
    "an authorizer's URI cut short": {
        "authorizers": (token_authorizer(authorizer_uri=invocation_uri(AUTHORIZER_FUNCTION).removesuffix("ions")),)
    },
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_served_is_not_deployable(fault: str) -> None:
    given = dict(FAULTS[fault])
    with pytest.raises(NotDeployable):
        make_plan(resource("/", *given.pop("methods", [])), **given)


def test_a_proxy_to_what_is_no_function_is_not_deployable() -> None:
    integration = aws_proxy()
    broken = type(integration)(type=integration.type, http_method="POST", uri="arn:aws:apigateway:us-east-1:sqs:path/x")
    with pytest.raises(NotDeployable):
        make_plan(resource("/", method(integration=broken)))


def test_a_resource_policy_is_compiled_for_invocations_only() -> None:
    plan = make_plan(policy=resource_policy({}, {"Action": "s3:GetObject"}))
    assert plan.resource_policy is not None
    assert plan.resource_policy.statements == 1


def test_an_authorizer_knows_its_place_and_its_one_header() -> None:
    two = "method.request.header.A,method.request.querystring.q"
    plan = make_plan(
        resource(
            "/",
            method("GET", CUSTOM, authorizer_id="auth1"),
            method("PUT", CUSTOM, authorizer_id="two"),
            method("POST", CUSTOM, authorizer_id="query"),
        ),
        authorizers=(
            token_authorizer(),
            request_authorizer(two, id="two"),
            request_authorizer("method.request.querystring.q", id="query"),
        ),
    )
    found = [each.authorizer for each in plan.methods if each.authorizer is not None]
    assert [each.header for each in found] == ["authorization", None, None]
    assert found[0].place == AuthorizerPlace("123456789012", "abc123", "prod", "dep1", "auth1")
    assert len({each.place for each in found}) == 3


def test_headers_that_stay_here_are_bound_to_the_method() -> None:
    mapped = {"integration.request.header.X-User": "context.authorizer.principalId"}
    plan = make_plan(
        resource("/a", method(integration=http(request_parameters=mapped))),
        resource("/b", method("GET", AuthorizationType.AWS_IAM, integration=aws_proxy())),
    )
    open_method, iam_method = plan.methods
    assert "x-user" in open_method.withheld.names
    assert "authorization" not in open_method.withheld.names
    assert "authorization" in iam_method.withheld.names
    assert "host" not in iam_method.withheld.names
