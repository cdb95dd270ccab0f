import json
import re
import signal
import socket
from pathlib import Path

import pytest
from tests.cli.conftest import TEMPLATE, Shop
from tests.cli.processes import UP, Process, descendants, environment_of, paste, run, survivors

QUICK = """
Resources:
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: quick}}
  Method:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: GET
      AuthorizationType: NONE
      Integration: {Type: MOCK, RequestTemplates: {application/json: '{"statusCode": 200}'}}
  Deployment: {Type: AWS::ApiGateway::Deployment, DependsOn: Method, Properties: {RestApiId: !Ref Api}}
  Stage:
    Type: AWS::ApiGateway::Stage
    Properties: {RestApiId: !Ref Api, DeploymentId: !Ref Deployment, StageName: prod}
"""


def commands(printed: str) -> dict[str, str]:
    """Kind of caller -> the command that is suggested."""
    return dict(re.findall(r"^    # (.+)\n    (.+)$", printed, re.MULTILINE))


def kind_of(title: str) -> str:
    return title.replace(" ", "-")


KINDS = (
    "open",
    "Cognito Customers",
    "Cognito Customers (scope shop/read)",
    "AWS_IAM",
    "Lambda authorizer Gate (TOKEN)",
)


def test_it_shows_progress_and_every_route(shop: Shop) -> None:
    printed = shop.process.printed
    assert "  ✓ create  Backend (AWS::Lambda::Function)" in printed
    for line in (
        "  GET   /batch   Cognito Customers (scope shop/read)",
        "  GET   /gated   Lambda authorizer Gate (TOKEN)",
        "  POST  /mine    Cognito Customers",
        "  GET   /open    open",
        "  GET   /signed  AWS_IAM",
    ):
        assert f"{line}\n" in printed
    assert set(commands(printed)) == set(KINDS)
    assert f"after: export YETT_HOME='{shop.home}'" in printed


@pytest.mark.parametrize("kind", KINDS, ids=kind_of)
def test_each_suggested_command_works_when_pasted(shop: Shop, kind: str) -> None:
    command = commands(shop.process.printed)[kind]
    pasted = paste(command, environment=shop.environment, cwd=shop.directory)
    assert pasted.returncode == 0, pasted.stderr
    assert json.loads(pasted.stdout)["path"] in command


def test_a_json_summary_is_all_that_goes_to_stdout(tmp_path: Path) -> None:
    (tmp_path / "quick").mkdir()
    (tmp_path / "quick/template.yaml").write_text(QUICK)
    words = ("up", "quick/template.yaml", "--port", "0", "--json")
    with (tmp_path / "errors").open("w") as errors:
        process = Process(*words, environment=environment_of(tmp_path / "home"), cwd=tmp_path, errors=errors)
        try:
            process.wait_for('"apis"')
        finally:
            assert process.end() == 0
    assert "✓ create  Stage" in (tmp_path / "errors").read_text()
    summary = json.loads(process.printed)
    assert summary["stackName"] == "quick"
    assert summary["changed"] is True
    (api,) = summary["apis"]
    assert (api["logicalId"], api["name"], api["stage"]) == ("Api", "quick", "prod")
    (route,) = api["routes"]
    assert (route["method"], route["path"], route["kind"]) == ("GET", "/", "open")
    assert route["command"].startswith("curl http://")


def test_interrupting_it_ends_it_cleanly_with_all_that_it_started(tmp_path: Path) -> None:
    environment = environment_of(tmp_path / "home")
    process = Process("up", TEMPLATE, "--port", "0", environment=environment, cwd=tmp_path)
    printed = process.wait_for(UP)
    called = paste(commands(printed)["open"], environment=environment, cwd=tmp_path)
    assert called.returncode == 0
    assert "/open" in called.stdout
    started = descendants(process.pid)
    assert started  # the function's process
    assert process.end() == 0
    assert survivors(started) == []
    assert "Traceback" not in process.printed
    assert not (tmp_path / "home/running.json").exists()


def test_it_can_be_interrupted_while_it_deploys(tmp_path: Path) -> None:
    process = Process("up", TEMPLATE, "--port", "0", environment=environment_of(tmp_path / "home"), cwd=tmp_path)
    process.wait_for("✓ create")
    started = descendants(process.pid)
    assert process.end() == 0
    assert "Traceback" not in process.printed
    assert survivors(started) == []


