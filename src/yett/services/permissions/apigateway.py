"""What API Gateway's operations ask of their caller's policies: the HTTP verb, on the path of the resource.

Roles among credentials are weighed by the service itself, as they come in with many operations.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from yett.services.permissions.row import Params, Permission, Row

PREFIX: Final = "arn:{partition}:apigateway:{region}::"

APIS: Final = "/restapis"
API: Final = "/restapis/{restApiId}"
RESOURCES: Final = f"{API}/resources"
RESOURCE: Final = f"{RESOURCES}/{{resourceId}}"
METHOD: Final = f"{RESOURCE}/methods/{{httpMethod}}"
METHOD_RESPONSE: Final = f"{METHOD}/responses/{{statusCode}}"
INTEGRATION: Final = f"{METHOD}/integration"
INTEGRATION_RESPONSE: Final = f"{INTEGRATION}/responses/{{statusCode}}"
AUTHORIZERS: Final = f"{API}/authorizers"
AUTHORIZER: Final = f"{AUTHORIZERS}/{{authorizerId}}"
DEPLOYMENTS: Final = f"{API}/deployments"
DEPLOYMENT: Final = f"{DEPLOYMENTS}/{{deploymentId}}"
STAGES: Final = f"{API}/stages"
STAGE: Final = f"{STAGES}/{{stageName}}"
RESPONSES: Final = f"{API}/gatewayresponses"
RESPONSE: Final = f"{RESPONSES}/{{responseType}}"
MODELS: Final = f"{API}/models"
MODEL: Final = f"{MODELS}/{{modelName}}"


def row(verb: str, path: str, *, tags: str | None = None) -> Permission:
    """A verb on a path."""
    return Permission(action=f"apigateway:{verb}", resource=PREFIX + path, tags=tags)


def tags_of(params: Params, account: str, region: str) -> tuple[str, ...]:  # noqa: ARG001
    """The tags of a resource, whose ARN is part of the path, encoded."""
    return (f"arn:aws:apigateway:{region}::/tags/{quote(str(params.get('resourceArn', '')), safe='')}",)


PERMISSIONS: Final[Mapping[str, Row]] = {
    "CreateAuthorizer": row("POST", AUTHORIZERS),
    "CreateDeployment": row("POST", DEPLOYMENTS),
    "CreateModel": row("POST", MODELS),
    "CreateResource": row("POST", f"{RESOURCES}/{{parentId}}"),
    "CreateRestApi": row("POST", APIS, tags="tags"),
    "CreateStage": row("POST", STAGES, tags="tags"),
    "DeleteAuthorizer": row("DELETE", AUTHORIZER),
    "DeleteDeployment": row("DELETE", DEPLOYMENT),
    "DeleteGatewayResponse": row("DELETE", RESPONSE),
    "DeleteIntegration": row("DELETE", INTEGRATION),
    "DeleteIntegrationResponse": row("DELETE", INTEGRATION_RESPONSE),
    "DeleteMethod": row("DELETE", METHOD),
    "DeleteMethodResponse": row("DELETE", METHOD_RESPONSE),
    "DeleteModel": row("DELETE", MODEL),
    "DeleteResource": row("DELETE", RESOURCE),
    "DeleteRestApi": row("DELETE", API),
    "DeleteStage": row("DELETE", STAGE),
    "FlushStageAuthorizersCache": row("DELETE", f"{STAGE}/cache/authorizers"),
    "GetAccount": row("GET", "/account"),
    "GetAuthorizer": row("GET", AUTHORIZER),
    "GetAuthorizers": row("GET", AUTHORIZERS),
    "GetDeployment": row("GET", DEPLOYMENT),
    "GetDeployments": row("GET", DEPLOYMENTS),
    "GetGatewayResponse": row("GET", RESPONSE),
    "GetGatewayResponses": row("GET", RESPONSES),
    "GetIntegration": row("GET", INTEGRATION),
    "GetIntegrationResponse": row("GET", INTEGRATION_RESPONSE),
    "GetMethod": row("GET", METHOD),
    "GetMethodResponse": row("GET", METHOD_RESPONSE),
    "GetModel": row("GET", MODEL),
    "GetModels": row("GET", MODELS),
    "GetResource": row("GET", RESOURCE),
    "GetResources": row("GET", RESOURCES),
    "GetRestApi": row("GET", API),
    "GetRestApis": row("GET", APIS),
    "GetStage": row("GET", STAGE),
    "GetStages": row("GET", STAGES),
    "GetTags": Permission(action="apigateway:GET", resource=tags_of),
    "ImportRestApi": row("POST", APIS),
    "PutGatewayResponse": row("PUT", RESPONSE),
    "PutIntegration": row("PUT", INTEGRATION),
    "PutIntegrationResponse": row("PUT", INTEGRATION_RESPONSE),
    "PutMethod": row("PUT", METHOD),
    "PutMethodResponse": row("PUT", METHOD_RESPONSE),
    "PutRestApi": row("PUT", API),
    "TagResource": Permission(action="apigateway:PUT", resource=tags_of, tags="tags"),
    "UntagResource": Permission(action="apigateway:DELETE", resource=tags_of, tag_keys="tagKeys"),
    "UpdateAccount": row("PATCH", "/account"),
    "UpdateAuthorizer": row("PATCH", AUTHORIZER),
    "UpdateDeployment": row("PATCH", DEPLOYMENT),
    "UpdateGatewayResponse": row("PATCH", RESPONSE),
    "UpdateIntegration": row("PATCH", INTEGRATION),
    "UpdateIntegrationResponse": row("PATCH", INTEGRATION_RESPONSE),
    "UpdateMethod": row("PATCH", METHOD),
    "UpdateMethodResponse": row("PATCH", METHOD_RESPONSE),
    "UpdateModel": row("PATCH", MODEL),
    "UpdateResource": row("PATCH", RESOURCE),
    "UpdateRestApi": row("PATCH", API),
    "UpdateStage": row("PATCH", STAGE),
}
