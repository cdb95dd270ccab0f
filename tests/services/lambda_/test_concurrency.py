from tests.services.lambda_.support import Lambda


async def test_concurrency_is_reserved_shown_and_given_back(lambda_: Lambda) -> None:
    arn = (await lambda_.create())["FunctionArn"]
    assert await lambda_("GetFunctionConcurrency", FunctionName="f") == {}
    reserved = {"ReservedConcurrentExecutions": 0}
    assert await lambda_("PutFunctionConcurrency", FunctionName="f", **reserved) == reserved
    assert await lambda_("GetFunctionConcurrency", FunctionName="f") == reserved
    assert (await lambda_("GetFunction", FunctionName="f"))["Concurrency"] == reserved
    function = await lambda_.ports.functions.resolve(arn)
    assert function is not None
    assert function.reserved_concurrency == 0
    await lambda_("DeleteFunctionConcurrency", FunctionName="f")
    assert await lambda_("GetFunctionConcurrency", FunctionName="f") == {}
