"""Rows of data, and short ways to build APIs, plans and calls."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from yett.policy import CompiledPolicies, Decision, Kind, NamedPolicy, Outcome, compile_policies, parse_policy
from yett.rules.execute_api.call import Authorized, Facts, Question, Routed, Standing
from yett.rules.execute_api.deployment import (
    AuthorizationType,
    AuthorizerType,
    DeployedApi,
    DeployedAuthorizer,
    DeployedIntegration,
    DeployedMethod,
    DeployedResource,
    DeployedStage,
    EndpointType,
    IntegrationType,
)
from yett.rules.execute_api.plan import INVOKE, StagePlan, compile_plan
from yett.values.http import Headers, HttpRequest
from yett.values.identity import ANONYMOUS, IamIdentity, Identity, PrincipalType

CASES = Path(__file__).parents[2] / "cases" / "execute_api"
ACCOUNT, OTHER = "123456789012", "999999999999"
REGION, API_ID, STAGE = "us-east-1", "abc123", "prod"
HOST = f"{API_ID}.execute-api.localhost"
REQUEST_ID = "0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f1"
NOW = datetime(2026, 3, 4, 5, 6, 7, 891000, tzinfo=UTC)
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:backend"
AUTHORIZER_FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:authorizer"
POOL_ID = "us-east-1_abcdefghi"
POOL = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{POOL_ID}"
TOKEN_HEADER = "method.request.header.Authorization"


def read_cases(name: str) -> list[dict[str, Any]]:
    return json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))


def case_name(case: Mapping[str, Any]) -> str:
    return str(case["name"])


def invocation_uri(function_arn: str) -> str:
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function_arn}/invocations"


def http(uri: str = "http://backend.test/", **more: Any) -> DeployedIntegration:
    return DeployedIntegration(type=IntegrationType.HTTP_PROXY, http_method="ANY", uri=uri, **more)


def aws_proxy(function_arn: str = FUNCTION, **more: Any) -> DeployedIntegration:
    uri = invocation_uri(function_arn)
    return DeployedIntegration(type=IntegrationType.AWS_PROXY, http_method="POST", uri=uri, **more)


def method(
    verb: str = "GET",
    kind: AuthorizationType = AuthorizationType.NONE,
    *,
    integration: DeployedIntegration | None = None,
    **more: Any,
) -> DeployedMethod:
    return DeployedMethod(http_method=verb, authorization_type=kind, integration=integration or http(), **more)


def resource(path: str, *methods: DeployedMethod) -> DeployedResource:
    return DeployedResource(id=f"id of {path}", path=path, methods=methods)


def token_authorizer(**more: Any) -> DeployedAuthorizer:
    given = {"id": "auth1", "name": "tokens", "type": AuthorizerType.TOKEN, "identity_source": TOKEN_HEADER}
    given["authorizer_uri"] = invocation_uri(AUTHORIZER_FUNCTION)
    return DeployedAuthorizer(**(given | more))


def request_authorizer(identity_source: str | None = TOKEN_HEADER, **more: Any) -> DeployedAuthorizer:
    return token_authorizer(type=AuthorizerType.REQUEST, identity_source=identity_source, **more)


def pool_authorizer(*pools: str, **more: Any) -> DeployedAuthorizer:
    given = {"id": "auth2", "name": "users", "type": AuthorizerType.COGNITO_USER_POOLS, "identity_source": TOKEN_HEADER}
    return DeployedAuthorizer(**(given | {"provider_arns": pools or (POOL,)} | more))


def make_api(
    *resources: DeployedResource,
    authorizers: tuple[DeployedAuthorizer, ...] = (),
    policy: Mapping[str, Any] | None = None,
    **more: Any,
) -> DeployedApi:
    given: dict[str, Any] = {
        "account": ACCOUNT,
        "region": REGION,
        "api_id": API_ID,
        "name": "pets",
        "deployment_id": "dep1",
        "deployed_at": NOW,
        "endpoint_type": EndpointType.REGIONAL,
        "resources": resources,
        "authorizers": authorizers,
        "policy": None if policy is None else json.dumps(policy),
    }
    return DeployedApi(**(given | more))


def make_plan(
    *resources: DeployedResource,
    variables: Mapping[str, str] | None = None,
    access_log_settings: Mapping[str, str] | None = None,
    **more: Any,
) -> StagePlan:
    api = make_api(*resources, **more)
    stage = DeployedStage(
        name=STAGE,
        deployment_id=api.deployment_id,
        variables=variables or {},
        access_log_settings=access_log_settings or {},
    )
    return compile_plan(api, stage)


def document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": INVOKE, "Resource": "*", **each} for each in statements],
    }


def resource_policy(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return document(*({"Principal": "*", **each} for each in statements))


def compiled(kind: Kind, *statements: Mapping[str, Any], actions: frozenset[str] | None = None) -> CompiledPolicies:
    text = json.dumps(document(*statements))
    return compile_policies((NamedPolicy("policy", parse_policy(text, kind=kind)),), actions=actions)


def user(name: str = "bob", account: str = ACCOUNT) -> IamIdentity:
    arn = f"arn:aws:iam::{account}:user/{name}"
    return IamIdentity(
        account=account,
        arn=arn,
        user_id="AIDAEXAMPLEEXAMPLEEX",
        principal_type=PrincipalType.USER,
        access_key_id=f"AKIA{name.upper():X<16}",
        principal_arn=arn,
        user_name=name,
        organization_id="o-exampleorg",
    )


def make_request(
    verb: str = "GET",
    path: str = "/",
    *headers: tuple[str, str],
    query: str = "",
    body: bytes = b"",
    stage: str = STAGE,
    host: str = HOST,
    **more: Any,
) -> HttpRequest:
    target = f"/{stage}{path}" if stage else path
    given: dict[str, Any] = {
        "method": verb,
        "target": target + (f"?{query}" if query else ""),
        "path": target,
        "query": query,
        "headers": Headers((("Host", f"{host}:4566"), *headers)),
        "body": body,
        "host": host,
        "source_ip": "203.0.113.7",
        "scheme": "http",
        "request_id": REQUEST_ID,
        "received_at": NOW,
    }
    return HttpRequest(**(given | more))


def route(plan: StagePlan, request: HttpRequest, path: str) -> Routed:
    """The call as the line's first step gives it."""
    found = plan.router.find(request.method, path)
    assert found is not None, f"{request.method} {path} has no method"
    method_plan, path_parameters = found
    question = Question(
        plan=plan, method=method_plan, arn=f"{plan.arn_prefix}{request.method}{path}", facts=Facts.of(request)
    )
    return Routed(request=request, sent=request, question=question, path=path, path_parameters=path_parameters)


def call(
    integration: DeployedIntegration,
    *,
    template: str = "/",
    path: str | None = None,
    verb: str = "GET",
    headers: tuple[tuple[str, str], ...] = (),
    query: str = "",
    body: bytes = b"",
    kind: AuthorizationType = AuthorizationType.NONE,
    identity: Identity = ANONYMOUS,
    variables: Mapping[str, str] | None = None,
    **api: Any,
) -> Authorized:
    """An authorized call of the one method of an API."""
    path = template if path is None else path
    plan = make_plan(resource(template, method("ANY", kind, integration=integration)), variables=variables, **api)
    routed = route(plan, make_request(verb, path, *headers, query=query, body=body), path)
    return Authorized(routed, Standing(identity=identity), Decision(Outcome.ALLOW))