def test_a_port_in_use_is_said_in_clear_words(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        environment = environment_of(tmp_path / "home")
        result = run("yett", "up", TEMPLATE, "--port", str(port), environment=environment, cwd=tmp_path)
    assert result.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in result.stderr
    assert "--port" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_second_one_on_the_same_home_is_refused_in_clear_words(shop: Shop) -> None:
    result = run("yett", "up", TEMPLATE, "--port", "0", environment=shop.environment, cwd=shop.directory)
    assert result.returncode == 1
    assert f"a yett server already runs on `{shop.home}`" in result.stderr
    assert f"pid {shop.process.pid}" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_template_that_is_refused_ends_it_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/template.yaml").write_text(QUICK.replace("HttpMethod: GET", "HttpMethod: FETCH"))
    result = run(
        "yett", "up", "bad/template.yaml", "--port", "0", environment=environment_of(tmp_path / "h"), cwd=tmp_path
    )
    assert result.returncode == 1
    assert re.search(r"bad/template\.yaml:\d+", result.stderr), result.stderr
    assert "Traceback" not in result.stderr


def test_a_parameter_without_a_value_is_a_mistake_of_usage(tmp_path: Path) -> None:
    result = run("yett", "up", TEMPLATE, "-p", "Name", environment=environment_of(tmp_path / "h"), cwd=tmp_path)
    assert result.returncode == 2
    assert "write NAME=VALUE" in result.stderr


def test_after_a_kill_everything_is_there_and_nothing_needs_to_change(tmp_path: Path) -> None:
    environment = environment_of(tmp_path / "home")
    first = Process("up", TEMPLATE, "--port", "0", environment=environment, cwd=tmp_path)
    before = first.wait_for(UP)
    started = descendants(first.pid)
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    second = Process("up", TEMPLATE, "--port", "0", environment=environment, cwd=tmp_path)
    try:
        after = second.wait_for(UP)
        assert "nothing to change" in after
        assert "✓" not in after
        api = re.search(r"/restapis/(\w+)/|//(\w+)\.execute-api", before)
        assert api is not None
        assert next(filter(None, api.groups())) in after
        for kind in ("open", "Cognito Customers"):
            pasted = paste(commands(after)[kind], environment=environment, cwd=tmp_path)
            assert pasted.returncode == 0, (kind, pasted.stderr)
        assert survivors(started) == []
    finally:
        assert second.end() == 0


FOLLOWED = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.11, Handler: app.handler, CodeUri: code}
  Clerk: {Type: AWS::IAM::User, Properties: {UserName: clerk}}
"""


def test_an_edit_is_deployed_and_a_fault_leaves_what_was_up(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    code, template = tmp_path / "code" / "app.py", tmp_path / "template.yaml"
    code.write_text("def handler(event, context): return 1\n")
    template.write_text(FOLLOWED)
    environment = environment_of(tmp_path / "home")
    process = Process("up", "template.yaml", "--port", "0", "--watch", environment=environment, cwd=tmp_path)
    try:
        process.wait_for("following the template")
        code.write_text("def handler(event, context): return 22\n")
        said = process.wait_for("✓ live after")
        assert "update  Function (AWS::Lambda::Function)" in said
        assert "update  Clerk" not in said
        template.write_text(FOLLOWED.replace("AWS::IAM::User", "AWS::IAM::Nobody"))
        said = process.wait_for("what was up before goes on serving")
        assert "template.yaml:7: `Clerk`" in said
        template.write_text(FOLLOWED.replace("clerk}", "keeper}"))
        process.wait_for("✓ live after")
    finally:
        assert process.end() == 0
    planned = run("yett", "up", "template.yaml", "--plan", environment=environment, cwd=tmp_path)
    assert "nothing to change" in planned.stdout
    template.write_text(FOLLOWED)
    planned = run("yett", "up", "template.yaml", "--plan", "--json", environment=environment, cwd=tmp_path)
    changes = {one["logicalId"]: one["action"] for one in json.loads(planned.stdout)["changes"]}
    assert changes == {"Function": "keep", "FunctionRole": "keep", "Clerk": "replace"}


GUARDED = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth: {Authorizers: {Gate: {FunctionArn: !GetAtt Gate.Arn}}}
  Gate:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.11, Handler: gate.handler, CodeUri: code}
  Shop:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Handler: shop.handler
      CodeUri: code
      Events:
        List:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: /pets, Method: get, Auth: {Authorizer: Gate}}
"""
ALLOW = """def handler(event, context):
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": RESOURCE}
    return {"principalId": "p", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
"""


def test_an_edit_that_will_surprise_callers_is_warned_of_once(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    gate = tmp_path / "code" / "gate.py"
    shop = tmp_path / "code" / "shop.py"
    narrow = ALLOW.replace("RESOURCE", "[event['methodArn'] + x for x in ('', '/*')]")
    gate.write_text(narrow)
    shop.write_text("def handler(event, context): return {'statusCode': 200}\n")
    (tmp_path / "template.yaml").write_text(GUARDED)
    environment = environment_of(tmp_path / "home")
    process = Process("up", "template.yaml", "--port", "0", "--watch", environment=environment, cwd=tmp_path)

    def edit(file: Path, text: str) -> str:
        """What was said of an edit, and of what came right behind it."""
        said = len(process.printed)
        file.write_text(text)
        process.wait_for("✓ live after")
        shop.write_text(shop.read_text() + "# next\n")
        return process.wait_for("✓ live after")[said:]

    warning = "beware: authorizer Gate: its code (gate.py, line 2) allows everything"
    try:
        assert "beware" not in process.wait_for("following the template")
        assert edit(gate, ALLOW.replace("RESOURCE", "'*'")).count(warning) == 1
        assert "beware" not in edit(shop, shop.read_text() + "# another\n")
        assert "beware" not in edit(gate, narrow)
        assert warning in edit(gate, ALLOW.replace("RESOURCE", "'*'"))
    finally:
        assert process.end() == 0
