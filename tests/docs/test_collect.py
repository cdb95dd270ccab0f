"""The changelog and its fragments."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tests.architecture.sources import ROOT


@pytest.fixture(scope="module")
def collect() -> ModuleType:
    spec = importlib.util.spec_from_file_location("collect", ROOT / "changelog.d" / "collect.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_release_is_written_above_the_last_one(collect: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "b.fixed.md").write_text("Two\nlines.\n")
    (tmp_path / "a.added.md").write_text("One line.\n")
    (tmp_path / "README.md").write_text("no fragment")
    new = collect.section("0.2.0", "2027-01-01", collect.fragments(tmp_path))
    assert new == "## 0.2.0 (2027-01-01)\n\n### Added\n\n- One line.\n\n### Fixed\n\n- Two lines.\n"
    assert collect.insert("# Changelog\n\n## 0.1.0\n\nold\n", new) == f"# Changelog\n\n{new}\n## 0.1.0\n\nold\n"


def test_every_fragment_has_a_name_of_the_form_and_some_text(collect: ModuleType) -> None:
    paths = [path for path in (ROOT / "changelog.d").glob("*.md") if path.name != "README.md"]
    assert {path.name for path in paths} == {
        path.name for path, text in collect.fragments(ROOT / "changelog.d").items() if text
    }
