"""Reading templates, with lines."""

from pathlib import Path

import pytest

from yett.templates.errors import TemplateRefused
from yett.templates.loading import load_template

TEMPLATE = """\
AWSTemplateFormatVersion: 2010-09-09
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth:
        DefaultAuthorizer: !Ref Pool
        Arn: !GetAtt Pool.Arn
        Text: !Sub "${Api}/x"
        Joined: !Join [",", [!Ref A, b]]
        Either: !If [Yes, 1, !Ref AWS::NoValue]
  ApiRole:
    Type: AWS::IAM::Role
"""


def load(tmp_path: Path, text: str) -> object:
    path = tmp_path / "template.yaml"
    path.write_text(text)
    return load_template(path)


def test_short_tags_are_written_out_and_dates_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE)
    content = load_template(path).content
    assert content["AWSTemplateFormatVersion"] == "2010-09-09"
    assert content["Resources"]["Api"]["Properties"]["Auth"] == {
        "DefaultAuthorizer": {"Ref": "Pool"},
        "Arn": {"Fn::GetAtt": ["Pool", "Arn"]},
        "Text": {"Fn::Sub": "${Api}/x"},
        "Joined": {"Fn::Join": [",", [{"Ref": "A"}, "b"]]},
        "Either": {"Fn::If": ["Yes", 1, {"Ref": "AWS::NoValue"}]},
    } or content["Resources"]["Api"]["Properties"]["Auth"]["Either"] == {"Fn::If": [True, 1, {"Ref": "AWS::NoValue"}]}


def test_every_value_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE)
    loaded = load_template(path)
    assert loaded.line("Resources", "Api") == 3
    assert loaded.line("Resources", "Api", "Properties", "Auth", "Arn") == 9
    assert loaded.line("Resources", "Api", "Properties", "Nowhere") == 5
    assert loaded.line_of_resource("ApiRole") == 13
    assert loaded.line_of_resource("ApiprodStage") == 3  # what SAM made of Api
    assert loaded.line_of_resource("Other") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [", "no YAML"),
        ("- 1", "no `Resources`"),
        ("Resources: []", "no `Resources`"),
        ("Resources:\n  A: !Danger x", "2: no YAML: unknown tag `!Danger`"),
        ("Resources:\n  A: 1\n  A: 2", "3: no YAML: `A` is given twice"),
        ("Resources: !!python/object/apply:os.system [true]", "no"),
    ],
)
def test_what_is_no_template_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(TemplateRefused) as refused:
        load(tmp_path, text)
    assert reason in refused.value.reason


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TemplateRefused, match="cannot be read"):
        load_template(tmp_path / "none.yaml")
