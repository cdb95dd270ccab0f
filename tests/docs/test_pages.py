"""The pages written by hand name only what is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from tests.architecture.sources import ROOT, TESTS

from yett.cli.main import COMMANDS, yett

PAGES = sorted(
    path
    for pattern in (
        "*.md",
        "docs/*.md",
        "docs/guide/*.md",
        "docs/tutorial/*.md",
        "docs/explanation/*.md",
        "docs/decisions/*.md",
        "changelog.d/README.md",
    )
    for path in ROOT.glob(pattern)
)
IDS = [path.relative_to(ROOT).as_posix() for path in PAGES]

LINK = re.compile(r"\[[^\]]*\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)")
PATH = re.compile(r"`((?:src|tests|docs|bench|examples|changelog\.d)/[\w./-]*|(?:\w+/)+\w+\.py)`")
TEST = re.compile(r"`(test_\w+)`")
COMMAND = re.compile(r"`yett ([a-z0-9-]+)(?: ([a-z]+))?(?=[`\s])")
RECORD = re.compile(r"\d{4}-[a-z0-9-]+\.md")
PARTS = ("**Context.**", "**Options.**", "**Choice.**", "**Price.**")


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [target for target in LINK.findall(page.read_text()) if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_path_that_is_named_exists(page: Path) -> None:
    """From the root of the project, or of the package."""
    roots = (ROOT, ROOT / "src" / "yett")
    found = PATH.findall(page.read_text())
    assert [path for path in found if not any((root / path).exists() for root in roots)] == []


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_test_that_is_named_exists(page: Path) -> None:
    named = set(TEST.findall(page.read_text()))
    there = {name for path in TESTS.rglob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text())}
    assert named <= there


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_command_that_is_named_exists(page: Path) -> None:
    unknown = [names for names in COMMAND.findall(page.read_text()) if not is_command(*names)]
    assert unknown == []


def test_no_text_of_the_code_names_a_command_that_is_not_there() -> None:
    """Refusals tell people what to do: what they name must exist."""
    unknown = [
        f"{path.name}: {' '.join(names)}"
        for path in (ROOT / "src" / "yett").rglob("*.py")
        for names in COMMAND.findall(path.read_text())
        if not is_command(*names)
    ]
    assert unknown == []


def is_command(name: str, inner: str) -> bool:
    """Whether there is a command of this name; within a group, also the inner one."""
    if name not in COMMANDS:
        return False
    context = click.Context(yett)
    command = yett.get_command(context, name) if isinstance(yett, click.Group) else None
    return not (isinstance(command, click.Group) and inner and inner not in command.list_commands(context))


def records() -> Iterator[Path]:
    yield from sorted((ROOT / "docs" / "decisions").glob("*.md"))


def test_decisions_are_numbered_without_a_gap_and_have_their_four_parts() -> None:
    found = list(records())
    assert [int(path.name[:4]) for path in found] == list(range(1, len(found) + 1))
    assert [path.name for path in found if not RECORD.fullmatch(path.name)] == []
    assert [path.name for path in found if not all(part in path.read_text() for part in PARTS)] == []
