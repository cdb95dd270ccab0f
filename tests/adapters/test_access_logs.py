import asyncio
import multiprocessing
import os
import stat
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from yett.adapters import access_logs
from yett.adapters.access_logs import AccessLogFiles, append

LINES = 400


async def test_lines_are_written_in_order_and_rendered_late(tmp_path: Path) -> None:
    files = AccessLogFiles(tmp_path / "logs")
    rendered: list[int] = []

    def line(number: int) -> str:
        rendered.append(number)
        return f"line {number}"

    for number in range(3):
        files.append("a.log", lambda number=number: line(number))  # type: ignore[misc]
    files.append(str(tmp_path / "elsewhere.log"), lambda: "grün")
    assert rendered == []
    await files.aclose()
    assert (tmp_path / "logs" / "a.log").read_text() == "line 0\nline 1\nline 2\n"
    assert (tmp_path / "elsewhere.log").read_text() == "grün\n"
    assert stat.S_IMODE((tmp_path / "logs" / "a.log").stat().st_mode) == 0o600


async def test_what_comes_too_fast_is_lost_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_logs, "PENDING_LINES", 2)
    files = AccessLogFiles(tmp_path)
    for _ in range(5):
        files.append("a.log", lambda: "line")
    with capture_logs() as told:
        await files.aclose()
    assert (tmp_path / "a.log").read_text() == "line\nline\n"
    assert [(each["log_level"], each["lines"]) for each in told] == [("warning", 3)]


async def test_a_file_that_cannot_be_written_loses_lines_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a.log").mkdir()
    files = AccessLogFiles(tmp_path)
    files.append("a.log", lambda: "lost")
    files.append("b.log", lambda: "kept")
    await files.aclose()
    assert (tmp_path / "b.log").read_text() == "kept\n"
    files.append("b.log", lambda: "and on")
    await asyncio.sleep(0)
    await files.aclose()
    assert (tmp_path / "b.log").read_text() == "kept\nand on\n"


def write(path: Path, name: str) -> None:
    for number in range(LINES):
        append(path, f"{name} {number}\n".encode(), file_bytes=LINES * 10)


def test_processes_that_share_a_file_lose_no_line_when_it_is_full(tmp_path: Path) -> None:
    """Three write what fits into two files twice over: in each file every line is whole, and none comes twice."""
    path = tmp_path / "shared.log"
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=write, args=(path, name)) for name in "abc"]
    for each in writers:
        each.start()
    for each in writers:
        each.join(60)
    assert [each.exitcode for each in writers] == [0, 0, 0]
    older, newer = Path(f"{path}.1").read_text().splitlines(), path.read_text().splitlines() if path.exists() else []
    lines = older + newer
    assert len(lines) == len(set(lines))
    for name in "abc":
        numbers = [int(line.split()[1]) for line in lines if line.startswith(name)]
        assert numbers == list(range(LINES - len(numbers), LINES))  # the newest, in order, without a gap
    assert os.stat(f"{path}.1").st_size > LINES * 10


def test_a_file_that_was_moved_away_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    append(path, b"one\n", file_bytes=None)
    path.rename(tmp_path / "a.log.old")
    append(path, b"two\n", file_bytes=None)
    assert (path.read_text(), (tmp_path / "a.log.old").read_text()) == ("two\n", "one\n")
