"""Reserved concurrency: how many invocations of a function run at a time.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""

from collections.abc import Mapping

from msgspec import structs

from yett.services.call import Call
from yett.services.lambda_.configuration import get_own
from yett.services.lambda_.functions import number, replace


async def put_function_concurrency(call: Call, params: Mapping[str, object]) -> Mapping[str, object]:
    """Reserve concurrency for a function, which is also its limit; 0 throttles every invocation.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionConcurrency.html
    """
    record = await get_own(call, params)
    reserved = number(params["ReservedConcurrentExecutions"], 0)
    changed = structs.replace(record, reserved_concurrency=reserved, revision_id=call.ports.randomness.uuid())
    await replace(call, record, changed)
    return {"ReservedConcurrentExecutions": reserved}


async def get_function_concurrency(call: Call, params: Mapping[str, object]) -> Mapping[str, object]:
    """A function's reserved concurrency; nothing if none is reserved.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConcurrency.html
    """
    record = await get_own(call, params)
    if record.reserved_concurrency is None:
        return {}
    return {"ReservedConcurrentExecutions": record.reserved_concurrency}


async def delete_function_concurrency(call: Call, params: Mapping[str, object]) -> Mapping[str, object]:
    """Reserve nothing for a function any more.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunctionConcurrency.html
    """
    record = await get_own(call, params)
    changed = structs.replace(record, reserved_concurrency=None, revision_id=call.ports.randomness.uuid())
    await replace(call, record, changed)
    return {}
