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
    old = "# Changelog\n\nIntroduction.\n\n## 0.1.0 (2026-01-01)\n\n### Added\n\n- Old.\n"
    new = collect.collect(old, "0.2.0", "2027-01-01", collect.fragments(tmp_path))
    written = "## 0.2.0 (2027-01-01)\n\n### Added\n\n- One line.\n\n### Fixed\n\n- Two lines.\n"
    assert new == old.replace("## 0.1.0", f"{written}\n## 0.1.0")


def test_a_release_that_has_its_section_gets_the_new_lines_beside_the_old(collect: ModuleType) -> None:
    old = "# Changelog\n\n## 0.1.0 (2026-01-01)\n\n### Added\n\n- Old.\n"
    new = collect.collect(old, "0.1.0", "2026-01-02", {"late.added.md": "Late.", "flaw.security.md": "Mended."})
    assert new == (
        "# Changelog\n\n## 0.1.0 (2026-01-02)\n\n### Added\n\n- Old.\n- Late.\n\n### Security\n\n- Mended.\n"
    )


def test_every_fragment_has_a_name_of_the_form_and_some_text(collect: ModuleType) -> None:
    paths = [path for path in (ROOT / "changelog.d").glob("*.md") if path.name != "README.md"]
    assert {path.name for path in paths} == {
        name for name, text in collect.fragments(ROOT / "changelog.d").items() if text
    }
