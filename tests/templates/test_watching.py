"""Edits are seen, once they have come to rest."""

import os
from collections.abc import Callable
from pathlib import Path

from yett.templates.watching import SETTLE_SECONDS, changes, look, sources_of

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.11, Handler: app.handler, CodeUri: code}
"""


class Day:
    """What happens at each pause, in turn."""

    def __init__(self, *happenings: Callable[[], object]) -> None:
        self.happenings = list(happenings)
        self.pauses: list[float] = []

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if self.happenings:
            self.happenings.pop(0)()


def nothing() -> None:
    """Nothing happens."""


def write(path: Path, text: str) -> Callable[[], object]:
    return lambda: path.write_text(text)


def place(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "code").mkdir()
    template, code = tmp_path / "template.yaml", tmp_path / "code" / "app.py"
    template.write_text(TEMPLATE)
    code.write_text("one")
    return template, code


def test_a_template_is_made_of_its_file_and_its_code(tmp_path: Path) -> None:
    template, code = place(tmp_path)
    assert sources_of(template) == (template, code.parent)


async def test_an_edit_is_told_when_the_file_has_come_to_rest(tmp_path: Path) -> None:
    template, code = place(tmp_path)
    day = Day(nothing, write(code, "two"), write(code, "three and more"))
    seen = changes(template, pause=day.pause)
    assert await anext(seen) == (str(code),)
    assert day.pauses.count(SETTLE_SECONDS) == 2
    await seen.aclose()


async def test_a_file_put_in_anothers_place_is_an_edit(tmp_path: Path) -> None:
    template, code = place(tmp_path)
    state = code.stat()

    def swap() -> None:
        other = tmp_path / "new"
        other.write_text("two")
        os.utime(other, ns=(state.st_atime_ns, state.st_mtime_ns))
        other.rename(code)

    seen = changes(template, pause=Day(swap).pause)
    assert await anext(seen) == (str(code),)
    await seen.aclose()


async def test_what_a_template_comes_to_name_is_followed_too(tmp_path: Path) -> None:
    template, _code = place(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    more = TEMPLATE + "  Second:\n    Type: AWS::Serverless::Function\n    Properties: {CodeUri: other}\n"
    day = Day(write(template, more), nothing, write(other / "app.py", "new"))
    seen = changes(template, pause=day.pause)
    assert await anext(seen) == (str(template),)
    assert await anext(seen) == (str(other / "app.py"),)
    await seen.aclose()


async def test_a_template_that_cannot_be_read_is_followed_on(tmp_path: Path) -> None:
    template, code = place(tmp_path)
    day = Day(write(template, "Resources: {"), nothing, write(code, "two"))
    seen = changes(template, pause=day.pause)
    assert await anext(seen) == (str(template),)
    assert await anext(seen) == (str(code),)
    await seen.aclose()


async def test_what_is_not_packed_is_not_looked_at(tmp_path: Path) -> None:
    template, code = place(tmp_path)
    cache = code.parent / "__pycache__"
    cache.mkdir()
    day = Day(write(cache / "app.pyc", "x"), nothing, write(code, "two"))
    seen = changes(template, pause=day.pause)
    assert await anext(seen) == (str(code),)
    await seen.aclose()


async def test_an_edit_during_the_first_deployment_is_told(tmp_path: Path) -> None:
    template, code = place(tmp_path)
    before = look(sources_of(template))
    code.write_text("edited meanwhile")
    seen = changes(template, before, pause=Day().pause)
    assert await anext(seen) == (str(code),)
    await seen.aclose()
