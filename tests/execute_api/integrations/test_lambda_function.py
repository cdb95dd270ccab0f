import pytest
from msgspec import structs
from tests.execute_api.support import INTERNAL, Gateway, said
from tests.fakes.functions import Fails
from tests.rules.execute_api.support import FUNCTION, aws_proxy, method, resource

from yett.ports.function_runner import FunctionNotFound, FunctionThrottled, FunctionUnavailable

BAD_GATEWAY = (502, "InternalServerErrorException", "Internal server error")


def gateway(timeout_ms: int = 29_000) -> Gateway:
    integration = structs.replace(aws_proxy(), timeout_ms=timeout_ms)
    return Gateway(resource("/", method("ANY", integration=integration)))


async def test_function_and_client_read_one_trace_id() -> None:
    """08 no. 4: answers of functions carry it, and only one."""
    door = gateway()
    door.runner.handlers[FUNCTION] = lambda _: {"headers": {"X-Amzn-Trace-Id": "own", "X-A": "1"}}
    answer = await door.call()
    traces = answer.headers.get_all("x-amzn-trace-id")
    assert len(traces) == 1
    assert traces[0] == door.runner.trace_headers[0] == door.runner.events[0][1]["headers"]["X-Amzn-Trace-Id"]


async def test_a_function_that_fails_or_answers_nonsense_is_a_bad_gateway() -> None:
    door = gateway()

    def fail(_: object) -> object:
        raise Fails("boom")

    for handler in (fail, lambda _: "text", lambda _: {"extra": 1}, lambda _: b"{"):
        door.runner.handlers[FUNCTION] = handler
        assert said(await door.call()) == BAD_GATEWAY
    assert door.explain()["outcome"] == "error"


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (FunctionNotFound("x"), INTERNAL),
        (FunctionThrottled("x"), BAD_GATEWAY),
        (FunctionUnavailable("x"), BAD_GATEWAY),
    ],
)
async def test_a_function_that_cannot_be_run_is_told_apart(failure: Exception, expected: object) -> None:
    door = gateway()
    door.runner.raises = failure
    assert said(await door.call()) == expected


async def test_a_function_has_the_integration_s_time() -> None:
    door = gateway(timeout_ms=1)
    door.runner.gate.clear()
    assert said(await door.call()) == (504, "InternalServerErrorException", "Endpoint request timed out")


async def test_an_event_beyond_what_a_function_takes_is_too_large() -> None:
    door = gateway()
    answer = await door.call("POST", "/", body=b"\xff" * 4_800_000)  # a third more as base64
    assert said(answer) == (413, "RequestTooLargeException", "Request Too Long")
    assert door.runner.events == []
