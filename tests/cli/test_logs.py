import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.cli.conftest import Shop
from tests.cli.processes import paste, run

from yett.adapters.functions.logs import FunctionLog
from yett.cli.logs import Line, LogFile, logs, render_text
from yett.rules.lambda_.log_record import LogRecord


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("YETT_HOME", str(tmp_path))
    return tmp_path


def write(home: Path, name: str, *messages: str) -> None:
    log = FunctionLog(home / "logs", "123456789012", "us-east-1", name)
    log.write(list(messages), "request")
    log.close()


def shown(*arguments: str) -> list[str]:
    result = CliRunner().invoke(logs, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def test_the_last_lines_of_all_functions_are_shown_in_order(home: Path) -> None:
    write(home, "a", *(f"line {number}" for number in range(5)))
    write(home, "b", "last")
    lines = shown("--tail", "3")
    assert [line.split(" ", 2)[2] for line in lines] == ["a line 3", "a line 4", "b last"]
    assert len(shown("b")) == 1
    assert shown("arn:aws:lambda:us-east-1:123456789012:function:b") == shown("b")


def test_an_exact_name_beats_a_part_of_a_name(home: Path) -> None:
    write(home, "stack-Pets-ABC", "one")
    write(home, "Pets", "two")
    assert [line.split()[-1] for line in shown("Pets")] == ["two"]
    assert [line.split()[-1] for line in shown("stack")] == ["one"]


def test_json_lines_say_everything(home: Path) -> None:
    write(home, "a", "héllo")
    (line,) = shown("--json")
    found = json.loads(line)
    assert found.pop("timestamp").endswith("Z")
    assert found == {"function": "a", "requestId": "request", "message": "héllo"}


def test_no_log_is_an_error_that_names_the_place(home: Path) -> None:
    result = CliRunner().invoke(logs, ["nobody"])
    assert result.exit_code == 1
    assert "nobody" in result.output
    assert str(home) in result.output


def test_what_a_terminal_would_act_on_is_made_visible() -> None:
    record = LogRecord(timestamp=0, message="\x1b[31mred\x1b[0m \x1b]0;title\x07 \x08\rnext")
    text = render_text(Line(function="f", record=record))
    assert text == "1970-01-01 00:00:00 f \x1b[31mred\x1b[0m \\x1b]0;title\\x07 \\x08\n    next"


def test_nothing_is_missed_when_a_new_file_is_begun(tmp_path: Path) -> None:
    log = FunctionLog(tmp_path, "123456789012", "us-east-1", "f")
    log.write(["one"], None)
    file = LogFile.of(next(tmp_path.iterdir()))
    assert file is not None
    assert [line.record.message for line in file.read_new()] == ["one"]
    large = "x" * 250_000
    for number in range(20):
        log.write([f"{number} {large}"], None)
    log.write(["end"], None)
    log.close()
    seen = [line.record.message.split()[0] for line in file.read_new()]
    assert seen == [*(str(number) for number in range(20)), "end"]
    assert file.read_new() == []


def test_what_a_function_prints_is_shown(shop: Shop) -> None:
    called = paste(f"curl -fsS {shop.url}/open", environment=shop.environment, cwd=shop.directory)
    assert called.returncode == 0, called.stderr
    result = run("yett", "logs", "Backend", environment=shop.environment, cwd=shop.directory)
    assert result.returncode == 0, result.stderr
    assert " asked for /open\n" in result.stdout
