"""What the README tells a newcomer to type is typed here, against a server as `make run` starts it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.architecture.sources import ROOT

README = (ROOT / "README.md").read_text()
BLOCK = re.compile(r"<!-- run -->\n```sh\n(.*?)```", re.DOTALL)
TRACE = re.compile(r"```text\n(GET .*?)```", re.DOTALL)
URL = re.compile(r"http://\S+/(?:_user_request_|prod)$", re.MULTILINE)
UP = "Ctrl-C stops it"
END = "__end_of_block__"


class Shell:
    """A shell that stays, as a reader's does: one block after the other, all output in between."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-s"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def type(self, block: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{block}\necho; echo {END}\n")
        self._process.stdin.flush()
        read: list[str] = []
        for line in self._process.stdout:
            if line.strip() == END:
                break
            read.append(line)
        return "".join(read)

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {
        name: os.environ[name] for name in os.environ if name in {"PATH", "LANG"} or name.startswith(("PIP_", "SSL_"))
    }
    return kept | {
        "HOME": str(tmp_path),
        "YETT_HOME": str(tmp_path / "yett"),
        "COLUMNS": "300",
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
    }


@pytest.fixture
def served(environment: dict[str, str]) -> Iterator[str]:
    """The pet store as `make run` puts it up, but on a free port; gives what it printed."""
    command = [Path(sys.executable).with_name("yett"), "up", "examples/petstore/template.yaml", "--port", "0"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    printed: list[str] = []
    try:
        for line in process.stdout:
            printed.append(line)
            if UP in line:
                break
        assert UP in printed[-1], "".join(printed)
        yield "".join(printed)
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=60)[0]
        assert process.returncode == 0, rest
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def test_a_refused_call_an_allowed_one_and_why(served: str, environment: dict[str, str]) -> None:
    found = URL.search(served)
    assert found is not None, served
    first, second, third = (adapt(block, found[0]) for block in BLOCK.findall(README))
    shell = Shell(environment)
    try:
        calls = shell.type(first)
        assert '"pets": []' in calls
        assert "403 Forbidden" in calls
        assert '{"message":"Missing Authentication Token"}' in calls

        signed = shell.type(second)
        assert '"caller": "arn:aws:iam::123456789012:user/petstore-clerk"' in signed
        assert "/prod/GET/stock/vault with an explicit deny in an identity-based policy" in signed

        refused = re.search(r"yett explain (\S+)", signed)
        assert refused is not None, signed
        why = shell.type(third.replace("REQUEST_ID", refused[1]))
        shown = TRACE.search(README)
        assert shown is not None
        assert [line for line in shown[1].splitlines() if line.partition(" ...")[0] not in why] == [], why
    finally:
        shell.close()


def adapt(block: str, url: str) -> str:
    """The block for this server and this interpreter's environment."""
    assert "YOUR_API" in block or "PETS=" not in block
    return re.sub(r"^PETS=.*$", f"PETS={url}", block, flags=re.MULTILINE).replace(". .venv/", f". {sys.prefix}/")


def test_what_is_shown_of_the_examples_tests_is_in_them() -> None:
    shown = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    tests = (ROOT / "examples" / "petstore" / "tests" / "test_who_may_call.py").read_text()
    assert shown
    assert [snippet for snippet in shown if snippet not in tests] == []


MAKE = {
    "run": "$(BIN)/yett up examples/petstore/template.yaml",
    "test": "$(BIN)/pytest -n auto",
    "demo": "$(BIN)/python examples/petstore/demo.py",
    "bench": "$(BIN)/python -m bench.run",
    "docs": "$(BIN)/python docs/generate.py",
}


@pytest.mark.parametrize("target", MAKE)
def test_a_make_target_calls_what_the_pages_say(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert f"\n{target}: $(STAMP)\n\t{MAKE[target]}\n" in makefile


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = {name for page in ROOT.glob("*.md") for name in re.findall(r"`make ([a-z]+)`", page.read_text())}
    named |= set(re.findall(r"^make ([a-z]+)$", README, re.MULTILINE))
    assert [name for name in named if f"\n{name}:" not in makefile] == []
