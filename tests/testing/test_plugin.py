"""The plugin, as another project uses it: in a pytest of its own."""

import subprocess
import sys
from pathlib import Path

PETSTORE = Path(__file__).parents[2] / "examples" / "petstore" / "tests"


def run_pytest(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *arguments]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=120, check=False)


def test_the_pet_stores_own_tests_pass() -> None:
    finished = run_pytest(PETSTORE)
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_a_failing_assertion_prints_the_explanation(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "template.yaml").write_text(
        """
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      DefinitionBody:
        openapi: 3.0.1
        info: {title: small, version: "1"}
        x-amazon-apigateway-policy:
          Version: "2012-10-17"
          Statement:
            - {Sid: Office, Effect: Allow, Principal: "*", Action: execute-api:Invoke, Resource: "execute-api:/*",
               Condition: {IpAddress: {aws:SourceIp: 10.0.0.0/8}}}
        paths:
          /health:
            get:
              responses: {"200": {description: alive}}
              x-amazon-apigateway-integration:
                type: mock
                requestTemplates: {application/json: '{"statusCode": 200}'}
                responses: {default: {statusCode: "200"}}
"""
    )
    (tmp_path / "test_office.py").write_text(
        """
def test_from_the_office(api):
    api.anonymous(source_ip="10.1.2.3").get("/health").assert_allowed()

def test_from_elsewhere(api):
    api.anonymous(source_ip="203.0.113.9").get("/health").assert_denied(by="implicit_deny", status=403)

def test_that_fails(api):
    api.anonymous(source_ip="203.0.113.9").get("/health").assert_allowed()
"""
    )
    finished = run_pytest(tmp_path)
    assert "2 passed" in finished.stdout
    assert "1 failed" in finished.stdout
    assert "aws:SourceIp IpAddress wants 10.0.0.0/8; the call has 203.0.113.9" in finished.stdout
