import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from yett.adapters.functions.logs import FunctionLog, LineSplitter
from yett.rules.lambda_.limits import LOG_TAIL_BYTES
from yett.rules.lambda_.log_record import FILE_BYTES, MESSAGE_BYTES


@given(st.lists(st.binary(max_size=40)))
def test_lines_are_the_same_however_they_were_cut(pieces: list[bytes]) -> None:
    seen: list[str] = []
    splitter = LineSplitter(seen.extend)
    for piece in pieces:
        splitter.feed(piece)
    splitter.flush()
    whole = b"".join(pieces)
    expected = [line.decode("utf-8", "replace") for line in whole.split(b"\n")]
    assert seen == (expected if expected[-1] else expected[:-1])


def test_a_line_without_end_is_cut_and_the_tail_is_bounded() -> None:
    seen: list[str] = []
    splitter = LineSplitter(seen.extend)
    for _ in range(40):
        splitter.feed(b"x" * 65536)
    splitter.say("END")
    assert all(len(line) <= MESSAGE_BYTES for line in seen)
    assert sum(len(line) for line in seen) == 40 * 65536 + 3
    tail = splitter.take_tail()
    assert len(tail) == LOG_TAIL_BYTES
    assert tail.endswith(b"xEND\n")
    assert splitter.take_tail() == b""


def test_two_files_are_kept_at_most_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    log = FunctionLog(tmp_path / "logs", "123456789012", "us-east-1", "f")
    line = "x" * 200_000
    for number in range(80):
        log.write([f"{number}{line}"], "r")
    log.close()
    files = sorted((tmp_path / "logs").iterdir())
    assert [file.name for file in files] == ["123456789012.us-east-1.f.jsonl", "123456789012.us-east-1.f.jsonl.1"]
    assert all(file.stat().st_size <= FILE_BYTES + 300_000 for file in files)
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)
    assert json.loads(files[0].read_text().splitlines()[-1])["message"].startswith("79x")


def test_a_log_that_cannot_be_written_harms_nobody(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("in the way")
    log = FunctionLog(tmp_path / "logs", "123456789012", "us-east-1", "f")
    log.write(["lost"], None)
    log.close()
