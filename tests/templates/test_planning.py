"""What would change is shown before it does, and nothing secret with it."""

import msgspec
from tests.templates.ground import Ground
from tests.templates.test_journal import TEMPLATE, everything

from yett.templates.packaging import Packager
from yett.templates.planning import HIDDEN, Change, Plan, plan

SECRETS = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Password: {Type: String, NoEcho: true, Default: correct-horse}
  Colour: {Type: String, Default: red}
Resources:
  Clerk:
    Type: AWS::IAM::User
  Key:
    Type: AWS::IAM::AccessKey
    Properties: {UserName: !Ref Clerk}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Handler: index.handler
      Description: !Sub "${Colour} ${Password}"
      InlineCode: "def handler(event, context): pass"
      Environment: {Variables: {COLOUR: !Ref Colour, KEY: !GetAtt Key.SecretAccessKey}}
  Pool:
    Type: AWS::Cognito::UserPool
    Properties: {UserPoolName: !Join ["-", [!Ref Colour, pool]], UserPoolTags: {note: !Ref Password}}
"""


async def planned(ground: Ground, text: str, **parameters: str) -> Plan:
    """The plan of a template."""
    path = ground.home / "template.yaml"
    path.write_text(text)
    return await plan(
        path,
        stack_name="pets",
        parameters=parameters,
        site=await ground.site(),
        packager=Packager(ground.home, progress=lambda text: None),
    )


def by_name(found: Plan) -> dict[str, Change]:
    return {one.logical_id: one for one in found.changes}


async def test_a_plan_changes_nothing(ground: Ground) -> None:
    empty = await everything(ground)
    found = await planned(ground, TEMPLATE)
    assert {one.action for one in found.changes} == {"create"}
    assert await everything(ground) == empty
    assert (await ground.left())[3] is None


async def test_a_plan_says_what_becomes_of_each_resource_and_why(ground: Ground) -> None:
    await ground.up(TEMPLATE)
    assert not (await planned(ground, TEMPLATE)).changed
    changed = by_name(await planned(ground, TEMPLATE, Code="2", Action="s3:PutObject", Path="/staff/"))
    actions = {name: one.action for name, one in changed.items()}
    assert actions == {
        "Role": "update",
        "Function": "update",
        "Clerk": "remake",
        "Keeper": "keep",
        "Pool": "keep",
        "Client": "keep",
        "Api": "update",
        "Deployment": "replace",
        "Stage": "update",
        "Last": "keep",
    }
    (difference,) = changed["Role"].differences
    assert difference.path == "Policies/0/PolicyDocument/Statement/0/Action"
    assert (difference.before, difference.after) == ("s3:GetObject", "s3:PutObject")
    (moved,) = changed["Stage"].differences
    assert moved.after == "<Deployment, known later>"
    assert changed["Role"].line == TEMPLATE.split("\n").index("  Role:") + 1


async def test_the_deployment_does_what_the_plan_said(ground: Ground) -> None:
    await ground.up(TEMPLATE)
    given = {"Code": "2", "Path": "/staff/"}
    shorter = TEMPLATE[: TEMPLATE.index("  Last:")]
    expected = {(one.logical_id, one.action) for one in (await planned(ground, shorter, **given)).changes}
    await ground.up(shorter, **given)
    done = {(event.logical_id, event.action) for event in ground.events if event.state == "done"}
    assert expected <= done
    assert done - expected == {("Deployment", "delete")}


async def test_secrets_are_never_shown(ground: Ground) -> None:
    await ground.up(SECRETS, Password="battery-staple")
    found = await planned(ground, SECRETS, Colour="blue")
    text = msgspec.json.encode(found).decode()
    changes = by_name(found)
    shown = {one.path: (one.before, one.after) for one in changes["Function"].differences}
    assert shown["Environment/Variables/COLOUR"] == (HIDDEN, HIDDEN)
    assert shown["Description"] == (HIDDEN, HIDDEN)
    assert {one.path: one.after for one in changes["Pool"].differences}["UserPoolName"] == "blue-pool"
    record = (await ground.left())[3]
    assert record is not None
    secret = next(one for one in record.resources if one.logical_id == "Key").attributes["SecretAccessKey"]
    for word in ("battery-staple", "correct-horse", secret):
        assert word not in text


async def test_a_secret_that_becomes_none_is_not_shown_either(ground: Ground) -> None:
    await ground.up(SECRETS)
    plain = SECRETS.replace("UserPoolTags: {note: !Ref Password}", "UserPoolTags: {note: plain}")
    assert "correct-horse" not in msgspec.json.encode(await planned(ground, plain)).decode()


async def test_what_its_backend_has_lost_comes_back_and_nothing_else_changes(ground: Ground) -> None:
    text = """\
Resources:
  Pets:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Readers: {Type: AWS::IAM::Group, Properties: {Path: !Sub "/${Pets}/"}}
"""
    await ground.up(text)
    ground.tables.clear()
    found = await planned(ground, text)
    assert {one.logical_id: one.action for one in found.changes} == {"Pets": "create", "Readers": "keep"}
