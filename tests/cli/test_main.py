import os
import pty
import subprocess
from pathlib import Path

import pytest
from tests.cli.conftest import Shop
from tests.cli.processes import BIN, SECONDS, environment_of, paste, run


def in_a_terminal(*words: str, environment: dict[str, str], cwd: Path) -> str:
    """What a command prints where its output is a terminal."""
    ours, its = pty.openpty()
    try:
        process = subprocess.Popen([BIN / "yett", *words], env=environment, cwd=cwd, stdout=its, stdin=its)
        os.close(its)
        printed = b""
        try:
            while piece := os.read(ours, 65536):
                printed += piece
        except OSError:  # nobody writes any more
            pass
        assert process.wait(SECONDS) == 0
        return printed.decode()
    finally:
        os.close(ours)


@pytest.mark.parametrize(("more", "has_colours"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)])
def test_colours_are_for_terminals_whose_user_wants_them(
    shop: Shop, more: dict[str, str], *, has_colours: bool
) -> None:
    paste(f"curl -s {shop.url}/signed", environment=shop.environment, cwd=shop.directory)
    environment = shop.environment | {"TERM": "xterm-256color"} | more
    for words in (("tail", "--last", "5", "--no-follow"), ("explain", "--last")):
        printed = in_a_terminal(*words, environment=environment, cwd=shop.directory)
        assert ("\x1b[3" in printed) is has_colours
        assert "\x1b" not in run("yett", *words, environment=environment, cwd=shop.directory).stdout


def test_a_shell_completes_commands_and_options(tmp_path: Path) -> None:
    environment = environment_of(tmp_path, _YETT_COMPLETE="bash_complete")
    for typed, completed in (("yett exp", "explain"), ("yett explain --l", "--last")):
        words = environment | {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
        result = run("yett", environment=words, cwd=tmp_path)
        assert result.stdout.splitlines() == [f"plain,{completed}"]
