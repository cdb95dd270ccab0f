from hypothesis import given
from hypothesis import strategies as st

from yett.rules.lambda_.log_record import LogRecord, file_name, parse, parse_file_name, render

TEXT = st.text(st.characters(codec="utf-8"))


@given(st.integers(0, 2**53), TEXT, st.none() | TEXT)
def test_a_record_is_one_line_and_is_read_back(timestamp: int, message: str, request_id: str | None) -> None:
    record = LogRecord(timestamp=timestamp, message=message, request_id=request_id)
    line = render(record)
    assert line.count(b"\n") == 1
    assert parse(line) == record


@given(st.binary(max_size=60))
def test_a_torn_line_is_no_record_and_no_error(line: bytes) -> None:
    parse(line)


def test_file_names_say_whose_log_it_is() -> None:
    name = file_name("123456789012", "us-east-1", "my-f_1")
    assert parse_file_name(name) == ("123456789012", "us-east-1", "my-f_1")
    assert parse_file_name(name + ".1") is None
    assert parse_file_name("notes.jsonl") is None
