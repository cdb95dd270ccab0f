"""Our own client of the Runtime API and AWS's, tried on the same handlers: what either gives, the other must."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.functions.support import ARN, Bench, bench

from yett.adapters.functions import interpreters

CLIENTS = ("awslambdaric", "plain")
Choose = Callable[[str], None]

HANDLERS = """
import decimal, logging, os, sys, warnings

class Custom(Exception):
    pass

def deep(depth):
    if depth == 0:
        raise Custom("from the depth")
    deep(depth - 1)

def handler(event, context):
    match event:
        case "raise": raise ValueError("Unauthorized: é")
        case "custom": raise Custom
        case "deep": deep(3)
        case "caused":
            try:
                {}["missing"]
            except KeyError as error:
                raise RuntimeError("lines\\nof text") from error
        case "exit": sys.exit(3)
        case "keyboard": raise KeyboardInterrupt
        case "unserializable": return {"a": object()}
        case "circular":
            value = []
            value.append(value)
            return value
        case "decimal": return [decimal.Decimal("1.5"), decimal.Decimal("7"), decimal.Decimal("-0.25")]
        case "bytes": return b'{"raw": 1}'
        case "unicode": print("héllo ✓"); return "日本語 \\U0001f600"
        case "tuple": return (1, None, True, {"k": 1.5}, {1: 2})
        case "huge": return "x" * 7_000_000
        case "log":
            logging.getLogger().setLevel(logging.INFO)
            logging.info("one %s", "two")
            logging.getLogger("of.mine").warning("careful")
            print("unfinished", end="")
            print("to the other", file=sys.stderr)
            context.log("by the context\\n")
            return 1
    names = ["aws_request_id", "function_name", "function_version", "invoked_function_arn", "memory_limit_in_mb",
             "log_group_name", "client_context", "tenant_id"]
    found = {name: getattr(context, name) for name in names}
    left = context.get_remaining_time_in_millis()
    return found | {
        "event": event,
        "identity": context.identity.cognito_identity_id,
        "left": isinstance(left, int) and 0 < left <= 10_000,
        "stream": context.log_stream_name == os.environ["AWS_LAMBDA_LOG_STREAM_NAME"],
        "handler": os.environ["_HANDLER"],
        "trace": os.environ.get("_X_AMZN_TRACE_ID"),
        "argv": sys.argv[1:],
        "directory": os.getcwd() == os.environ["LAMBDA_TASK_ROOT"],
    }
"""
EVENTS = (
    "raise",
    "custom",
    "deep",
    "caused",
    "exit",
    "keyboard",
    "unserializable",
    "circular",
    "decimal",
    "bytes",
    "unicode",
    "tuple",
    "huge",
    "log",
    {"a": ["é", 1.5, None]},
)
VARIES = re.compile(
    r"Duration: [0-9.]+ ms|Max Memory Used: \d+ MB|/code/[0-9a-f]{64}|\d{4}-\d\d-\d\dT[\d:.]+Z|0x[0-9a-f]+"
)


@pytest.fixture
def choose(monkeypatch: pytest.MonkeyPatch) -> Choose:
    """Lets pools that are made later use the client of this name."""

    def chosen(client: str) -> None:
        monkeypatch.setattr(interpreters, "AWSLAMBDARIC", "awslambdaric" if client == "awslambdaric" else "not_here")

    return chosen


async def tell(subject: Bench, event: object) -> tuple[object, str | None, list[str]]:
    """What an invocation gives and logs, without what is another every time."""
    answer = await subject.ask(event)
    payload = json.loads(answer.payload)
    if isinstance(payload, dict) and "stackTrace" in payload:
        payload["stackTrace"] = [VARIES.sub("", frame) for frame in payload["stackTrace"]]
    lines = [VARIES.sub("", line) for line in answer.log_tail.decode().split("\n")]
    return payload, answer.function_error, [line for line in lines if "LAMBDA_WARNING" not in line]


async def test_both_clients_answer_and_log_the_same(tmp_path: Path, choose: Choose) -> None:
    told: dict[str, list[Any]] = {}
    for client in CLIENTS:
        choose(client)
        home = tmp_path / client / "home"
        async with bench(home, HANDLERS) as subject:
            told[client] = [await tell(subject, event) for event in EVENTS]
    for event, ours, theirs in zip(EVENTS, told["plain"], told["awslambdaric"], strict=True):
        if event == "keyboard":  # Python's own report of an end by an exception names the client's frames
            assert (ours[0], ours[1]) == (theirs[0], theirs[1])
        else:
            assert (event, *ours) == (event, *without(theirs, str(tmp_path / "awslambdaric"), str(tmp_path / "plain")))


def without(told: Any, old: str, new: str) -> Any:
    """The same, from another home."""
    return tuple(json.loads(json.dumps(told).replace(old, new)))


@pytest.mark.parametrize(
    ("code", "handler"),
    [
        ("raise RuntimeError('not today')", "app.handler"),
        ("import nothing_of_this_name", "app.handler"),
        ("def other(): pass", "app.handler"),
        ("def handler(:", "app.handler"),
        ("", "handler"),
        ("", "sys.handler"),
        ("", "absent/module.handler"),
        ("import os; os._exit(7)", "app.handler"),
    ],
)
async def test_both_clients_tell_alike_why_code_does_not_load(
    tmp_path: Path, choose: Choose, code: str, handler: str
) -> None:
    told: dict[str, Any] = {}
    for client in CLIENTS:
        choose(client)
        async with bench(tmp_path / client, code, handler=handler) as subject:
            told[client] = await tell(subject, None)
    ours, theirs = told["plain"], without(told["awslambdaric"], str(tmp_path / "awslambdaric"), str(tmp_path / "plain"))
    assert ours[:2] == theirs[:2]
    assert [line for line in ours[2] if "[ERROR]" in line] == [line for line in theirs[2] if "[ERROR]" in line]


@pytest.mark.parametrize("client", CLIENTS)
async def test_it_stays_warm_and_is_told_of_traces(tmp_path: Path, choose: Choose, client: str) -> None:
    choose(client)
    code = "import os\ndef handler(e, c): return [os.getpid(), os.environ.get('_X_AMZN_TRACE_ID')]"
    async with bench(tmp_path, code) as subject:
        traced = await subject.pool.invoke(ARN, b"{}", request_id="id", trace_header="Root=1-2-3")
        pid, trace = json.loads(traced.payload)
        assert trace == "Root=1-2-3"
        assert await subject.value() == [pid, None]
