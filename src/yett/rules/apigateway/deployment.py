"""Freezing: an API, as it is now, becomes what a deployment serves.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateDeployment.html
"""

from datetime import datetime

from yett.rules.apigateway.authorizer import DEFAULT_TTL_SECONDS
from yett.rules.apigateway.errors import BadRequest
from yett.rules.apigateway.method import INVALID_AUTHORIZER
from yett.rules.apigateway.rest_api import Authorizer, Deployment, Integration, Method, Resource, RestApi
from yett.rules.execute_api.deployment import (
    AuthorizationType,
    AuthorizerType,
    DeployedApi,
    DeployedAuthorizer,
    DeployedGatewayResponse,
    DeployedIntegration,
    DeployedIntegrationResponse,
    DeployedMethod,
    DeployedResource,
    EndpointType,
    IntegrationType,
)


def freeze(api: RestApi, *, deployment_id: str, now: datetime) -> DeployedApi:
    """The snapshot that stages serve.

    Raises:
        BadRequest: There is no method, one has no integration, or its authorizer is gone.
    """
    resources = tuple(
        freeze_resource(resource, api) for resource in sorted(api.resources.values(), key=lambda one: one.path)
    )
    if not any(resource.methods for resource in resources):
        raise BadRequest("The REST API doesn't contain any methods")
    return DeployedApi(
        account=api.account,
        region=api.region,
        api_id=api.id,
        name=api.name,
        deployment_id=deployment_id,
        deployed_at=now,
        endpoint_type=EndpointType(api.endpoint_configuration.types[0]),
        resources=resources,
        authorizers=tuple(freeze_authorizer(authorizer) for authorizer in api.authorizers.values()),
        policy=api.policy,
        gateway_responses=tuple(
            DeployedGatewayResponse(
                response_type=response.response_type,
                status_code=response.status_code,
                response_parameters=response.response_parameters,
                response_templates=response.response_templates,
            )
            for response in api.gateway_responses.values()
        ),
        binary_media_types=api.binary_media_types,
        disable_execute_api_endpoint=api.disable_execute_api_endpoint,
    )


def freeze_resource(resource: Resource, api: RestApi) -> DeployedResource:
    """A resource with its methods."""
    methods = tuple(freeze_method(method, api) for _, method in sorted(resource.resource_methods.items()))
    return DeployedResource(id=resource.id, path=resource.path, methods=methods)


def freeze_method(method: Method, api: RestApi) -> DeployedMethod:
    """A method, which must have an integration and, where its type asks for one, its authorizer."""
    if method.method_integration is None:
        raise BadRequest("No integration defined for method")
    kind = AuthorizationType(method.authorization_type)
    if (
        kind in (AuthorizationType.CUSTOM, AuthorizationType.COGNITO_USER_POOLS)
        and method.authorizer_id not in api.authorizers
    ):
        raise BadRequest(INVALID_AUTHORIZER)
    return DeployedMethod(
        http_method=method.http_method,
        authorization_type=kind,
        authorizer_id=method.authorizer_id,
        authorization_scopes=method.authorization_scopes,
        api_key_required=method.api_key_required,
        operation_name=method.operation_name,
        request_parameters=method.request_parameters,
        response_parameters={
            status: response.response_parameters for status, response in method.method_responses.items()
        },
        integration=freeze_integration(method.method_integration),
    )


def freeze_integration(integration: Integration) -> DeployedIntegration:
    """A backend."""
    return DeployedIntegration(
        type=IntegrationType(integration.type),
        http_method=integration.http_method,
        uri=integration.uri,
        credentials=integration.credentials,
        timeout_ms=integration.timeout_in_millis,
        passthrough_behavior=integration.passthrough_behavior,
        request_parameters=integration.request_parameters,
        request_templates=integration.request_templates,
        content_handling=integration.content_handling,
        responses=tuple(
            DeployedIntegrationResponse(
                status_code=row.status_code,
                selection_pattern=row.selection_pattern,
                response_parameters=row.response_parameters,
                response_templates=row.response_templates,
                content_handling=row.content_handling,
            )
            for row in integration.integration_responses.values()
        ),
    )


def freeze_authorizer(authorizer: Authorizer) -> DeployedAuthorizer:
    """An authorizer, its default TTL written out."""
    ttl_seconds = authorizer.authorizer_result_ttl_in_seconds
    return DeployedAuthorizer(
        id=authorizer.id,
        name=authorizer.name,
        type=AuthorizerType(authorizer.type),
        identity_source=authorizer.identity_source,
        identity_validation_expression=authorizer.identity_validation_expression,
        authorizer_uri=authorizer.authorizer_uri,
        authorizer_credentials=authorizer.authorizer_credentials,
        provider_arns=authorizer.provider_arns,
        result_ttl_seconds=DEFAULT_TTL_SECONDS if ttl_seconds is None else ttl_seconds,
    )


def summarize(deployment: Deployment) -> dict[str, dict[str, dict[str, object]]]:
    """``apiSummary``: path -> verb -> authorization type and whether a key is asked for."""
    return {
        resource.path: {
            method.http_method: {
                "authorizationType": method.authorization_type.value,
                "apiKeyRequired": method.api_key_required,
            }
            for method in resource.methods
        }
        for resource in deployment.snapshot.resources
        if resource.methods
    }
