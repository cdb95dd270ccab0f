"""Functions through boto3 and through APIs: aliases, layers, Node.js, and events that outlive a killed server."""

import io
import json
import os
import signal
import threading
import zipfile
from pathlib import Path
from typing import Any

from tests.node_js import needs_node
from tests.sdk.making import Api, make_function, package, proxy, unique
from tests.sdk.running import RunningServer
from tests.security.serving import Served

VERSIONED = """
import json
def handler(event, context):
    return {"statusCode": 200, "body": json.dumps([TEXT, context.function_version, context.invoked_function_arn])}
"""
NODE = """
import { label } from "shared";
export const handler = async (event) => ({ statusCode: 200, body: label + event.path });
"""


def zipped(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), text)
    return buffer.getvalue()


def permit(running: RunningServer, api: Api, function_arn: str, **params: str) -> None:
    running.client("lambda").add_permission(
        FunctionName=function_arn,
        StatementId=unique("gateway"),
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{running.settings.region}:{running.settings.account}:{api.id}/*/*",
        **params,
    )


def test_an_api_runs_the_version_that_its_alias_names_if_the_aliass_own_policy_allows(running: RunningServer) -> None:
    client = running.client("lambda")
    arn = make_function(running, f"TEXT = 'one'\n{VERSIONED}")
    client.publish_version(FunctionName=arn)
    alias = client.create_alias(FunctionName=arn, Name="live", FunctionVersion="1")["AliasArn"]
    client.update_function_code(FunctionName=arn, ZipFile=package(f"TEXT = 'two'\n{VERSIONED}"))
    api = Api(running)
    api.method("/", proxy(running, alias))
    api.deploy()
    permit(running, api, arn)  # the function's own: not the alias's
    assert running.call(api.id, "/prod/").status == 500
    permit(running, api, arn, Qualifier="live")
    assert running.call(api.id, "/prod/").json == ["one", "1", alias]
    client.publish_version(FunctionName=arn)
    client.update_alias(FunctionName=arn, Name="live", FunctionVersion="2")
    assert running.call(api.id, "/prod/").json == ["two", "2", alias]
    [statement] = json.loads(client.get_policy(FunctionName=arn, Qualifier="live")["Policy"])["Statement"]
    client.remove_permission(FunctionName=arn, Qualifier="live", StatementId=statement["Sid"])
    assert running.call(api.id, "/prod/").status == 500
    answer = client.invoke(FunctionName=arn, Qualifier="live")
    assert answer["ExecutedVersion"] == "2"


@needs_node
def test_a_node_function_with_a_layer_is_behind_an_api(running: RunningServer) -> None:
    client = running.client("lambda")
    shared = {
        "nodejs__node_modules__shared__index_dot_js": "exports.label = 'from the layer: '",
    }
    layer = client.publish_layer_version(LayerName=unique("layer"), Content={"ZipFile": zipped(**shared)})
    role = client.get_function(FunctionName=make_function(running, VERSIONED))["Configuration"]["Role"]
    code = NODE.replace('import { label } from "shared"', 'import { createRequire } from "node:module";\n'
                        'const { label } = createRequire(import.meta.url)("shared")')  # fmt: skip
    arn = client.create_function(
        FunctionName=unique("node"),
        Runtime="nodejs20.x",
        Handler="index.handler",
        Role=role,
        Code={"ZipFile": zipped(index_dot_mjs=code)},
        Layers=[layer["LayerVersionArn"]],
    )["FunctionArn"]
    api = Api(running)
    api.method("/", proxy(running, arn))
    api.deploy()
    permit(running, api, arn)
    answer = running.call(api.id, "/prod/")
    assert (answer.status, answer.body) == (200, b"from the layer: /")


EVENT = """
import os
def handler(event, context):
    with open(event["reached"], "w") as reached:
        reached.write("x")
    if os.path.exists(event["gate"]):
        with open(event["gate"]) as gate:
            gate.read()
    with open(event["done"], "w") as done:
        done.write(context.aws_request_id)
"""


def test_an_acknowledged_event_is_run_by_the_next_server_when_this_one_is_killed(tmp_path: Path) -> None:
    paths = {name: tmp_path / name for name in ("reached", "gate", "done")}
    for path in paths.values():
        os.mkfifo(path)
    event = json.dumps({name: str(path) for name, path in paths.items()})
    with Served(tmp_path / "home") as first:
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = first.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=document)["Role"]["Arn"]
        first.client("lambda").create_function(
            FunctionName="f",
            Runtime="python3.11",
            Handler="app.handler",
            Role=role,
            Timeout=60,
            Code={"ZipFile": package(EVENT)},
        )
        answer = first.client("lambda").invoke(FunctionName="f", InvocationType="Event", Payload=event)
        assert answer["StatusCode"] == 202
        request_id = answer["ResponseMetadata"]["RequestId"]
        assert paths["reached"].read_text() == "x"  # it has begun
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
    paths["gate"].unlink()
    read: list[Any] = []
    reader = threading.Thread(target=lambda: read.append((paths["reached"].read_text(), paths["done"].read_text())))
    reader.start()
    with Served(tmp_path / "home"):
        reader.join(60)
    assert read == [("x", request_id)]
