"""SAM templates in CloudFormation's own terms."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from yett.templates.loading import load_template
from yett.templates.sam import translate

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Parameters: {Stage: {Type: String, Default: live}}
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties: {StageName: !Ref Stage}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Handler: index.handler
      InlineCode: "def handler(event, context): return {'statusCode': 200}"
      Events:
        Named: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /, Method: get}}
        Implicit: {Type: Api, Properties: {Path: "/{rest+}", Method: any}}
"""


def types_in(value: Any) -> Iterator[type]:
    """The types of a value and of all within it, keys too."""
    yield type(value)
    if isinstance(value, dict):
        for name, one in value.items():
            yield from types_in(name)
            yield from types_in(one)
    if isinstance(value, list):
        for one in value:
            yield from types_in(one)


def test_nothing_of_the_translators_own_types_comes_out(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE)
    translated = translate(load_template(path), parameters={"Stage": "live"}, managed_policies={}, region="us-east-1")
    assert set(types_in(translated.template)) <= {dict, list, str, int, bool}
