import json
from datetime import UTC, datetime

import pytest

from yett.rules.lambda_.outcome import exit_text, exited, report_line, timed_out


def test_a_time_out_reads_as_lambdas_does() -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC)
    assert json.loads(timed_out("id", 3, now=now)) == {
        "errorMessage": "2026-01-02T03:04:05.678Z id Task timed out after 3.00 seconds"
    }


@pytest.mark.parametrize(
    ("status", "name", "text"),
    [
        (1, None, "Runtime exited with error: exit status 1"),
        (0, None, "Runtime exited without providing a reason"),
        (None, "killed", "Runtime exited with error: signal: killed"),
    ],
)
def test_an_exit_reads_as_lambdas_does(status: int | None, name: str | None, text: str) -> None:
    assert exit_text(status, name) == text
    assert json.loads(exited("id", exit_status=status, signal_name=name)) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: id Error: {text}",
    }


def test_the_report_has_lambdas_columns() -> None:
    line = report_line("id", duration_ms=1.234, memory_mb=128, used_mb=40, init_ms=80.5, status="timeout")
    assert line == (
        "REPORT RequestId: id\tDuration: 1.23 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 40 MB\tInit Duration: 80.50 ms\tStatus: timeout\t"
    )
    assert "Init" not in report_line("id", duration_ms=1, memory_mb=128, used_mb=40, init_ms=None)
