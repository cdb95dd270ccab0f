"""Stages."""

from typing import Any

import pytest
from tests.services.apigateway.support import ACCOUNT, NOW, Gateway


async def deployed(gateway: Gateway) -> tuple[str, str]:
    api_id, _ = await gateway.api_with_method()
    return api_id, (await gateway("CreateDeployment", restApiId=api_id))["id"]


async def test_a_stage_shows_what_aws_shows(gateway: Gateway) -> None:
    api_id, deployment_id = await deployed(gateway)
    made = await gateway("CreateStage", restApiId=api_id, stageName="prod", deploymentId=deployment_id)
    assert made == {
        "stageName": "prod",
        "deploymentId": deployment_id,
        "cacheClusterEnabled": False,
        "cacheClusterStatus": "NOT_AVAILABLE",
        "methodSettings": {},
        "tracingEnabled": False,
        "createdDate": NOW,
        "lastUpdatedDate": NOW,
    }
    assert await gateway("GetStages", restApiId=api_id) == {"item": [made]}
    again = {"restApiId": api_id, "stageName": "prod", "deploymentId": deployment_id}
    assert await gateway.refusal("CreateStage", **again) == ("ConflictException", "Stage already exists")


@pytest.mark.parametrize(
    ("operation", "feature"),
    [
        ({"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "1"}, "throttling"),
        ({"op": "replace", "path": "/~1pets/GET/caching/enabled", "value": "true"}, "caches"),
        ({"op": "replace", "path": "/cacheClusterEnabled", "value": "true"}, "caches"),
        ({"op": "replace", "path": "/clientCertificateId", "value": "x"}, "client certificates"),
        ({"op": "replace", "path": "/webAclArn", "value": "x"}, "web ACLs"),
        ({"op": "replace", "path": "/canarySettings/percentTraffic", "value": "5"}, "canary"),
    ],
)
async def test_what_would_not_be_enforced_is_refused(gateway: Gateway, operation: dict[str, Any], feature: str) -> None:
    api_id, deployment_id = await deployed(gateway)
    await gateway("CreateStage", restApiId=api_id, stageName="prod", deploymentId=deployment_id)
    code, message = await gateway.refusal(
        "UpdateStage", restApiId=api_id, stageName="prod", patchOperations=[operation]
    )
    assert code == "BadRequestException"
    assert feature in message


async def test_variables_and_logs_are_patched(gateway: Gateway) -> None:
    api_id, deployment_id = await deployed(gateway)
    await gateway("CreateStage", restApiId=api_id, stageName="prod", deploymentId=deployment_id)
    operations = [
        {"op": "replace", "path": "/*/*/logging/loglevel", "value": "INFO"},
        {"op": "add", "path": "/variables/host", "value": "example.com"},
    ]
    stage = await gateway("UpdateStage", restApiId=api_id, stageName="prod", patchOperations=operations)
    assert stage["variables"] == {"host": "example.com"}
    assert stage["methodSettings"] == {"*/*": {"loggingLevel": "INFO"}}
    plan = await gateway.plans.resolve(api_id, "prod")
    assert plan is not None
    assert plan.variables == {"host": "example.com"}


async def test_flushing_reaches_the_cache_of_the_stage(gateway: Gateway) -> None:
    api_id, deployment_id = await deployed(gateway)
    await gateway("CreateStage", restApiId=api_id, stageName="prod", deploymentId=deployment_id)
    await gateway("FlushStageAuthorizersCache", restApiId=api_id, stageName="prod")
    assert gateway.flushes.stages == [(ACCOUNT, api_id, "prod")]
    assert await gateway.refusal("FlushStageAuthorizersCache", restApiId=api_id, stageName="dev") == (
        "NotFoundException",
        "Invalid stage identifier specified",
    )
