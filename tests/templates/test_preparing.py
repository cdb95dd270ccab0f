"""What is refused before anything is made, with the lines of what the user wrote."""

from tests.templates.ground import Ground

HEAD = "Resources:\n"


async def test_a_circle_names_the_line_of_each_resource_in_it(ground: Ground) -> None:
    text = HEAD + "  A: {Type: AWS::IAM::Group, DependsOn: B}\n  B: {Type: AWS::IAM::Group, DependsOn: A}\n"
    reason = await ground.refusal(text)
    assert reason.startswith("template.yaml:2: these resources depend on each other in a circle: `A` -> `B` -> `A`")
    assert reason.endswith("(line 2, line 3)")
    assert ground.events == []


async def test_a_dependence_on_nothing_names_its_line(ground: Ground) -> None:
    text = HEAD + "  A: {Type: AWS::IAM::Group}\n  B: {Type: AWS::IAM::Group, DependsOn: C}\n"
    assert await ground.refusal(text) == "template.yaml:3: `B` depends on `C`, which is not there"


async def test_a_condition_that_needs_itself_is_refused(ground: Ground) -> None:
    text = "Conditions: {Round: !Not [Condition: Round]}\n"
    text += HEAD + "  A: {Type: AWS::IAM::Group, Condition: Round}\n"
    assert (await ground.refusal(text)).startswith("template.yaml:1: a condition depends on itself")


async def test_conditions_choose_resources_properties_and_outputs(ground: Ground) -> None:
    text = """\
Parameters: {Stage: {Type: String, Default: dev}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  Always:
    Type: AWS::IAM::Group
    DependsOn: Only
    Properties:
      GroupName: always
      Path: !If [IsProd, /prod/, !Ref AWS::NoValue]
  Only: {Type: AWS::IAM::Group, Condition: IsProd, Properties: {GroupName: only}}
Outputs:
  Name: {Value: !GetAtt Always.Arn}
  Only: {Condition: IsProd, Value: !Ref Only}
"""
    dev = await ground.up(text)
    assert {one.name: one.value for one in dev.outputs} == {"Name": "arn:aws:iam::123456789012:group/always"}
    prod = await ground.up(text, Stage="prod")
    assert {one.name: one.value for one in prod.outputs} == {
        "Name": "arn:aws:iam::123456789012:group/prod/always",
        "Only": "only",
    }
    again = await ground.up(text)
    assert {one.logical_id for one in again.resources} == {"Always"}


async def test_pseudo_parameters_stand_for_this_place(ground: Ground) -> None:
    names = ("AccountId", "Region", "Partition", "StackName", "URLSuffix")
    text = HEAD + "  A: {Type: AWS::IAM::Group}\nOutputs:\n"
    text += "".join(f"  {name}: {{Value: !Ref AWS::{name}}}\n" for name in names)
    values = {one.name: one.value for one in (await ground.up(text)).outputs}
    assert list(values.values()) == ["123456789012", "us-east-1", "aws", "pets", "amazonaws.com"]


async def test_a_value_that_is_not_allowed_names_the_line_of_its_parameter(ground: Ground) -> None:
    text = "Parameters:\n  A: {Type: String}\n  B: {Type: String, AllowedPattern: '[a-z]+'}\n"
    text += HEAD + "  G: {Type: AWS::IAM::Group}\n"
    reason = await ground.refusal(text, A="x", B="Y")
    assert reason == "template.yaml:3: parameter `B` must match the pattern [a-z]+"
