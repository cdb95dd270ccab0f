import sys
from pathlib import Path

import pytest

from yett.cli.routes import find_program, invoke_url


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_a_program_on_the_path_is_called_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    this = program(tmp_path / "bin/yett")
    monkeypatch.setenv("PATH", str(this.parent))
    monkeypatch.setattr(sys, "argv", [str(this)])
    assert find_program() == "yett"


def test_a_program_that_is_not_on_the_path_is_called_by_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    this, other = program(tmp_path / "a b/.venv/bin/yett"), program(tmp_path / "other/yett")
    monkeypatch.setattr(sys, "argv", [str(this)])
    monkeypatch.chdir(tmp_path / "a b")
    for path in ("", str(other.parent)):
        monkeypatch.setenv("PATH", path)
        assert find_program() == ".venv/bin/yett"
    monkeypatch.chdir(tmp_path / "other")
    assert find_program() == f"'{this}'"


def test_a_program_that_runs_as_a_module_is_called_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/pytest"])
    assert find_program() == "yett"


def test_an_api_is_called_by_host_where_that_resolves_else_by_path(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("no such host")

    monkeypatch.setattr("socket.getaddrinfo", lambda *_: [])
    assert invoke_url("http://localhost:4566", "abc", "prod") == "http://abc.execute-api.localhost:4566/prod"
    monkeypatch.setattr("socket.getaddrinfo", fail)
    by_path = "http://localhost:4566/restapis/abc/prod/_user_request_"
    assert invoke_url("http://localhost:4566", "abc", "prod") == by_path
