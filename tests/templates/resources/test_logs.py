from tests.templates.ground import Ground

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Format: {Type: String, Default: "$context.requestId"}
  Logs: {Type: String, Default: "yes"}
Conditions:
  Logs: !Equals [!Ref Logs, "yes"]
Resources:
  Lines:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: /api/shop, RetentionInDays: 7}
  Named:
    Type: AWS::Logs::LogGroup
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      AccessLogSetting: !If
        - Logs
        - {DestinationArn: !GetAtt Lines.Arn, Format: !Ref Format}
        - !Ref AWS::NoValue
      DefinitionBody:
        openapi: 3.0.1
        info: {title: Shop, version: "1"}
        paths:
          /open:
            get:
              responses: {"200": {description: ok}}
              x-amazon-apigateway-integration: {type: HTTP_PROXY, httpMethod: GET, uri: "http://127.0.0.1:9/"}
Outputs:
  Named: {Value: !Ref Named}
  Arn: {Value: !GetAtt Named.Arn}
"""


async def test_a_stages_access_log_goes_to_the_group_of_the_template_and_changes_in_place(ground: Ground) -> None:
    stack = await ground.up(TEMPLATE)
    api_id = stack.apis[0].api_id
    plan = await ground.wired.ports.plans.resolve(api_id, "prod")
    assert plan is not None
    assert plan.access_log is not None
    assert plan.access_log.file_name == "123456789012.us-east-1.%2Fapi%2Fshop.log"
    outputs = {each.name: each.value for each in stack.outputs}
    assert outputs["Arn"] == f"arn:aws:logs:us-east-1:123456789012:log-group:{outputs['Named']}:*"
    assert "-Named-" in outputs["Named"]
    await ground.up(TEMPLATE, Format="$context.requestId $context.status")
    plan = await ground.wired.ports.plans.resolve(api_id, "prod")
    assert plan is not None
    assert plan.access_log is not None
    assert plan.access_log.pieces == ("", "requestId", " ", "status", "")
    await ground.up(TEMPLATE, Logs="no")
    plan = await ground.wired.ports.plans.resolve(api_id, "prod")
    assert plan is not None
    assert plan.access_log is None
