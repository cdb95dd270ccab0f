import re
import signal
import urllib.request
from pathlib import Path

import pytest
from tests.cli.processes import Process, environment_of, run


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["interrupted", "terminated"])
def test_it_serves_until_told_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    process = Process("serve", "--port", "0", environment=environment_of(tmp_path / "home"), cwd=tmp_path)
    try:
        said = process.wait_for("in another shell")
        url = re.search(r"http://\S+", said)
        assert url is not None
        with urllib.request.urlopen(f"{url[0]}/_yett/health", timeout=10) as answer:
            assert answer.status == 200
    finally:
        code = process.end(number)
    assert code == 0, process.printed
    assert "Traceback" not in process.printed


def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    environment = environment_of(tmp_path / "home", YETT_ACCOUNT="twelve")
    result = run("yett", "serve", "--port", "0", environment=environment, cwd=tmp_path)
    assert result.returncode == 1
    assert "YETT_ACCOUNT is `twelve`: an account id has twelve digits" in result.stderr
    assert "Traceback" not in result.stderr
