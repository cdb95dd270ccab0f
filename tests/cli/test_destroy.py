from pathlib import Path

from tests.cli.conftest import Shop
from tests.cli.processes import run


def test_a_stack_that_is_not_there_is_said(shop: Shop, tmp_path: Path) -> None:
    refused = run("yett", "destroy", "nothing", environment=shop.environment, cwd=tmp_path)
    assert refused.returncode == 1
    assert "there is no stack `nothing`" in refused.stderr


def test_stacks_are_listed_with_what_they_have(shop: Shop, tmp_path: Path) -> None:
    listed = run("yett", "stacks", environment=shop.environment, cwd=tmp_path)
    assert listed.returncode == 0
    assert "a-shop" in listed.stdout
    assert " resources, changed " in listed.stdout
