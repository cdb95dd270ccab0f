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
    assert "beware" not in finished.stdout


GUARDED = """
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.12, Handler: index.handler}}
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth: {Authorizers: {Gate: {FunctionArn: !GetAtt Gate.Arn, FunctionPayloadType: TOKEN}}}
  Gate:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: |
        def handler(event, context):
            statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
            return {"principalId": "p", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
  Backend:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: "def handler(event, context): return {'statusCode': 200}"
      Events:
        A: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /a, Method: get, Auth: {Authorizer: Gate}}}
        B: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /b, Method: get, Auth: {Authorizer: Gate}}}
        C: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /c, Method: get, Auth: {Authorizer: AWS_IAM}}}
  Clerk:
    Type: AWS::IAM::User
    Properties: {UserName: clerk}
"""
GUARDED_TESTS = """
import pathlib

import pytest

@pytest.mark.parametrize("path", ["/a", "/b"])
def test_whoever_has_a_token(api, path):
    api.with_token("any").get(path).assert_allowed()

def test_the_matrix(api):
    callers = {"anonymous": api.anonymous(), "clerk": api.as_user("clerk")}
    api.access_matrix(callers).assert_matches(pathlib.Path(__file__).with_name("access.yaml"))

def test_what_is_no_call(api):
    with pytest.raises(ValueError, match="a path begins with a slash"):
        api.anonymous().get("a")
    with pytest.raises(LookupError, match="there is no IAM user `nobody`"):
        api.as_user("nobody")
    with pytest.raises(ValueError, match="`boom` is no fault: there are exception, "):
        api.gateway.fail("Gate", "boom")
    with pytest.raises(KeyError, match="it has Api, "):
        api.gateway.fail("Other", "timeout")

def test_that_fails(api):
    api.as_user("clerk").get("/c").assert_allowed()

def test_that_fails_for_its_verb(api):
    api.anonymous().post("/a").assert_allowed()
"""


def test_workers_of_xdist_have_a_gateway_each_and_tell_what_will_surprise(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "template.yaml").write_text(GUARDED)
    (tmp_path / "test_guarded.py").write_text(GUARDED_TESTS)
    written = run_pytest(tmp_path, "-k", "matrix", "--update-golden")
    assert written.returncode == 0, written.stdout + written.stderr
    matrix = (tmp_path / "access.yaml").read_text()
    assert "  GET /c:\n    anonymous: unauthenticated\n    clerk: implicit_deny\n" in matrix
    finished = run_pytest(tmp_path, "-n", "2")
    assert "4 passed" in finished.stdout, finished.stdout + finished.stderr
    assert "2 failed" in finished.stdout
    assert "hint: this path has GET" in finished.stdout
    assert "add an Allow of execute-api:Invoke on arn:aws:execute-api:" in finished.stdout  # what would allow it
    assert "yett: beware" in finished.stdout
    assert finished.stdout.count("and is cached for 300 s: the next method gets 403") >= 1


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
