"""AWS::Lambda::LayerVersion and ::EventInvokeConfig."""

import json

import pytest
from tests.node_js import needs_node
from tests.templates.ground import Ground

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Parameters: {Attempts: {Type: Number, Default: 1}}
Resources:
  Shared:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: shared, LayerName: shared, CompatibleRuntimes: [python3.11], RetentionPolicy: Delete}
  Plain:
    Type: AWS::Lambda::LayerVersion
    Properties: {Content: plain}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Handler: index.handler
      FunctionName: worker
      InlineCode: "import greeting\\ndef handler(event, context): return greeting.TEXT"
      Layers: [!Ref Shared, !Ref Plain]
      EventInvokeConfig: {MaximumRetryAttempts: !Ref Attempts}
"""


def write_layers(ground: Ground, text: str) -> None:
    """The directories of the two layers."""
    for name in ("shared", "plain"):
        (ground.home / name / "python").mkdir(parents=True, exist_ok=True)
    (ground.home / "shared" / "python" / "greeting.py").write_text(f"TEXT = {text!r}\n")
    (ground.home / "plain" / "python" / "other.py").write_text("")


async def invoke(ground: Ground) -> object:
    """What the function answers."""
    site = await ground.site()
    return json.loads((await site.do("lambda", "Invoke", {"FunctionName": "worker"}))["Payload"])


async def layers(ground: Ground) -> list[str]:
    """The layers' versions that the function has."""
    site = await ground.site()
    found = await site.do("lambda", "GetFunctionConfiguration", {"FunctionName": "worker"})
    return [str(one["Arn"]) for one in found["Layers"]]


async def test_functions_have_the_layers_of_their_template(ground: Ground) -> None:
    write_layers(ground, "good day")
    await ground.up(TEMPLATE)
    assert await layers(ground) == [
        "arn:aws:lambda:us-east-1:123456789012:layer:shared:1",
        "arn:aws:lambda:us-east-1:123456789012:layer:Plain:1",
    ]
    assert await invoke(ground) == "good day"
    assert not (await ground.up(TEMPLATE)).changed


async def test_an_edit_in_a_layer_is_published_and_taken(ground: Ground) -> None:
    write_layers(ground, "good day")
    await ground.up(TEMPLATE)
    write_layers(ground, "good night")
    await ground.up(TEMPLATE)
    assert (await layers(ground))[0].endswith(":layer:shared:2")
    assert await invoke(ground) == "good night"
    site = await ground.site()
    versions = (await site.do("lambda", "ListLayerVersions", {"LayerName": "shared"}))["LayerVersions"]
    assert [one["Version"] for one in versions] == [2]


async def test_how_events_are_tried_again_is_set_and_changed(ground: Ground) -> None:
    write_layers(ground, "x")
    site = await ground.site()
    for attempts in ("1", "0"):
        await ground.up(TEMPLATE, Attempts=attempts)
        found = await site.do("lambda", "GetFunctionEventInvokeConfig", {"FunctionName": "worker"})
        assert found["MaximumRetryAttempts"] == int(attempts)


async def test_destinations_are_refused_by_name(ground: Ground) -> None:
    write_layers(ground, "x")
    queue = "{Type: SQS, Destination: 'arn:aws:sqs:us-east-1:123456789012:dead'}"
    destination = f"{{MaximumRetryAttempts: 1, DestinationConfig: {{OnFailure: {queue}}}}}"
    reason = await ground.refusal(TEMPLATE.replace("{MaximumRetryAttempts: !Ref Attempts}", destination))
    assert "estination" in reason


@pytest.mark.parametrize("name", ["Shared", "Plain"])
async def test_a_layer_that_must_be_built_is_refused(ground: Ground, name: str) -> None:
    text = TEMPLATE.replace(f"  {name}:\n", f"  {name}:\n    Metadata: {{BuildMethod: python3.11}}\n")
    assert f"`{name}`: layers are not built here" in await ground.refusal(text)


@needs_node
async def test_lines_of_javascript_are_a_module_of_it(ground: Ground) -> None:
    write_layers(ground, "x")
    lines = "exports.handler = async () => 'from node'"
    text = TEMPLATE.replace("python3.11\n      Handler", "nodejs20.x\n      Handler")
    start = text.index('"import greeting')
    text = text[:start] + f'"{lines}"' + text[text.index("\n", start) :]
    await ground.up(text.replace("      Layers: [!Ref Shared, !Ref Plain]\n", ""))
    assert await invoke(ground) == "from node"
