"""The nouns of a REST API, as they are while it is edited. Their members are spelled as AWS's when rendered.

A member that AWS leaves out of an answer while it is unset has a default here and is left out likewise.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from yett.rules.execute_api.deployment import DeployedApi


class Described(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A noun whose encoded members are those of AWS's model."""

    def describe(self) -> dict[str, Any]:
        """The members of the modelled output; moments stay datetimes."""
        described: dict[str, Any] = with_lists(msgspec.to_builtins(self, builtin_types=(datetime,)))
        return described


def with_lists(value: Any) -> Any:
    """The value with lists for its tuples, as clients and patches have them."""
    if isinstance(value, dict):
        return {name: with_lists(item) for name, item in value.items()}
    return [with_lists(item) for item in value] if isinstance(value, list | tuple) else value


class MethodResponse(Described, frozen=True, kw_only=True):
    """What a method may answer with."""

    status_code: str
    response_parameters: Mapping[str, bool] = {}
    response_models: Mapping[str, str] = {}


class IntegrationResponse(Described, frozen=True, kw_only=True):
    """How one kind of backend answer becomes a method response."""

    status_code: str
    selection_pattern: str | None = None  # None: the default row
    response_parameters: Mapping[str, str] = {}
    response_templates: Mapping[str, str] = {}
    content_handling: str | None = None


class Integration(Described, frozen=True, kw_only=True):
    """A method's backend."""

    type: str
    http_method: str | None = None
    uri: str | None = None
    connection_type: str | None = None
    credentials: str | None = None
    request_parameters: Mapping[str, str] = {}
    request_templates: Mapping[str, str] = {}
    passthrough_behavior: str
    content_handling: str | None = None
    timeout_in_millis: int
    cache_namespace: str | None = None
    cache_key_parameters: tuple[str, ...]
    integration_responses: Mapping[str, IntegrationResponse] = {}  # by status code


class Method(Described, frozen=True, kw_only=True):
    """A method of a resource."""

    http_method: str
    authorization_type: str
    authorizer_id: str | None = None
    authorization_scopes: tuple[str, ...] = ()
    api_key_required: bool
    operation_name: str | None = None
    request_parameters: Mapping[str, bool] = {}
    request_models: Mapping[str, str] = {}
    method_responses: Mapping[str, MethodResponse] = {}
    method_integration: Integration | None = None


class Resource(Described, frozen=True, kw_only=True):
    """A path with its methods."""

    id: str
    parent_id: str | None = None
    path_part: str | None = None  # None for the root
    path: str
    resource_methods: Mapping[str, Method] = {}


class Authorizer(Described, frozen=True, kw_only=True):
    """Who vouches for callers."""

    id: str
    name: str
    type: str
    provider_arns: tuple[str, ...] = msgspec.field(default=(), name="providerARNs")
    auth_type: str | None = None
    authorizer_uri: str | None = None
    authorizer_credentials: str | None = None
    identity_source: str | None = None
    identity_validation_expression: str | None = None
    authorizer_result_ttl_in_seconds: int | None = None  # None: 300, and not shown (spec 08, no. 19)


class GatewayResponse(Described, frozen=True, kw_only=True):
    """A customized answer of the gateway's own."""

    response_type: str
    status_code: str | None = None
    response_parameters: Mapping[str, str]
    response_templates: Mapping[str, str]
    default_response: bool


class Model(Described, frozen=True, kw_only=True):
    """A JSON schema. Nothing asks for one while request validators are not offered."""

    id: str
    name: str
    description: str | None = None
    schema: str | None = None
    content_type: str


class EndpointConfiguration(Described, frozen=True, kw_only=True):
    """Where the API is reachable from."""

    types: tuple[str, ...]
    ip_address_type: str


class RestApi(Described, frozen=True, kw_only=True):
    """A REST API whole: one document, changed in one transaction."""

    id: str
    account: str
    region: str
    name: str
    description: str | None = None
    created_date: datetime
    version: str | None = None
    warnings: tuple[str, ...] = ()
    binary_media_types: tuple[str, ...] = ()
    minimum_compression_size: int | None = None
    api_key_source: str
    endpoint_configuration: EndpointConfiguration
    policy: str | None = None  # compact JSON, short forms expanded
    tags: Mapping[str, str] = {}
    disable_execute_api_endpoint: bool
    root_resource_id: str
    resources: Mapping[str, Resource]  # by id; the root is among them
    authorizers: Mapping[str, Authorizer] = {}  # by id
    gateway_responses: Mapping[str, GatewayResponse] = {}  # by type; customized ones only
    models: Mapping[str, Model] = {}  # by name


class Deployment(Described, frozen=True, kw_only=True):
    """A deployment and the API that it froze."""

    id: str
    description: str | None = None
    created_date: datetime
    snapshot: DeployedApi


class MethodSettings(Described, frozen=True, kw_only=True):
    """What a stage says of a method: logs and metrics only, since throttles and caches are not offered."""

    metrics_enabled: bool = False
    logging_level: str = "OFF"
    data_trace_enabled: bool = False


class Stage(Described, frozen=True, kw_only=True):
    """A name under which a deployment is served."""

    api_id: str
    stage_name: str
    deployment_id: str
    description: str | None = None
    cache_cluster_enabled: bool
    cache_cluster_status: str
    method_settings: Mapping[str, MethodSettings]
    variables: Mapping[str, str] = {}
    documentation_version: str | None = None
    access_log_settings: Mapping[str, str] | None = None
    tracing_enabled: bool
    tags: Mapping[str, str] = {}
    created_date: datetime
    last_updated_date: datetime
