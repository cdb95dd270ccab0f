import importlib.util
import sys
from pathlib import Path

import pytest
from tests.adapters.functions.support import bench

from yett.adapters.functions import interpreters
from yett.adapters.functions.interpreters import LENT, OWN, Examined, Interpreters, examine, lend

HANDLER = """
import sys, boto3, runtime_client

def handler(event, context):
    if event == "raise":
        raise ValueError("é")
    has_time = 0 < context.get_remaining_time_in_millis() <= 900_000
    return [sys.version_info[:2], boto3.__file__, runtime_client.__file__, event, has_time]
"""


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


async def test_an_interpreter_is_asked_what_it_is(tmp_path: Path) -> None:
    assert await examine(sys.executable, OWN) == Examined(sys.executable, is_equipped=True)
    assert await examine(sys.executable, "python3.99") is None
    assert await examine(str(script(tmp_path / "broken", "exit 127")), OWN) is None
    assert await examine(str(tmp_path / "absent"), OWN) is None


async def test_a_wrapper_is_seen_through(tmp_path: Path) -> None:
    """Version managers put scripts on the PATH; a function's own environment is not theirs."""
    wrapper = script(tmp_path / OWN, f'[ "$(basename "$0")" = {OWN} ] && exec "{sys.executable}" "$@"')
    assert await examine(str(wrapper), OWN) == Examined(sys.executable, is_equipped=True)


def test_only_what_another_interpreter_can_load_is_lent_and_lending_again_changes_nothing(tmp_path: Path) -> None:
    first = lend(tmp_path / "runtime")
    seen = {path.name: path.readlink() for path in first.iterdir()}
    lend(tmp_path / "runtime")
    assert {path.name: path.readlink() for path in first.iterdir()} == seen
    assert {name.removesuffix(".py") for name in seen} == set(LENT)


async def test_a_bare_interpreter_of_the_runtimes_name_runs_functions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Yett's own Python without its packages stands for another: what it lacks is lent."""
    bare = script(tmp_path / "python3.12", f'exec "{Path(sys.executable).resolve()}" -S "$@"')

    async def unequipped(path: str, runtime: str) -> Examined | None:
        assert (path, runtime) == (str(bare), "python3.12")
        return Examined(path, is_equipped=False)

    monkeypatch.setattr(interpreters, "examine", unequipped)
    monkeypatch.setenv("PATH", str(tmp_path))
    async with bench(tmp_path, HANDLER, runtime="python3.12") as subject:
        version, boto3, client, event, has_time = await subject.value({"a": "é"})
        assert version == list(sys.version_info[:2])
        assert boto3.startswith(str(tmp_path / "runtime"))
        assert Path(client).name == "plain_client.py"
        assert event == {"a": "é"}
        assert has_time
        failed = await subject.ask("raise")
        assert failed.function_error == "Unhandled"
        assert b'"errorType": "ValueError"' in failed.payload
        assert await subject.value("again")


async def test_a_runtime_is_looked_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    subject = Interpreters(tmp_path)
    other = "python3.13" if OWN != "python3.13" else "python3.12"
    found = await subject.find(other)
    assert found.path == sys.executable
    assert found.notice is not None
    assert await subject.find(other) is found
    assert (await subject.find(OWN)).notice is None
    assert importlib.util.find_spec("awslambdaric") is not None
