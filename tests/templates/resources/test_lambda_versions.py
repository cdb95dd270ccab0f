"""AWS::Lambda::Version and ::Alias, as SAM makes them of `AutoPublishAlias`."""

from tests.templates.ground import Ground

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Parameters: {Fails: {Type: String, Default: "no"}}
Conditions: {Fails: !Equals [!Ref Fails, "yes"]}
Resources:
  Worker:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.11, Handler: app.handler, CodeUri: code, FunctionName: worker, AutoPublishAlias: live}
  Key:
    Type: AWS::IAM::AccessKey
    DependsOn: Worker
    Condition: Fails
    Properties: {UserName: nobody}
"""


async def live(ground: Ground) -> tuple[str, str]:
    """The version that the alias stands for, and its code."""
    site = await ground.site()
    alias = await site.do("lambda", "GetAlias", {"FunctionName": "worker", "Name": "live"})
    asked = {"FunctionName": "worker", "Qualifier": alias["FunctionVersion"]}
    found = await site.do("lambda", "GetFunctionConfiguration", asked)
    return alias["FunctionVersion"], found["CodeSha256"]


async def test_an_alias_follows_the_code_and_comes_back_when_that_fails(ground: Ground) -> None:
    code = ground.home / "code" / "app.py"
    code.parent.mkdir()
    code.write_text("def handler(event, context): return 1\n")
    await ground.up(TEMPLATE)
    first = await live(ground)
    assert not (await ground.up(TEMPLATE)).changed
    code.write_text("def handler(event, context): return 22\n")
    await ground.refusal(TEMPLATE, Fails="yes")
    assert await live(ground) == first
    await ground.up(TEMPLATE)
    second = await live(ground)
    assert second[0] != first[0]
    assert second[1] != first[1]
