"""A stack goes with all that it made."""

import pytest
from tests.templates.ground import ACCOUNT, Ground
from tests.templates.test_journal import TEMPLATE, everything

from yett.ports.iam_store import User
from yett.templates.destroying import NoSuchStack, destroy
from yett.templates.errors import TemplateRefused
from yett.templates.packaging import Packager


async def remove(ground: Ground, name: str = "pets") -> None:
    await destroy(
        name,
        site=await ground.site(),
        packager=Packager(ground.home, progress=lambda text: None),
        on_progress=ground.events.append,
    )


async def test_everything_goes_the_last_made_first(ground: Ground) -> None:
    stack = await ground.up(TEMPLATE)
    ground.events.clear()
    await remove(ground)
    assert not any((await everything(ground)).values())
    done = [event.logical_id for event in ground.events if event.state == "done"]
    assert done == [one.logical_id for one in reversed(stack.resources)]
    with pytest.raises(NoSuchStack):
        await remove(ground)


async def test_what_is_retained_stays(ground: Ground) -> None:
    kept = TEMPLATE.replace("    Type: AWS::IAM::User\n", "    Type: AWS::IAM::User\n    DeletionPolicy: Retain\n", 1)
    await ground.up(kept)
    await remove(ground)
    assert await ground.wired.ports.iam_store.find(User, ACCOUNT, "clerk") is not None
    assert (await ground.left())[3] is None


async def test_what_will_not_go_stays_in_the_record_for_another_attempt(ground: Ground) -> None:
    await ground.up(TEMPLATE)
    site = await ground.site()
    key = (await site.do("iam", "CreateAccessKey", {"UserName": "clerk"}))["AccessKey"]["AccessKeyId"]
    with pytest.raises(TemplateRefused, match="`Clerk` could not be removed"):
        await remove(ground)
    record = (await ground.left())[3]
    assert record is not None
    assert [one.logical_id for one in record.leavings] == ["Clerk"]
    await site.do("iam", "DeleteAccessKey", {"UserName": "clerk", "AccessKeyId": key})
    await remove(ground)
    assert (await ground.left())[3] is None
