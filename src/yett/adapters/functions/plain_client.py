"""What stands in for the compiled part of AWS's runtime client, where an interpreter has none: its calls, by hand.

`plain_runtime` uses it too. Loaded by the launcher, so it knows the standard library alone.
"""

import http.client
import os

VERSION = "/2018-06-01/runtime/"
DEADLINE = "Lambda-Runtime-Deadline-Ms"
PREFIX = f"{VERSION}invocation/"
ERROR = {"Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": "Unhandled"}


class _Api:
    """The Runtime API, over one kept-alive connection."""

    connection: http.client.HTTPConnection
    base: str
    user_agent: str


def initialize_client(user_agent: str) -> None:
    """Say who calls; to be called first."""
    address, _, token = os.environ["AWS_LAMBDA_RUNTIME_API"].partition("/")
    _Api.connection = http.client.HTTPConnection(address)
    _Api.base = f"/{token}{PREFIX}" if token else PREFIX
    _Api.user_agent = user_agent


def next() -> tuple[bytes, dict[str, object]]:  # noqa: A001
    """Wait for an invocation: its payload, and headers that say the rest. The deadline is a number, as AWS's has it."""
    payload, message = _call("GET", "next", None, {}, 200)
    headers: dict[str, object] = dict(message.items())
    if DEADLINE in message:
        headers[DEADLINE] = int(message[DEADLINE])
    return payload, headers


def post_invocation_result(
    invoke_id: str, result_data: bytes, content_type: str = "application/json", invocation_id: str | None = None
) -> None:
    """Answer an invocation."""
    _post(f"{invoke_id}/response", result_data, {"Content-Type": content_type}, invocation_id)


def post_error(
    invoke_id: str,
    error: str,
    xray_fault: str,  # noqa: ARG001
    invocation_id: str | None = None,
) -> None:
    """Say that the handler failed."""
    _post(f"{invoke_id}/error", error.encode("utf-8"), ERROR, invocation_id)


def post_init_error(error: str) -> None:
    """Say that the function's module failed."""
    path = _Api.base.removesuffix(PREFIX) + f"{VERSION}init/error"
    _request("POST", path, error.encode("utf-8"), ERROR, 202)


def _post(path: str, body: bytes, headers: dict[str, str], invocation_id: str | None) -> None:
    if invocation_id:
        headers = {**headers, "Lambda-Runtime-Invocation-Id": invocation_id}
    _call("POST", path, body, headers, 202)


def _call(
    method: str, path: str, body: bytes | None, headers: dict[str, str], expected: int
) -> tuple[bytes, http.client.HTTPMessage]:
    return _request(method, _Api.base + path, body, headers, expected)


def _request(
    method: str, path: str, body: bytes | None, headers: dict[str, str], expected: int
) -> tuple[bytes, http.client.HTTPMessage]:
    _Api.connection.request(method, path, body, {"User-Agent": _Api.user_agent, **headers})
    response = _Api.connection.getresponse()
    data = response.read()
    if response.status != expected:
        raise RuntimeError(f"the Runtime API answered {response.status}")
    return data, response.headers
