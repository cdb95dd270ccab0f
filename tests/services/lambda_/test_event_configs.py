import pytest
from tests.services.lambda_.support import ACCOUNT, Lambda

from yett.services.call import ServiceError

ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"


async def test_what_is_set_is_shown_changed_and_forgotten(lambda_: Lambda) -> None:
    await lambda_.create()
    put = await lambda_("PutFunctionEventInvokeConfig", FunctionName="f", MaximumRetryAttempts=0)
    assert (put["FunctionArn"], put["MaximumRetryAttempts"]) == (f"{ARN}:$LATEST", 0)
    await lambda_("UpdateFunctionEventInvokeConfig", FunctionName="f", MaximumEventAgeInSeconds=60)
    found = await lambda_("GetFunctionEventInvokeConfig", FunctionName="f")
    assert (found["MaximumRetryAttempts"], found["MaximumEventAgeInSeconds"]) == (0, 60)
    function = await lambda_.ports.functions.resolve(ARN)
    assert function is not None
    assert function.event_config is not None
    assert function.event_config.maximum_age_seconds == 60
    again = await lambda_("PutFunctionEventInvokeConfig", FunctionName="f", MaximumEventAgeInSeconds=90)
    assert "MaximumRetryAttempts" not in again
    await lambda_("DeleteFunctionEventInvokeConfig", FunctionName="f")
    for operation in ("Get", "Update", "Delete"):
        with pytest.raises(ServiceError, match="doesn't have an EventInvokeConfig"):
            await lambda_(f"{operation}FunctionEventInvokeConfig", FunctionName="f")


async def test_versions_and_aliases_have_their_own(lambda_: Lambda) -> None:
    await lambda_.create(Publish=True)
    await lambda_("CreateAlias", FunctionName="f", Name="prod", FunctionVersion="1")
    for qualifier in ("1", "prod"):
        await lambda_("PutFunctionEventInvokeConfig", FunctionName="f", Qualifier=qualifier, MaximumRetryAttempts=1)
    listed = await lambda_("ListFunctionEventInvokeConfigs", FunctionName="f", MaxItems=1)
    assert [each["FunctionArn"] for each in listed["FunctionEventInvokeConfigs"]] == [f"{ARN}:1"]
    rest = await lambda_("ListFunctionEventInvokeConfigs", FunctionName="f", Marker=listed["NextMarker"])
    assert [each["FunctionArn"] for each in rest["FunctionEventInvokeConfigs"]] == [f"{ARN}:prod"]
    with pytest.raises(ServiceError, match="Function not found"):
        await lambda_("PutFunctionEventInvokeConfig", FunctionName="f", Qualifier="7", MaximumRetryAttempts=1)


async def test_destinations_and_dead_letters_are_refused_by_name(lambda_: Lambda) -> None:
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead"
    await lambda_.create()
    with pytest.raises(ServiceError, match="does not offer DestinationConfig"):
        destination = {"OnFailure": {"Destination": queue}}
        await lambda_("PutFunctionEventInvokeConfig", FunctionName="f", DestinationConfig=destination)
    with pytest.raises(ServiceError, match="does not offer DeadLetterConfig"):
        await lambda_("UpdateFunctionConfiguration", FunctionName="f", DeadLetterConfig={"TargetArn": queue})
