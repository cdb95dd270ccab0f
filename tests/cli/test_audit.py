import json
from pathlib import Path

from tests.cli.conftest import Shop
from tests.cli.processes import UP, Process, environment_of, paste, run

from yett.cli.explain import find_request_id

OFFICE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      DefinitionBody:
        openapi: 3.0.1
        info: {title: office, version: "1"}
        x-amazon-apigateway-policy:
          Version: "2012-10-17"
          Statement:
            - {Sid: Office, Effect: Allow, Principal: "*", Action: execute-api:Invoke, Resource: "execute-api:/*",
               Condition: {IpAddress: {aws:SourceIp: 10.0.0.0/8}}}
            - {Sid: Health, Effect: Allow, Principal: "*", Action: execute-api:Invoke,
               Resource: "execute-api:/*/GET/health"}
            - {Sid: Never, Effect: Allow, Principal: "*", Action: execute-api:Invoke,
               Resource: "execute-api:/prod/get/health"}
        paths:
          /health:
            get: &mock
              responses: {"200": {description: alive}}
              x-amazon-apigateway-integration:
                type: mock
                requestTemplates: {application/json: '{"statusCode": 200}'}
                responses: {default: {statusCode: "200"}}
          /desk: {get: *mock}
"""


def test_a_template_is_audited_on_a_server_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(OFFICE)
    environment = environment_of(tmp_path / "home")
    result = run("yett", "audit", "template.yaml", "--json", environment=environment, cwd=tmp_path)
    assert result.returncode == 1, result.stderr
    found = {(each["code"], each["where"]) for each in json.loads(result.stdout)["findings"]}
    assert ("OPEN_TO_ANYONE", "GET /health") in found
    assert ("ONE_ADDRESS_CONDITION", "GET /desk") in found
    assert any(code == "UNSATISFIABLE_STATEMENT" and "Statement/2" in where for code, where in found)
    accepted = [word for code, _ in found for word in ("--accept", code)]
    assert run("yett", "audit", "template.yaml", *accepted, environment=environment, cwd=tmp_path).returncode == 0
    assert not (tmp_path / "home").exists()


def test_an_authorizer_that_names_one_method_is_found_once_it_has_answered(shop: Shop) -> None:
    call = f"curl -si -H 'Authorization: open sesame' {shop.url}/gated"
    called = paste(call, environment=shop.environment, cwd=shop.directory)
    assert " 200 " in called.stdout
    result = run("yett", "audit", "--json", environment=shop.environment, cwd=shop.directory)
    codes = {each["code"]: each for each in json.loads(result.stdout)["findings"]}
    assert "OPEN_TO_ANYONE" in codes
    assert codes["OPEN_TO_WHO_SIGNS_UP"]["where"] == "POST /mine"
    # One method hangs on the authorizer, so its answers may well name that one.
    assert "AUTHORIZER_NAMES_ONE_METHOD" not in codes


GUARDED = """
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.12, Handler: index.handler}}
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth:
        Authorizers:
          Narrow: {FunctionArn: !GetAtt Narrow.Arn, FunctionPayloadType: TOKEN, Identity: {ReauthorizeEvery: 120}}
          Wide: {FunctionArn: !GetAtt Wide.Arn, FunctionPayloadType: TOKEN}
  Narrow:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: |
        def handler(event, context):
            statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
            return {"principalId": "p", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
  Wide:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: |
        def handler(event, context):
            statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
            return {"principalId": "p", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
  Backend:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: "def handler(event, context): return {'statusCode': 200}"
      Events:
        A: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /a, Method: get, Auth: {Authorizer: Narrow}}}
        B: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /b, Method: get, Auth: {Authorizer: Narrow}}}
        C: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /c, Method: get, Auth: {Authorizer: Wide}}}
"""
SURPRISE = "and is cached for 120 s: the next method gets 403"


def test_authorizers_are_looked_at_before_anybody_calls(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(GUARDED)
    environment = environment_of(tmp_path / "home")
    result = run("yett", "audit", "template.yaml", "--json", environment=environment, cwd=tmp_path)
    assert result.returncode == 1, result.stderr
    found = {(each["code"], each["where"]): each["message"] for each in json.loads(result.stdout)["findings"]}
    assert SURPRISE in found["AUTHORIZER_NAMES_ONE_METHOD", "authorizer Narrow"]
    assert "its code (index.py, line 2)" in found["AUTHORIZER_NAMES_ONE_METHOD", "authorizer Narrow"]
    assert "allows everything" in found["AUTHORIZER_ALLOWS_EVERYTHING", "authorizer Wide"]
    up = Process("up", "template.yaml", "--port", "0", environment=environment, cwd=tmp_path)
    try:
        printed = up.wait_for(UP)
        assert "beware: authorizer Narrow: its code (index.py, line 2)" in printed
        assert SURPRISE in printed
        (url,) = [line.split()[-1] for line in printed.splitlines() if line.startswith("Api (")]
        called = paste(f"curl -si -H 'Authorization: x' {url}/a", environment=environment, cwd=tmp_path)
        assert " 200 " in called.stdout, called.stdout
        again = run("yett", "audit", "--json", environment=environment, cwd=tmp_path)
        answered = [
            each["message"]
            for each in json.loads(again.stdout)["findings"]
            if (each["code"], each["stage"]) == ("AUTHORIZER_NAMES_ONE_METHOD", "prod")
        ]
        assert answered == [f"this Allow covers prod/GET/a only, {SURPRISE}"]  # told once: as it was answered
        explained = run("yett", "explain", find_request_id(called.stdout), environment=environment, cwd=tmp_path)
        assert f"beware: authorizer Narrow: this Allow covers prod/GET/a only, {SURPRISE}" in explained.stdout
    finally:
        up.end()


def test_template_and_server_exclude_each_other(shop: Shop) -> None:
    result = run("yett", "audit", "template.yaml", "--server", environment=shop.environment, cwd=shop.directory)
    assert result.returncode == 2
    assert "choose one" in result.stderr
