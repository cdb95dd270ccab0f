"""Strict where it matters."""

from pathlib import Path

import pytest

from yett.templates.checking import check_template
from yett.templates.errors import TemplateRefused
from yett.templates.loading import load_template

TEMPLATE = """\
Resources:
  Logs:
    Type: AWS::Logs::LogStream
  Stage:
    Type: AWS::ApiGateway::Stage
    Properties:
      RestApiId: x
      TracingEnabled: true
"""
WRONG = """\
  Plan:
    Type: AWS::ApiGateway::UsagePlan
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Handler: a.b
      VpcConfig: {}
    CreationPolicy: {}
Rules: {}
"""


def test_what_changes_nothing_is_named_once_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(TEMPLATE)
    loaded = load_template(path)
    assert [(one.what, one.line) for one in check_template(loaded.content, loaded)] == [
        ("AWS::Logs::LogStream", 2),
        ("AWS::ApiGateway::Stage TracingEnabled", 8),
    ]


def test_what_would_not_be_enforced_stops_with_name_and_line(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(TEMPLATE + WRONG)
    loaded = load_template(path)
    with pytest.raises(TemplateRefused) as refused:
        check_template(loaded.content, loaded)
    lines = refused.value.reason.split("\n")
    assert [line.split(":")[1] for line in lines] == ["17", "9", "16", "15"]
    for name in ("`Rules`", "AWS::ApiGateway::UsagePlan", "`CreationPolicy`", "`VpcConfig`"):
        assert any(name in line for line in lines)
