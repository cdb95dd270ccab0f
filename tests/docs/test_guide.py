"""The commands of guides and tutorials are typed here, and must print what the page shows.

Most need no server: each is a shell of its own, and prints exactly that. A page that begins with ``<!-- server: … -->``
is one shell beside a server, and shows the lines that matter, ``...`` standing for anything.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.architecture.sources import ROOT
from tests.docs.shells import URL, Shell, adapt, environment_of, running

STEP = re.compile(r"<!-- run -->\n```sh\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)
PAGES = [page for folder in ("guide", "tutorial") for page in sorted((ROOT / "docs" / folder).glob("*.md"))]
ALONE = [page for page in PAGES if not page.read_text().startswith("<!-- server: ")]
STEPS = [step for page in ALONE for step in STEP.findall(page.read_text())]
UNTIL = {"petstore": "Ctrl-C stops it", "serve": "in another shell"}


@pytest.mark.parametrize(("block", "printed"), STEPS, ids=[block.splitlines()[0] for block, _ in STEPS])
def test_a_command_prints_what_the_guide_shows(block: str, printed: str) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "COLUMNS": "300", "PYTHONUTF8": "1"}
    run = subprocess.run(
        ["bash", "-e"], input=block, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout == printed


@pytest.mark.parametrize("page", [page for page in PAGES if page not in ALONE], ids=lambda page: page.stem)
def test_a_page_beside_a_server_can_be_followed_from_top_to_bottom(page: Path, tmp_path: Path) -> None:
    text = page.read_text()
    server = text.partition("<!-- server: ")[2].partition(" -->")[0]
    environment = environment_of(tmp_path)
    words = ["up", "examples/petstore/template.yaml"] if server == "petstore" else ["serve"]
    folder = ROOT if server == "petstore" else tmp_path
    with running(*words, "--port", "0", until=UNTIL[server], environment=environment, cwd=folder) as printed:
        urls = URL.findall(printed)
        path = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        shell = Shell(environment | {"PATH": path}, cwd=folder)
        try:
            for block, shown in STEP.findall(text):
                said = shell.type(adapt(block, *urls))
                assert missing(shown, said) == [], f"{block}\n{said}"
        finally:
            shell.close()


def missing(shown: str, said: str) -> list[str]:
    """The lines shown that were not printed, in their order."""
    lines = iter(line.rstrip().replace("└", "├") for line in said.splitlines())
    wanted = {line: ".*".join(map(re.escape, line.replace("└", "├").split("..."))) for line in shown.splitlines()}
    return [line for line, pattern in wanted.items() if not any(re.fullmatch(pattern, one) for one in lines)]


def test_every_block_that_is_run_without_a_server_shows_what_it_prints() -> None:
    assert all(printed for _, printed in STEPS)
    assert len(STEPS) == sum(page.read_text().count("<!-- run -->") for page in ALONE)
    assert len(PAGES) - len(ALONE) >= 3
