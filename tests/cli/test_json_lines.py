import json
import subprocess
import sys

LINE = {"id": 1, "request": {"method": "GET", "target": "/"}, "credentials": {}, "now": "2026-01-01T00:00:00Z"}
PROGRAM = "from yett.cli.sigv4 import sigv4; sigv4()"


def test_each_line_is_answered_before_the_next_is_sent() -> None:
    command = [sys.executable, "-c", PROGRAM, "verify", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in (1, 2):
            process.stdin.write(json.dumps({**LINE, "id": number}) + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == number
        process.stdin.close()
        assert process.wait() == 0


def test_a_line_that_is_too_long_is_answered_and_the_run_goes_on() -> None:
    text = '{"id": "' + "a" * (33 * 1024 * 1024) + '"}\n' + json.dumps(LINE) + "\n"
    command = [sys.executable, "-c", PROGRAM, "verify", "-"]
    result = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert first["error"]["code"] == "UnreadableLine"
    assert second["error"]["code"] == "MissingAuthenticationTokenException"
