"""Deployments: frozen, and served at once."""

from tests.services.apigateway.support import Gateway

from yett.rules.execute_api.deployment import AuthorizationType


async def test_an_api_without_methods_is_not_deployed(gateway: Gateway) -> None:
    api = await gateway("CreateRestApi", name="pets")
    assert await gateway.refusal("CreateDeployment", restApiId=api["id"], stageName="prod") == (
        "BadRequestException",
        "The REST API doesn't contain any methods",
    )


async def test_a_method_without_integration_is_not_deployed(gateway: Gateway) -> None:
    api_id, root = await gateway.api_with_method()
    await gateway("PutMethod", restApiId=api_id, resourceId=root, httpMethod="POST", authorizationType="NONE")
    assert await gateway.refusal("CreateDeployment", restApiId=api_id, stageName="prod") == (
        "BadRequestException",
        "No integration defined for method",
    )
    assert await gateway("GetStages", restApiId=api_id) == {"item": []}


async def test_a_change_is_met_when_it_is_deployed(gateway: Gateway) -> None:
    api_id, root = await gateway.api_with_method()
    first = await gateway("CreateDeployment", restApiId=api_id, stageName="prod", variables={"a": "1"})
    change = [{"op": "replace", "path": "/authorizationType", "value": "AWS_IAM"}]
    at = {"restApiId": api_id, "resourceId": root, "httpMethod": "GET"}
    await gateway("UpdateMethod", **at, patchOperations=change)

    plan = await gateway.plans.resolve(api_id, "prod")
    assert plan is not None
    assert plan.deployment_id == first["id"]
    assert [one.authorization_type for one in plan.methods] == [AuthorizationType.NONE]
    assert gateway.plans.current(api_id, "prod") is plan

    second = await gateway("CreateDeployment", restApiId=api_id, stageName="prod")
    assert gateway.plans.current(api_id, "prod") is None
    plan = await gateway.plans.resolve(api_id, "prod")
    assert plan is not None
    assert [one.authorization_type for one in plan.methods] == [AuthorizationType.AWS_IAM]
    assert plan.variables == {"a": "1"}

    back = [{"op": "replace", "path": "/deploymentId", "value": first["id"]}]
    await gateway("UpdateStage", restApiId=api_id, stageName="prod", patchOperations=back)
    plan = await gateway.plans.resolve(api_id, "prod")
    assert plan is not None
    assert plan.deployment_id == first["id"]
    shown = await gateway("GetDeployment", restApiId=api_id, deploymentId=second["id"], embed=["apisummary"])
    assert shown["apiSummary"] == {"/": {"GET": {"authorizationType": "AWS_IAM", "apiKeyRequired": False}}}


async def test_a_deployment_that_is_served_stays(gateway: Gateway) -> None:
    api_id, _ = await gateway.api_with_method()
    made = await gateway("CreateDeployment", restApiId=api_id, stageName="prod")
    assert await gateway.refusal("DeleteDeployment", restApiId=api_id, deploymentId=made["id"]) == (
        "BadRequestException",
        "Active stages pointing to this deployment must be moved or deleted",
    )
    await gateway("DeleteStage", restApiId=api_id, stageName="prod")
    assert await gateway.plans.resolve(api_id, "prod") is None
    await gateway("DeleteDeployment", restApiId=api_id, deploymentId=made["id"])
    assert await gateway("GetDeployments", restApiId=api_id) == {"items": []}
