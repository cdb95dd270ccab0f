"""A deployment: the whole definition of a REST API, frozen at the moment that CreateDeployment was called.

The API Gateway service writes it, the store keeps it, `plan.py` compiles it. Nothing of the live configuration is
read when a
call is served: a change has no effect until it is deployed, as on AWS.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class AuthorizationType(StrEnum):
    """``authorizationType`` of a method."""

    NONE = "NONE"
    AWS_IAM = "AWS_IAM"
    CUSTOM = "CUSTOM"
    COGNITO_USER_POOLS = "COGNITO_USER_POOLS"


class AuthorizerType(StrEnum):
    """``type`` of an authorizer."""

    TOKEN = "TOKEN"  # noqa: S105
    REQUEST = "REQUEST"
    COGNITO_USER_POOLS = "COGNITO_USER_POOLS"


class IntegrationType(StrEnum):
    """``type`` of an integration, as far as it is offered."""

    AWS_PROXY = "AWS_PROXY"
    HTTP_PROXY = "HTTP_PROXY"
    MOCK = "MOCK"


class EndpointType(StrEnum):
    """``endpointConfiguration.types``."""

    EDGE = "EDGE"
    REGIONAL = "REGIONAL"
    PRIVATE = "PRIVATE"


class DeployedAuthorizer(Struct, frozen=True, kw_only=True):
    """One authorizer."""

    id: str
    name: str
    type: AuthorizerType
    identity_source: str | None = None  # "method.request.header.Authorization, method.request.querystring.q"
    identity_validation_expression: str | None = None  # RE2; checked when it was stored
    authorizer_uri: str | None = None  # arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations
    authorizer_credentials: str | None = None  # role ARN
    provider_arns: tuple[str, ...] = ()  # user pools
    result_ttl_seconds: int = 300  # 0 to 3600


class DeployedIntegrationResponse(Struct, frozen=True, kw_only=True):
    """One row of an integration's responses."""

    status_code: str
    selection_pattern: str | None = None  # None: the default row
    response_parameters: Mapping[str, str] = {}  # "method.response.header.X": "'literal'" or "integration.response.…"
    response_templates: Mapping[str, str] = {}  # by content type
    content_handling: str | None = None


class DeployedIntegration(Struct, frozen=True, kw_only=True):
    """A method's backend."""

    type: IntegrationType
    http_method: str | None = None
    uri: str | None = None
    credentials: str | None = None  # role ARN, or "arn:aws:iam::*:user/*": the caller's own
    timeout_ms: int = 29_000
    passthrough_behavior: str = "WHEN_NO_MATCH"
    request_parameters: Mapping[
        str, str
    ] = {}  # "integration.request.header.X": "method.request.…", "context.…", "'literal'"
    request_templates: Mapping[str, str] = {}
    content_handling: str | None = None
    responses: tuple[DeployedIntegrationResponse, ...] = ()


class DeployedMethod(Struct, frozen=True, kw_only=True):
    """A method of a resource."""

    http_method: str  # "GET" … or "ANY"
    authorization_type: AuthorizationType
    authorizer_id: str | None = None
    authorization_scopes: tuple[str, ...] = ()
    api_key_required: bool = False
    operation_name: str | None = None
    request_parameters: Mapping[str, bool] = {}  # "method.request.querystring.q": required
    response_parameters: Mapping[str, Mapping[str, bool]] = {}  # by status code, of the method responses
    integration: DeployedIntegration


class DeployedResource(Struct, frozen=True, kw_only=True):
    """A resource with its methods."""

    id: str
    path: str  # "/pets/{id}", "/" for the root
    methods: tuple[DeployedMethod, ...] = ()


class DeployedGatewayResponse(Struct, frozen=True, kw_only=True):
    """A customized gateway response."""

    response_type: str  # "ACCESS_DENIED"
    status_code: str | None = None
    response_parameters: Mapping[str, str] = {}  # "gatewayresponse.header.X"
    response_templates: Mapping[str, str] = {}


class DeployedApi(Struct, frozen=True, kw_only=True):
    """What a deployment froze."""

    account: str
    region: str
    api_id: str
    name: str
    deployment_id: str
    deployed_at: datetime
    endpoint_type: EndpointType
    resources: tuple[DeployedResource, ...]
    authorizers: tuple[DeployedAuthorizer, ...] = ()
    policy: str | None = None  # resource policy, short forms expanded
    gateway_responses: tuple[DeployedGatewayResponse, ...] = ()
    binary_media_types: tuple[str, ...] = ()
    disable_execute_api_endpoint: bool = False


class DeployedStage(Struct, frozen=True, kw_only=True):
    """A stage, which names the deployment that it serves. Its variables are live: updating a stage needs no
    deployment.
    """

    name: str
    deployment_id: str
    variables: Mapping[str, str] = {}
    access_log_settings: Mapping[str, str] = {}
