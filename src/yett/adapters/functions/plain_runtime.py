"""Our own client of the Runtime API, for a machine that has not AWS's: handlers see the same, and so do their callers.

Loaded by the launcher, so it knows the standard library and `plain_client` beside it alone.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html,
https://docs.aws.amazon.com/lambda/latest/dg/python-context.html, https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
"""

import decimal
import importlib
import importlib.util
import io
import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

INDENT = "\u00a0"  # Lambda's log keeps a traceback's lines in one message, and their indentation
LINE_END = "\r"
AGENT = "yett-plain-runtime"
UTF8_FROM = (3, 12)  # from this version on Lambda answers in UTF-8, before it in ASCII with escapes

Handler = Callable[[object, "Context"], object]


class Fault(Exception):
    """What Lambda has a type of its own for."""

    def __init__(self, error_type: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.trace = trace or []


class Identity:
    """Of a mobile caller; none here has one."""

    cognito_identity_id = None
    cognito_identity_pool_id = None


class Context:
    """What a handler is told of its invocation."""

    def __init__(self, request_id: str, function_arn: str, deadline_ms: int) -> None:
        self.aws_request_id = request_id
        self.invoked_function_arn = function_arn
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.identity = Identity()
        self.client_context = None
        self.tenant_id = None
        self._deadline_ms = deadline_ms

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is ended."""
        return max(self._deadline_ms - int(time.time() * 1000), 0)

    def log(self, message: object) -> None:
        """Print, without an end of line."""
        sys.stdout.write(str(message))


class _Current:
    """The invocation that log lines belong to."""

    request_id = ""


def run(handler_name: str) -> None:
    """Answer invocations, one after the other, until the process is ended."""
    client = load_client()
    client.initialize_client(AGENT)
    # Unbuffered: what a handler printed is in the log even if its process is killed.
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), "utf-8", "backslashreplace", write_through=True)
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), "utf-8", "backslashreplace", write_through=True)
    set_up_logging()
    try:
        handler = find_handler(handler_name)
    except Exception as error:  # noqa: BLE001 - whatever the function's module raises
        failure = describe(error, None)
        log_failure(failure)
        client.post_init_error(json.dumps(failure))
        sys.exit(1)
    while True:
        payload, headers = client.next()
        answer(client, handler, payload, headers)


def load_client() -> Any:
    """`plain_client`, whose directory is on no path."""
    spec = importlib.util.spec_from_file_location("_yett_plain_client", Path(__file__).with_name("plain_client.py"))
    assert spec is not None and spec.loader is not None  # noqa: PT018
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def answer(client: Any, handler: Handler, payload: bytes, headers: Mapping[str, Any]) -> None:
    """Run the handler and post what it gave, or how it failed. What is no `Exception` ends the process."""
    request_id = headers["Lambda-Runtime-Aws-Request-Id"]
    _Current.request_id = request_id
    trace = headers.get("Lambda-Runtime-Trace-Id")
    if trace is None:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    else:
        os.environ["_X_AMZN_TRACE_ID"] = trace
    function_arn = headers.get("Lambda-Runtime-Invoked-Function-Arn", "")
    context = Context(request_id, function_arn, headers.get("Lambda-Runtime-Deadline-Ms", 0))
    try:
        result = render(handler(parse(payload), context))
    except Exception as error:  # noqa: BLE001 - whatever the handler raises is its answer
        failure = describe(error, request_id)
        log_failure(failure)
        client.post_error(request_id, json.dumps(failure), "")
    else:
        client.post_invocation_result(request_id, result)


def find_handler(name: str) -> Handler:
    """The function ``package.module.function`` names.

    Raises:
        Fault: The name, the module or the function is at fault; other errors are the module's own.
    """
    module_name, dot, function = name.rpartition(".")
    if not dot:
        raise Fault(
            "Runtime.MalformedHandlerName", f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)"
        )
    if module_name.partition(".")[0] in sys.builtin_module_names:
        raise Fault("Runtime.BuiltInModuleConflict", f"Cannot use built-in module {module_name} as a handler module")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    except SyntaxError as error:
        place = f'  File "{error.filename}" Line {error.lineno}\n    {error.text}'
        text = f"Syntax error in module '{module_name}': {error}"
        raise Fault("Runtime.UserCodeSyntaxError", text, [place]) from error
    found: Handler | None = getattr(module, function, None)
    if found is None:
        raise Fault("Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{module_name}'")
    return found


def parse(payload: bytes) -> object:
    """The event."""
    try:
        return json.loads(payload)
    except ValueError as error:
        raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from error


def render(value: object) -> bytes:
    """What a handler gave, as JSON; bytes are that already."""
    if isinstance(value, bytes):
        return value
    try:
        is_ascii = sys.version_info < UTF8_FROM
        return json.dumps(value, ensure_ascii=is_ascii, default=plain).encode("utf-8", "surrogatepass")
    except Exception as error:
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def plain(value: object) -> object:
    """What JSON has no form of its own for, as Lambda writes it."""
    if isinstance(value, decimal.Decimal):
        exponent = value.as_tuple().exponent
        return int(value) if isinstance(exponent, int) and exponent >= 0 else float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def describe(error: Exception, request_id: str | None) -> dict[str, object]:
    """The error in Lambda's form."""
    if isinstance(error, Fault):
        message, error_type, trace = str(error), error.error_type, error.trace
    else:
        message, error_type, trace = str(error), type(error).__name__, frames(error.__traceback__)
    return {"errorMessage": message, "errorType": error_type, "requestId": request_id or "", "stackTrace": trace}


def frames(trace: TracebackType | None) -> list[str]:
    """A traceback's frames, but for ours at its beginning; without marks beneath the columns, as Lambda has them."""
    found = list(traceback.extract_tb(trace))
    while found and found[0].filename == __file__:
        del found[0]
    return traceback.format_list([(each.filename, each.lineno or 0, each.name, each.line) for each in found])


def log_failure(failure: Mapping[str, Any]) -> None:
    """Print an error as one message of several lines."""
    told = ": ".join(text for text in (failure["errorType"], failure["errorMessage"]) if text)
    lines = [f"[ERROR] {told}", "Traceback (most recent call last):"]
    for frame in failure["stackTrace"]:
        for line in frame.splitlines():
            text = line.lstrip(" ")
            lines.append(INDENT * (len(line) - len(text)) + text)
    sys.stdout.write(LINE_END.join(lines) + "\n")


class _OfInvocation(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.aws_request_id = _Current.request_id
        return True


def set_up_logging() -> None:
    """Lambda's own format, on the root logger."""
    handler = logging.StreamHandler(sys.stdout)
    formatter = logging.Formatter(
        "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    handler.addFilter(_OfInvocation())
    logging.getLogger().addHandler(handler)
