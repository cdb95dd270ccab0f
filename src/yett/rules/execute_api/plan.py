"""What a stage serves: a deployment, compiled once, read by every call and changed by none."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import re2
from msgspec import Struct

from yett.policy import CompiledPolicies, Kind, NamedPolicy, compile_policies, parse_policy
from yett.rules.execute_api.deployment import (
    AuthorizationType,
    AuthorizerType,
    DeployedApi,
    DeployedAuthorizer,
    DeployedGatewayResponse,
    DeployedIntegration,
    DeployedMethod,
    DeployedResource,
    DeployedStage,
    EndpointType,
    IntegrationType,
)
from yett.rules.execute_api.identity_source import IdentitySource, parse_identity_sources
from yett.rules.execute_api.routing.rest import Router
from yett.values.errors import Refusal

INVOKE: Final = "execute-api:Invoke"
RESOURCE_POLICY: Final = "resource policy"  # the name that a trace gives it
LAMBDA_PATH: Final = ":lambda:path/2015-03-31/functions/"
CALLER_CREDENTIALS: Final = "arn:aws:iam::*:user/*"


class NotDeployable(Refusal):
    """A deployment holds what cannot be served. The service checks before it deploys; this fails closed."""


class Credentials(StrEnum):
    """In whose name a function is invoked."""

    RESOURCE_POLICY = "RESOURCE_POLICY"  # the gateway's own: the function's policy must let it
    CALLER = "CALLER"  # the caller's own
    ROLE = "ROLE"  # a role that trusts the gateway


class FunctionTarget(Struct, frozen=True, kw_only=True):
    """A function, and in whose name it is invoked."""

    uri: str  # may hold ${stageVariables.x} until the stage is known
    function_arn: str
    credentials: Credentials
    role_arn: str | None = None


class AuthorizerPlan(Struct, frozen=True, kw_only=True):
    """An authorizer, ready to be asked."""

    id: str
    name: str
    type: AuthorizerType
    sources: tuple[IdentitySource, ...]
    validation: object | None  # a compiled RE2, matched in full
    function: FunctionTarget | None  # Lambda authorizers
    pool_arns: frozenset[str]  # user pools
    ttl_seconds: int


class MethodPlan(Struct, frozen=True, kw_only=True):
    """A method of a resource, with its authorization and its backend."""

    resource_id: str
    resource_path: str  # "/pets/{id}"
    http_method: str  # "GET" … or "ANY"
    authorization_type: AuthorizationType
    authorizer: AuthorizerPlan | None
    scopes: tuple[str, ...]
    response_parameters: Mapping[str, Mapping[str, bool]]
    integration: DeployedIntegration
    function: FunctionTarget | None  # AWS_PROXY

    @property
    def name(self) -> str:
        """``GET /pets/{id}``."""
        return f"{self.http_method} {self.resource_path}"


class StagePlan(Struct, frozen=True, kw_only=True):
    """All that a call of the stage needs to know."""

    account: str
    region: str
    api_id: str
    api_name: str
    stage: str
    deployment_id: str
    endpoint_type: EndpointType
    arn_prefix: str  # "arn:aws:execute-api:us-east-1:123456789012:abc123/prod/"
    variables: Mapping[str, str]
    router: Router[MethodPlan]
    resource_policy: CompiledPolicies | None
    gateway_responses: Mapping[str, DeployedGatewayResponse]
    binary_media_types: frozenset[str]
    is_default_endpoint_disabled: bool
    methods: tuple[MethodPlan, ...]


def compile_plan(api: DeployedApi, stage: DeployedStage) -> StagePlan:
    """Compile a deployment for a stage.

    Raises:
        NotDeployable: It holds something that is not offered, or that does not fit together.
    """
    authorizers = {each.id: _compile_authorizer(each, stage) for each in api.authorizers}
    methods = {
        resource.path: {
            method.http_method: _compile_method(resource, method, authorizers, stage) for method in resource.methods
        }
        for resource in api.resources
    }
    policy = None
    if api.policy is not None:
        document = parse_policy(api.policy, kind=Kind.RESOURCE)
        policy = compile_policies((NamedPolicy(RESOURCE_POLICY, document),), actions=frozenset({INVOKE}))
    return StagePlan(
        account=api.account,
        region=api.region,
        api_id=api.api_id,
        api_name=api.name,
        stage=stage.name,
        deployment_id=api.deployment_id,
        endpoint_type=api.endpoint_type,
        arn_prefix=f"arn:aws:execute-api:{api.region}:{api.account}:{api.api_id}/{stage.name}/",
        variables=stage.variables,
        router=Router(methods.items()),
        resource_policy=policy,
        gateway_responses={each.response_type: each for each in api.gateway_responses},
        binary_media_types=frozenset(each.lower() for each in api.binary_media_types),
        is_default_endpoint_disabled=api.disable_execute_api_endpoint,
        methods=tuple(method for by_verb in methods.values() for method in by_verb.values()),
    )


def _compile_method(
    resource: DeployedResource,
    method: DeployedMethod,
    authorizers: Mapping[str, AuthorizerPlan],
    stage: DeployedStage,
) -> MethodPlan:
    where = f"{method.http_method} {resource.path}"
    authorizer = None
    if method.authorization_type in {AuthorizationType.CUSTOM, AuthorizationType.COGNITO_USER_POOLS}:
        authorizer = authorizers.get(method.authorizer_id or "")
        is_cognito = authorizer is not None and authorizer.type is AuthorizerType.COGNITO_USER_POOLS
        if authorizer is None or is_cognito is not (method.authorization_type is AuthorizationType.COGNITO_USER_POOLS):
            raise NotDeployable(f"{where}: no authorizer of its type `{method.authorization_type}`")
    if method.api_key_required:
        raise NotDeployable(f"{where}: API keys are not offered")
    function = None
    if method.integration.type is IntegrationType.AWS_PROXY:
        function = _compile_function(method.integration.uri, method.integration.credentials, stage)
    return MethodPlan(
        resource_id=resource.id,
        resource_path=resource.path,
        http_method=method.http_method,
        authorization_type=method.authorization_type,
        authorizer=authorizer,
        scopes=method.authorization_scopes,
        response_parameters=method.response_parameters,
        integration=method.integration,
        function=function,
    )


def _compile_authorizer(authorizer: DeployedAuthorizer, stage: DeployedStage) -> AuthorizerPlan:
    expression = authorizer.identity_validation_expression
    function = None
    if authorizer.type is not AuthorizerType.COGNITO_USER_POOLS:
        function = _compile_function(authorizer.authorizer_uri, authorizer.authorizer_credentials, stage)
        if function.credentials is Credentials.CALLER:
            raise NotDeployable(f"authorizer {authorizer.name}: there is no caller yet whose credentials could be used")
    return AuthorizerPlan(
        id=authorizer.id,
        name=authorizer.name,
        type=authorizer.type,
        sources=parse_identity_sources(authorizer.identity_source),
        validation=re2.compile(expression) if expression else None,
        function=function,
        pool_arns=frozenset(authorizer.provider_arns),
        ttl_seconds=authorizer.result_ttl_seconds,
    )


def _compile_function(uri: str | None, credentials: str | None, stage: DeployedStage) -> FunctionTarget:
    """Read ``arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations``."""
    resolved = uri or ""
    for name, value in stage.variables.items():
        resolved = resolved.replace(f"${{stageVariables.{name}}}", value)
    _, found, rest = resolved.partition(LAMBDA_PATH)
    if not found or not rest.endswith("/invocations"):
        raise NotDeployable(f"`{uri}` does not name a function to invoke")
    kind = (
        Credentials.RESOURCE_POLICY
        if not credentials
        else Credentials.CALLER
        if credentials == CALLER_CREDENTIALS
        else Credentials.ROLE
    )
    return FunctionTarget(
        uri=resolved,
        function_arn=rest.removesuffix("/invocations"),
        credentials=kind,
        role_arn=credentials if kind is Credentials.ROLE else None,
    )
