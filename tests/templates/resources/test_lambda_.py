"""AWS::Lambda::*."""

from tests.templates.ground import Ground

TEMPLATE = """\
Parameters: {Code: {Type: String, Default: "1"}}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.11
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Timeout: 7
      ReservedConcurrentExecutions: 2
      Code: {ZipFile: !Sub "def handler(event, context): return ${Code}"}
  Permission:
    Type: AWS::Lambda::Permission
    Properties: {Action: lambda:InvokeFunction, FunctionName: !Ref Function, Principal: apigateway.amazonaws.com}
"""


async def test_an_edit_of_code_changes_the_code_alone(ground: Ground) -> None:
    name = {one.logical_id: one.physical_id for one in (await ground.up(TEMPLATE)).resources}["Function"]
    site = await ground.site()
    before = await site.do("lambda", "GetFunctionConfiguration", {"FunctionName": name})
    await ground.up(TEMPLATE, Code="2")
    after = await site.do("lambda", "GetFunctionConfiguration", {"FunctionName": name})
    assert after["CodeSha256"] != before["CodeSha256"]
    assert after["Timeout"] == 7
    done = {event.logical_id: event.action for event in ground.events if event.state == "done"}
    assert done == {"Role": "keep", "Function": "update", "Permission": "keep"}


async def test_a_setting_that_goes_gets_its_default(ground: Ground) -> None:
    name = {one.logical_id: one.physical_id for one in (await ground.up(TEMPLATE)).resources}["Function"]
    bare = TEMPLATE.replace("      Timeout: 7\n", "").replace("      ReservedConcurrentExecutions: 2\n", "")
    await ground.up(bare)
    site = await ground.site()
    found = await site.do("lambda", "GetFunction", {"FunctionName": name})
    assert found["Configuration"]["Timeout"] == 3
    assert "Concurrency" not in found


async def test_a_function_of_another_name_takes_its_permission_along(ground: Ground) -> None:
    await ground.up(TEMPLATE)
    named = TEMPLATE.replace("      Timeout: 7\n", "      FunctionName: worker\n")
    await ground.up(named)
    site = await ground.site()
    assert [one["FunctionName"] for one in (await site.do("lambda", "ListFunctions", {}))["Functions"]] == ["worker"]
    assert "apigateway" in (await site.do("lambda", "GetPolicy", {"FunctionName": "worker"}))["Policy"]
