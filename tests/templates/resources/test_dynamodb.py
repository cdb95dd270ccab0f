"""AWS::DynamoDB::Table."""

from tests.templates.ground import Ground

TEMPLATE = """\
Resources:
  Pets:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
Outputs: {Arn: {Value: !GetAtt Pets.Arn}}
"""


async def test_a_table_is_made_and_removed(ground: Ground) -> None:
    stack = await ground.up(TEMPLATE)
    (name,) = ground.tables
    assert stack.outputs[0].value == f"arn:aws:dynamodb:us-east-1:123456789012:table/{name}"
    await ground.up("Resources:\n  Other: {Type: AWS::IAM::Group}\n")
    assert ground.tables == set()


async def test_a_changed_key_makes_a_new_table_beside_the_old_one(ground: Ground) -> None:
    await ground.up(TEMPLATE)
    before = set(ground.tables)
    await ground.up(TEMPLATE.replace("id,", "name,"))
    assert len(ground.tables) == 1
    assert ground.tables != before


async def test_a_table_of_a_given_name_goes_before_its_successor(ground: Ground) -> None:
    named = TEMPLATE.replace("      BillingMode", "      TableName: pets\n      BillingMode")
    await ground.up(named)
    await ground.up(named.replace("id,", "name,"))
    assert ground.tables == {"pets"}
    assert any((event.action, event.state) == ("remake", "done") for event in ground.events)
