"""Outputs for other stacks."""

import pytest
from tests.templates.ground import Ground

from yett.ports.iam_store import Group
from yett.templates.deploy import Stack, deploy
from yett.templates.destroying import destroy
from yett.templates.errors import TemplateRefused
from yett.templates.packaging import Packager

GIVER = """\
Parameters: {Name: {Type: String, Default: one}}
Resources:
  Group: {Type: AWS::IAM::Group, Properties: {GroupName: !Ref Name}}
Outputs:
  Name: {Value: !Ref Group, Export: {Name: !Sub "${AWS::StackName}-name"}}
"""
TAKER = """\
Resources:
  Group: {Type: AWS::IAM::Group, Properties: {GroupName: !Join ["-", [of, !ImportValue giver-name]]}}
"""


async def up(ground: Ground, name: str, text: str, **parameters: str) -> Stack:
    path = ground.home / f"{name}.yaml"
    path.write_text(text)
    return await deploy(
        path,
        stack_name=name,
        parameters=parameters,
        site=await ground.site(),
        packager=Packager(ground.home, progress=lambda text: None),
        on_progress=ground.events.append,
    )


async def down(ground: Ground, name: str) -> None:
    await destroy(
        name,
        site=await ground.site(),
        packager=Packager(ground.home, progress=lambda text: None),
        on_progress=ground.events.append,
    )


async def test_a_stack_has_what_another_exports(ground: Ground) -> None:
    await up(ground, "giver", GIVER)
    await up(ground, "taker", TAKER)
    assert await ground.wired.ports.iam_store.find(Group, "123456789012", "of-one") is not None


async def test_an_export_that_is_not_there_is_refused_with_its_line(ground: Ground) -> None:
    with pytest.raises(TemplateRefused, match=r"taker\.yaml:2: .*no other stack .* exports `giver-name`"):
        await up(ground, "taker", TAKER)


async def test_an_imported_export_can_neither_change_nor_go(ground: Ground) -> None:
    await up(ground, "giver", GIVER)
    await up(ground, "taker", TAKER)
    with pytest.raises(TemplateRefused, match="`giver-name` cannot be changed: stack `taker` imports it"):
        await up(ground, "giver", GIVER, Name="two")
    with pytest.raises(TemplateRefused, match="`giver-name` cannot be deleted: stack `taker` imports it"):
        await up(ground, "giver", GIVER[: GIVER.index("Outputs:")])
    with pytest.raises(TemplateRefused, match="`giver-name` cannot be deleted: stack `taker` imports it"):
        await down(ground, "giver")
    assert await ground.wired.ports.iam_store.find(Group, "123456789012", "one") is not None
    assert not (await up(ground, "giver", GIVER)).changed
    await down(ground, "taker")
    await down(ground, "giver")


async def test_two_stacks_cannot_export_the_same_name(ground: Ground) -> None:
    same = GIVER.replace('!Sub "${AWS::StackName}-name"', "shared")
    await up(ground, "giver", same)
    with pytest.raises(TemplateRefused, match="`shared` is exported by stack `giver` already"):
        await up(ground, "other", same, Name="two")
