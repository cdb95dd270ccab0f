"""What a stage serves: a deployment, compiled once, read by every call and changed by none."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Protocol

import re2
from msgspec import Struct

from yett.policy import (
    CompiledPolicies,
    Kind,
    MalformedPolicyDocument,
    NamedPolicy,
    compile_policies,
    parse_policy,
)
from yett.rules.execute_api.access_log import AccessLog, NotLoggable, parse_access_log
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
from yett.rules.execute_api.headers import FUNCTION, HTTP_PROXY, Withheld, withheld_from, withhold
from yett.rules.execute_api.http_target import (
    HttpTarget,
    NotAnHttpTarget,
    fill_stage_variables,
    parse_http_target,
)
from yett.rules.execute_api.identity_source import IdentitySource, NotAnIdentitySource, Place, parse_identity_sources
from yett.rules.execute_api.routing.rest import Router
from yett.values.errors import Refusal

INVOKE: Final = "execute-api:Invoke"
RESOURCE_POLICY: Final = "resource policy"  # the name that a trace gives it
LAMBDA_PATH: Final = ":lambda:path/2015-03-31/functions/"
CALLER_CREDENTIALS: Final = "arn:aws:iam::*:user/*"
INTEGRATION_HEADER: Final = "integration.request.header."


class NotDeployable(Refusal):
    """A deployment holds what cannot be served. The service checks before it deploys; this fails closed."""


class Credentials(StrEnum):
    """In whose name a function is invoked."""

    RESOURCE_POLICY = "RESOURCE_POLICY"  # the gateway's own: the function's policy must let it
    CALLER = "CALLER"  # the caller's own
    ROLE = "ROLE"  # a role that trusts the gateway


class Expression(Protocol):
    """A compiled RE2."""

    def fullmatch(self, text: str) -> object | None:
        """A match of the whole text, or None."""
        ...


class FunctionTarget(Struct, frozen=True, kw_only=True):
    """A function, and in whose name it is invoked."""

    uri: str
    function_arn: str
    credentials: Credentials
    role_arn: str | None = None


class AuthorizerPlace(Struct, frozen=True, cache_hash=True):
    """Where evidence is good: what was proved to one authorizer never opens another."""

    account: str
    api_id: str
    stage: str
    deployment_id: str
    authorizer_id: str


class AuthorizerPlan(Struct, frozen=True, kw_only=True):
    """An authorizer, ready to be asked."""

    id: str
    place: AuthorizerPlace  # where its answers are good
    name: str
    type: AuthorizerType
    sources: tuple[IdentitySource, ...]
    header: str | None  # the one header that is all of the sources, in lower case; None where they are others
    validation: Expression | None  # matched in full
    function: FunctionTarget | None  # Lambda authorizers
    pool_arns: frozenset[str]  # user pools
    ttl_seconds: int


class MethodPlan(Struct, frozen=True, kw_only=True, eq=False):
    """A method of a resource, with its authorization and its backend. Each is only equal to itself."""

    resource_id: str
    resource_path: str  # "/pets/{id}"
    http_method: str  # "GET" … or "ANY"
    authorization_type: AuthorizationType
    authorizer: AuthorizerPlan | None
    scopes: tuple[str, ...]
    response_parameters: Mapping[str, Mapping[str, bool]]
    integration: DeployedIntegration
    function: FunctionTarget | None  # AWS_PROXY
    http_target: HttpTarget | None  # HTTP_PROXY; None too where the URI, with the stage's variables, names none
    withheld: Withheld  # of the client's header lines

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
    access_log: AccessLog | None
    organization_id: str | None = None  # of the account; None: it is in none, or nobody has looked yet
    organization_path: str | None = None  # its place there: "o-exampleorg/r-ab12/ou-ab12-11111111/"


def compile_plan(api: DeployedApi, stage: DeployedStage) -> StagePlan:
    """Compile a deployment for a stage.

    Raises:
        NotDeployable: It holds something that is not offered, that is malformed, or that does not fit together.
    """
    try:
        return _compile(api, stage)
    except (MalformedPolicyDocument, NotAnIdentitySource, NotLoggable) as refusal:
        raise NotDeployable(refusal.reason) from refusal


def _compile(api: DeployedApi, stage: DeployedStage) -> StagePlan:
    authorizers = {each.id: _compile_authorizer(each, api, stage) for each in api.authorizers}
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
        access_log=parse_access_log(stage.access_log_settings, account=api.account, region=api.region),
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
    integration = method.integration
    function = http_target = None
    if integration.type is IntegrationType.AWS_PROXY:
        function = _compile_function(integration.uri, integration.credentials, stage)
    elif integration.type is IntegrationType.HTTP_PROXY:
        try:
            http_target = parse_http_target(integration.uri or "", stage_variables=stage.variables)
        except NotAnHttpTarget:
            http_target = None  # calls get a 500, as on AWS; the other methods are served
    return MethodPlan(
        resource_id=resource.id,
        resource_path=resource.path,
        http_method=method.http_method,
        authorization_type=method.authorization_type,
        authorizer=authorizer,
        scopes=method.authorization_scopes,
        response_parameters=method.response_parameters,
        integration=integration,
        function=function,
        http_target=http_target,
        withheld=withhold(_withheld_headers(method)),
    )


def _withheld_headers(method: DeployedMethod) -> frozenset[str]:
    """What of the client's headers stays here: by the backend's kind, whatever is mapped, and ``AWS_IAM`` evidence."""
    integration = method.integration
    withheld = withheld_from(HTTP_PROXY if integration.type is IntegrationType.HTTP_PROXY else FUNCTION)
    if integration.type is IntegrationType.HTTP_PROXY:
        withheld |= {
            target.removeprefix(INTEGRATION_HEADER).lower().replace("_", "-")
            for target in integration.request_parameters
            if target.startswith(INTEGRATION_HEADER)
        }
    if method.authorization_type is AuthorizationType.AWS_IAM:
        withheld |= {"authorization"}
    return withheld


def _compile_authorizer(authorizer: DeployedAuthorizer, api: DeployedApi, stage: DeployedStage) -> AuthorizerPlan:
    where = f"authorizer {authorizer.name}"
    sources = parse_identity_sources(authorizer.identity_source)
    if authorizer.type is not AuthorizerType.REQUEST and [each.place for each in sources] != [Place.HEADER]:
        raise NotDeployable(f"{where}: a token comes from one header, not from `{authorizer.identity_source}`")
    function = None
    if authorizer.type is not AuthorizerType.COGNITO_USER_POOLS:
        function = _compile_function(authorizer.authorizer_uri, authorizer.authorizer_credentials, stage)
        if function.credentials is Credentials.CALLER:
            raise NotDeployable(f"{where}: there is no caller yet whose credentials could be used")
    return AuthorizerPlan(
        id=authorizer.id,
        place=AuthorizerPlace(api.account, api.api_id, stage.name, api.deployment_id, authorizer.id),
        name=authorizer.name,
        type=authorizer.type,
        sources=sources,
        header=sources[0].name if len(sources) == 1 and sources[0].place is Place.HEADER else None,
        validation=_compile_expression(authorizer.identity_validation_expression, where=where),
        function=function,
        pool_arns=frozenset(authorizer.provider_arns),
        ttl_seconds=authorizer.result_ttl_seconds,
    )


def _compile_expression(text: str | None, *, where: str) -> Expression | None:
    try:
        return re2.compile(text) if text else None
    except re2.error as error:
        raise NotDeployable(f"{where}: `{text}` is no expression of RE2") from error


def _compile_function(uri: str | None, credentials: str | None, stage: DeployedStage) -> FunctionTarget:
    """Read ``arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations``."""
    resolved = fill_stage_variables(uri or "", stage.variables).removesuffix("/")
    _, found, rest = resolved.partition(LAMBDA_PATH)
    if not found or not rest.endswith("/invocations"):
        raise NotDeployable(f"`{uri}` does not name a function to invoke")
    if not credentials:
        kind = Credentials.RESOURCE_POLICY
    else:
        kind = Credentials.CALLER if credentials == CALLER_CREDENTIALS else Credentials.ROLE
    return FunctionTarget(
        uri=resolved,
        function_arn=rest.removesuffix("/invocations"),
        credentials=kind,
        role_arn=credentials if kind is Credentials.ROLE else None,
    )
