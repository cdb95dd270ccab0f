"""A stage's access log as boto3 sets it and `yett access-log` shows it, in one process and in workers."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner
from tests.sdk.making import Api, mock
from tests.sdk.running import RunningServer

from yett.cli.access_log import access_log

GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:/api/shop"
FORMAT = '{"id":"$context.requestId","status":"$context.status","resource":"$context.resourcePath"}'


@pytest.fixture(scope="module", params=[0, 2], ids=["one process", "two workers"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    home = tmp_path_factory.mktemp("home")
    with RunningServer(home, workers=request.param, access_log=home / "calls.jsonl") as server:
        yield server


@pytest.fixture(scope="module")
def api(running: RunningServer) -> Api:
    made = Api(running)
    made.method("/open", mock())
    made.deploy()
    return made


def update(api: Api, *patches: tuple[str, str, str]) -> None:
    operations = [{"op": op, "path": path, "value": value} for op, path, value in patches]
    api.client.update_stage(restApiId=api.id, stageName="prod", patchOperations=operations)


def until(found: Callable[[], list[str]], count: int) -> list[str]:
    for _ in range(100):
        lines = found()
        if len(lines) >= count:
            return lines
        time.sleep(0.1)
    raise AssertionError(f"{count} lines are wanted: {lines}")


def shown(running: RunningServer, *arguments: str) -> list[str]:
    result = CliRunner(env={"YETT_HOME": str(running.settings.home)}).invoke(access_log, list(arguments))
    return result.stdout.splitlines() if result.exit_code == 0 else []


def test_each_call_leaves_a_line_once_a_log_is_set_and_none_when_it_is_gone(running: RunningServer, api: Api) -> None:
    running.call(api.id, "/prod/open")
    update(
        api,
        ("replace", "/accessLogSettings/destinationArn", GROUP),
        ("replace", "/accessLogSettings/format", FORMAT),
    )
    stage = api.client.get_stage(restApiId=api.id, stageName="prod")
    assert stage["accessLogSettings"] == {"destinationArn": GROUP, "format": FORMAT}
    ids = [running.call(api.id, "/prod/open").headers["x-amzn-requestid"] for _ in range(8)]
    ids.append(running.call(api.id, "/prod/nowhere").headers["x-amzn-requestid"])
    lines = [json.loads(line) for line in until(lambda: shown(running, "shop"), 9)]
    assert {line["id"] for line in lines} == set(ids)
    assert sorted(line["status"] for line in lines) == ["200"] * 8 + ["403"]
    assert {line["resource"] for line in lines} == {"/open", "-"}
    assert shown(running, "--tail", "2", "/api/shop") == shown(running)[-2:]
    update(api, ("remove", "/accessLogSettings", ""))
    running.call(api.id, "/prod/open")
    running.call(api.id, "/prod/open")
    time.sleep(0.5)
    assert len(shown(running)) == 9


def test_the_servers_own_log_has_them_all(running: RunningServer, api: Api) -> None:
    asked = running.call(api.id, "/prod/open").headers["x-amzn-requestid"]
    path: Path = running.settings.home / "calls.jsonl"
    read = lambda: [line for line in path.read_text().splitlines() if asked in line] if path.exists() else []  # noqa: E731
    [line] = map(json.loads, until(read, 1))
    assert (line["api"], line["resource"], line["outcome"], line["status"]) == (api.id, "/open", "allow", 200)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("destinationArn", "arn:aws:firehose:us-east-1:123456789012:deliverystream/x", "Invalid ARN"),
        ("destinationArn", GROUP.replace("123456789012", "210987654321"), "must be in account"),
        ("format", "$context.status", r"\$context.requestId"),
    ],
)
def test_what_cannot_be_logged_is_refused_and_changes_nothing(
    running: RunningServer, api: Api, path: str, value: str, message: str
) -> None:
    good = {"destinationArn": GROUP, "format": FORMAT}
    patches = [("replace", f"/accessLogSettings/{name}", text) for name, text in (good | {path: value}).items()]
    with pytest.raises(ClientError, match=message) as error:
        update(api, *patches)
    assert error.value.response["Error"]["Code"] == "BadRequestException"
    assert "accessLogSettings" not in api.client.get_stage(restApiId=api.id, stageName="prod")


def test_a_group_without_lines_is_said_to_have_none(tmp_path: Path) -> None:
    result = CliRunner(env={"YETT_HOME": str(tmp_path)}).invoke(access_log, ["nothing"])
    assert result.exit_code == 1
    assert "no line of a log group like `nothing`" in result.output
