"""The guides' commands, each with what it prints. These need no server."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.architecture.sources import ROOT

STEP = re.compile(r"<!-- run -->\n```sh\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)
STEPS = [step for page in sorted((ROOT / "docs" / "guide").glob("*.md")) for step in STEP.findall(page.read_text())]


@pytest.mark.parametrize(("block", "printed"), STEPS, ids=[block.splitlines()[0] for block, _ in STEPS])
def test_a_command_prints_what_the_guide_shows(block: str, printed: str) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "COLUMNS": "300", "PYTHONUTF8": "1"}
    run = subprocess.run(
        ["bash", "-e"], input=block, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout == printed


def test_every_block_that_is_run_shows_what_it_prints() -> None:
    pages = [page.read_text() for page in (ROOT / "docs" / "guide").glob("*.md")]
    assert len(STEPS) == sum(page.count("<!-- run -->") for page in pages)
