import base64

import pytest
from tests.services.lambda_.support import ACCOUNT, OTHER, Lambda, caller

from yett.ports.function_runner import FunctionAnswer, FunctionThrottled, FunctionUnavailable
from yett.services.call import ServiceError

ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
NOTHING = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}


async def test_the_answer_has_the_shape_that_sdks_read(lambda_: Lambda) -> None:
    await lambda_.create()
    lambda_.world.answer = FunctionAnswer(payload=b'{"a":1}', function_error="Unhandled", log_tail=b"END\n")
    assert await lambda_("Invoke", FunctionName="f", LogType="Tail", Payload=b'"event"') == {
        "StatusCode": 200,
        "ExecutedVersion": "$LATEST",
        "FunctionError": "Unhandled",
        "LogResult": base64.b64encode(b"END\n").decode(),
        "Payload": b'{"a":1}',
    }
    assert lambda_.world.invoked == [("invoke", ARN, b'"event"')]


async def test_an_event_is_queued_and_a_dry_run_runs_nothing(lambda_: Lambda) -> None:
    await lambda_.create()
    assert (await lambda_("Invoke", FunctionName="f", InvocationType="Event"))["StatusCode"] == 202
    assert await lambda_("Invoke", FunctionName="f", InvocationType="DryRun") == {"StatusCode": 204}
    assert lambda_.world.invoked == [("submit", ARN, b"{}")]


@pytest.mark.parametrize(
    ("params", "code", "status"),
    [
        ({"Payload": b"no json"}, "InvalidRequestContentException", 400),
        ({"Payload": b'"' + b"x" * 6_291_456 + b'"'}, "RequestTooLargeException", 413),
        ({"Payload": b'"' + b"x" * 1_048_576 + b'"', "InvocationType": "Event"}, "RequestTooLargeException", 413),
        ({"FunctionName": "g"}, "ResourceNotFoundException", 404),
        ({"FunctionName": "f:7"}, "ResourceNotFoundException", 404),
        ({"ClientContext": "e30="}, "InvalidParameterValueException", 400),
    ],
)
async def test_bad_invocations_are_refused_and_run_nothing(
    lambda_: Lambda, params: dict[str, object], code: str, status: int
) -> None:
    await lambda_.create()
    with pytest.raises(ServiceError) as refused:
        await lambda_("Invoke", **{"FunctionName": "f"} | params)
    assert (refused.value.code, refused.value.status) == (code, status)
    assert lambda_.world.invoked == []


async def test_what_the_pool_says_is_told_in_lambdas_words(lambda_: Lambda) -> None:
    await lambda_.create()
    lambda_.world.answer = FunctionThrottled()
    with pytest.raises(ServiceError, match=r"Rate Exceeded\.") as throttled:
        await lambda_("Invoke", FunctionName="f")
    assert (throttled.value.code, throttled.value.status) == ("TooManyRequestsException", 429)
    lambda_.world.answer = FunctionUnavailable("the disk is full")
    with pytest.raises(ServiceError) as failed:
        await lambda_("Invoke", FunctionName="f")
    assert (failed.value.code, failed.value.status) == ("ServiceException", 500)
    assert "disk" not in failed.value.message


async def test_without_permission_nothing_runs_and_nothing_is_told(lambda_: Lambda) -> None:
    await lambda_.create()
    for name in ("f", "unknown"):
        with pytest.raises(
            ServiceError, match="because no identity-based policy allows the lambda:InvokeFunction action"
        ):
            await lambda_("Invoke", by=caller(NOTHING), FunctionName=name)
    assert lambda_.world.invoked == []


async def test_the_functions_policy_lets_its_own_accounts_users_in(lambda_: Lambda) -> None:
    await lambda_.create()
    user = caller(NOTHING)
    grant = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": user.identity.arn}
    await lambda_("AddPermission", FunctionName="f", **grant)
    assert (await lambda_("Invoke", by=user, FunctionName="f"))["StatusCode"] == 200
    await lambda_("RemovePermission", FunctionName="f", StatementId="s")
    with pytest.raises(ServiceError):
        await lambda_("Invoke", by=user, FunctionName="f")


async def test_another_account_needs_both_sides_to_allow(lambda_: Lambda) -> None:
    await lambda_.create()
    with pytest.raises(ServiceError, match="because no resource-based policy allows the lambda:InvokeFunction action"):
        await lambda_("Invoke", by=caller(account=OTHER), FunctionName=ARN)
    grant = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": OTHER}
    await lambda_("AddPermission", FunctionName="f", **grant)
    assert (await lambda_("Invoke", by=caller(account=OTHER), FunctionName=ARN))["StatusCode"] == 200
    with pytest.raises(ServiceError):
        await lambda_("Invoke", by=caller(NOTHING, account=OTHER), FunctionName=ARN)
    with pytest.raises(ServiceError):
        await lambda_("Invoke", by=caller(account=OTHER), FunctionName="f")
    assert len(lambda_.world.invoked) == 1
