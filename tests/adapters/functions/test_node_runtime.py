"""Node.js functions under our own runtime client."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.functions.support import ARN, bench
from tests.node_js import needs_node

from yett.adapters.functions.interpreters import find_node
from yett.ports.function_runner import FunctionUnavailable

pytestmark = needs_node

NODE: dict[str, Any] = {"runtime": "nodejs20.x", "handler": "index.handler"}

ASYNC_ESM = """
export const handler = async (event, context) => {
  switch (event) {
    case "raise": throw new TypeError("not today é");
    case "string": throw "only text";
    case "custom": { const error = new Error("broken"); error.name = "Custom"; error.code = 7; throw error; }
    case "undefined": return undefined;
    case "bigint": return 1n;
    case "exit": process.exit(3);
    case "loop": for (;;);
    case "huge": return "x".repeat(7_000_000);
    case "unicode": console.log("héllo ✓"); return "日本語 😀";
    case "levels": console.info("i %d", 1); console.warn("w"); console.error("e\\nf"); console.debug({a: 1}); return 1;
    case "uncaught": setTimeout(() => { throw new RangeError("later"); }, 1); return new Promise(() => {});
    case "rejected": Promise.reject(new Error("unheard")); return new Promise(() => {});
    case "never": return new Promise(() => {});
    case "pid": return process.pid;
  }
  return { event, id: context.awsRequestId, arn: context.invokedFunctionArn, name: context.functionName,
           left: context.getRemainingTimeInMillis() > 0, major: process.versions.node.split(".")[0] };
};
"""

CALLBACKS = """
exports.handler = (event, context, callback) => {
  switch (event) {
    case "fail": return callback(new Error("refused"));
    case "late": setTimeout(() => callback(null, "late"), 5); return;
    case "succeed": return context.succeed("succeeded");
    case "context-fail": return context.fail(new Error("failed"));
    case "nothing": return;
    case "sync-raise": throw new Error("at once");
    case "waits": setTimeout(() => console.log("after the answer"), 20); return callback(null, "waited");
    case "does-not-wait":
      context.callbackWaitsForEmptyEventLoop = false;
      setInterval(() => {}, 100_000);
      return callback(null, "gone");
  }
  callback(null, { event });
};
"""


async def test_an_async_handler_of_an_ecmascript_module_is_run_and_stays_warm(tmp_path: Path) -> None:
    async with bench(tmp_path, {"index.mjs": ASYNC_ESM}, **NODE) as subject:
        found = await subject.value({"a": "é"})
        assert found == {
            "event": {"a": "é"},
            "id": "request-1",
            "arn": ARN,
            "name": "subject",
            "left": True,
            "major": found["major"],
        }
        pid = await subject.value("pid")
        assert await subject.value("undefined") is None
        unicode = await subject.ask("unicode")
        assert json.loads(unicode.payload) == "日本語 😀"
        lines = unicode.log_tail.decode().splitlines()
        assert lines[1].endswith("Z\trequest-4\tINFO\théllo ✓")
        levels = (await subject.ask("levels")).log_tail.decode().splitlines(keepends=False)
        assert "\trequest-5\tINFO\ti 1" in levels[1]
        assert levels[2].endswith("\tWARN\tw")
        assert levels[3].endswith("\tERROR\te")  # a carriage return is within the line
        assert await subject.value("pid") == pid


async def test_what_goes_wrong_has_lambdas_form_and_the_next_call_works(tmp_path: Path) -> None:
    async with bench(tmp_path, {"index.mjs": ASYNC_ESM}, **NODE) as subject:
        for event, error_type, text in [
            ("raise", "TypeError", "not today é"),
            ("string", "string", "only text"),
            ("custom", "Custom", "broken"),
            ("bigint", "Runtime.MarshalError", "TypeError: Do not know how to serialize a BigInt"),
            ("exit", "Runtime.ExitError", None),
            ("huge", "Function.ResponseSizeTooLarge", None),
            ("uncaught", "RangeError", "later"),
            ("rejected", "Runtime.UnhandledPromiseRejection", "Error: unheard"),
        ]:
            answer = await subject.ask(event)
            assert answer.function_error == "Unhandled", event
            body = json.loads(answer.payload)
            assert body["errorType"] == error_type
            assert text is None or body["errorMessage"] == text
        raised = await subject.ask("raise")
        trace = json.loads(raised.payload)["trace"]
        assert trace[0] == "TypeError: not today é"
        assert "index.mjs" in trace[1]
        assert "\tERROR\tInvoke Error \t{" in raised.log_tail.decode()
        assert await subject.value("never") is None


async def test_an_endless_loop_is_ended_when_its_time_is_up(tmp_path: Path) -> None:
    async with bench(tmp_path, {"index.mjs": ASYNC_ESM}, timeout_seconds=1, **NODE) as subject:
        pid = await subject.value("pid")
        assert b"Task timed out after 1.00 seconds" in (await subject.ask("loop")).payload
        assert await subject.value("pid") != pid


async def test_callbacks_and_the_contexts_older_ways_answer_too(tmp_path: Path) -> None:
    async with bench(tmp_path, {"index.js": CALLBACKS}, **NODE) as subject:
        for event, expected in [
            ("x", {"event": "x"}),
            ("late", "late"),
            ("succeed", "succeeded"),
            ("nothing", None),
            ("does-not-wait", "gone"),
        ]:
            assert await subject.value(event) == expected
        for event, text in [("fail", "refused"), ("context-fail", "failed"), ("sync-raise", "at once")]:
            answer = await subject.ask(event)
            assert json.loads(answer.payload)["errorMessage"] == text


async def test_a_callbacks_answer_waits_until_nothing_is_left_to_run(tmp_path: Path) -> None:
    async with bench(tmp_path, {"index.js": CALLBACKS}, **NODE) as subject:
        answer = await subject.ask("waits")
        assert json.loads(answer.payload) == "waited"
        assert b"after the answer" in answer.log_tail


@pytest.mark.parametrize(
    ("files", "handler"),
    [
        ({"index.cjs": "exports.handler = async () => 'here'"}, "index.handler"),
        ({"index.mjs": "export const handler = async () => 'here'"}, "index.handler"),
        ({"index.js": "exports.handler = async () => 'here'"}, "index.handler"),
        (
            {"index.js": "export const handler = async () => 'here'", "package.json": '{"type": "module"}'},
            "index.handler",
        ),
        ({"index.mjs": "export default { handler: async () => 'here' }"}, "index.handler"),
        ({"src/app.js": "exports.api = { get: async () => 'here' }"}, "src/app.api.get"),
        ({"index.mjs": "const text = await Promise.resolve('here'); export const handler = () => text; "
          "export const late = async () => text"}, "index.late"),
    ],
)  # fmt: skip
async def test_handlers_are_found_in_modules_of_either_kind(
    tmp_path: Path, files: dict[str, str], handler: str
) -> None:
    async with bench(tmp_path, files, runtime="nodejs20.x", handler=handler) as subject:
        assert await subject.value() == "here"


@pytest.mark.parametrize(
    ("code", "handler", "error_type", "text"),
    [
        ("throw new Error('not today')", "index.handler", "Error", "not today"),
        ("exports.other = 1", "index.handler", "Runtime.HandlerNotFound", "index.handler is undefined or not exported"),
        ("exports.handler = 1", "index.handler", "Runtime.HandlerNotFound", "index.handler is not a function"),
        ("exports.handler = (", "index.handler", "Runtime.UserCodeSyntaxError", "SyntaxError: "),
        ("require('nothing')", "index.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'nothing'"),
        ("", "absent.handler", "Runtime.ImportModuleError", "Error: Cannot find module"),
        ("", "index", "Runtime.MalformedHandlerName", "Bad handler"),
        ("", "../index.handler", "Runtime.MalformedHandlerName", "Bad handler"),
    ],
)
async def test_code_that_does_not_load_is_told_to_whoever_invoked_it(
    tmp_path: Path, code: str, handler: str, error_type: str, text: str
) -> None:
    async with bench(tmp_path, {"index.js": code}, runtime="nodejs20.x", handler=handler) as subject:
        answer = await subject.ask()
        assert answer.function_error == "Unhandled"
        body = json.loads(answer.payload)
        assert body["errorType"] == error_type
        assert body["errorMessage"].startswith(text)


async def test_layers_hold_modules_and_the_environment_is_the_functions(tmp_path: Path) -> None:
    code = """
        const shared = require("shared");
        const { OWN, AWS_EXECUTION_ENV } = process.env;
        exports.handler = async () => [shared.value, OWN, AWS_EXECUTION_ENV, process.argv.length];
        """
    async with bench(tmp_path, {"index.js": code}, **NODE) as subject:
        layer = subject.shelf.put_layer({"nodejs/node_modules/shared/index.js": "exports.value = 'from the layer'"})
        subject.shelf.put({"index.js": code}, layers=(layer,), environment={"OWN": "yes"}, **NODE)
        value, own, execution, arguments = await subject.value()
        assert (value, own, arguments) == ("from the layer", "yes", 2)
        assert execution.startswith("AWS_Lambda_nodejs")


async def test_a_function_that_outgrows_its_memory_is_killed(tmp_path: Path) -> None:
    code = "exports.handler = async () => { globalThis.all = Buffer.alloc(400 << 20, 1); for (;;); }"
    async with bench(tmp_path, {"index.js": code}, **NODE) as subject:
        answer = await subject.ask()
        assert b"signal: killed" in answer.payload
        assert b"Runtime.OutOfMemory" in answer.log_tail


async def test_invocations_do_not_get_each_others_answers(tmp_path: Path) -> None:
    async with bench(tmp_path, {"index.js": CALLBACKS}, **NODE) as subject:
        answers = await asyncio.gather(*(subject.value(number) for number in range(20)))
        assert [answer["event"] for answer in answers] == list(range(20))


async def test_another_major_version_runs_the_function_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "node"
    script.write_text("#!/bin/sh\necho v99.1.2\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = await find_node("nodejs22.x")
    assert (found.runtime, found.program[0]) == ("nodejs99.x", str(script))
    assert found.notice is not None
    script.unlink()
    with pytest.raises(FunctionUnavailable, match="node"):
        await find_node("nodejs22.x")
