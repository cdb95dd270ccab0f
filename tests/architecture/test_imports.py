"""Who imports whom: the contracts of pyproject.toml, and what they cannot say."""

import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import PACKAGE, ROOT, imports, modules, name_of


def test_every_import_contract_is_kept(tmp_path: Path) -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run(
        [linter, "--cache-dir", tmp_path], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_only_perform_reaches_the_operations_of_a_service() -> None:
    tables = {
        f"yett.services.{folder.name}.operations" for folder in (PACKAGE / "services").iterdir() if folder.is_dir()
    }
    found = {name_of(path) for path in modules() if tables & set(imports(path))}
    assert found == set(), "`perform` loads them by name: nobody imports them"


def test_botocores_models_have_one_reader() -> None:
    """The command line may be a client of the server as anybody else's is."""
    found = {name_of(path) for path in modules() if any(name.split(".")[0] == "botocore" for name in imports(path))}
    found = {name for name in found if not name.startswith("src/yett/cli/")}
    assert found == {"src/yett/wire/loading.py"}


def test_only_the_parts_of_servers_and_their_upkeep_import_adapters() -> None:
    found = {
        name_of(path)
        for path in modules()
        if "adapters" not in path.relative_to(PACKAGE).parts
        and any(name.startswith("yett.adapters") for name in imports(path))
    }
    assert found == {"src/yett/server/parts.py", "src/yett/server/upkeep.py"}
