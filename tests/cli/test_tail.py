import json

import click
from tests.cli.conftest import Shop
from tests.cli.processes import Process, paste, run

from yett.cli.tail import line_of


def test_decisions_are_followed_as_they_are_made(shop: Shop) -> None:
    follower = Process("tail", "--json", "--last", "1", environment=shop.environment, cwd=shop.directory)
    try:
        for _ in range(2):
            paste(f"curl -s {shop.url}/open?once", environment=shop.environment, cwd=shop.directory)
        paste(f"curl -s {shop.url}/signed", environment=shop.environment, cwd=shop.directory)
        follower.wait_for('"path":"/signed"')
    finally:
        follower.end()
    traces = [json.loads(line) for line in follower.printed.splitlines() if line.startswith("{")]
    assert len({trace["requestId"] for trace in traces}) == len(traces)
    assert traces[-1]["outcome"] == "unauthenticated"


def test_the_last_ones_are_lines_that_name_the_id_to_explain(shop: Shop) -> None:
    called = paste(f"curl -si {shop.url}/open", environment=shop.environment, cwd=shop.directory)
    result = run("yett", "tail", "--last", "5", "--no-follow", environment=shop.environment, cwd=shop.directory)
    assert result.returncode == 0, result.stderr
    line = next(line for line in reversed(result.stdout.splitlines()) if "/open" in line)
    assert "allow" in line
    assert line.split()[-1] in called.stdout.lower() or len(line.split()[-1]) == 36


def test_what_will_surprise_is_marked() -> None:
    surprise = {"code": "AUTHORIZER_NAMES_ONE_METHOD", "where": "authorizer gate", "message": "one method only"}
    trace = {
        "requestId": "6f1c",
        "at": "2026-01-02T03:04:05.678900+00:00",
        "status": 200,
        "outcome": "allow",
        "method": "GET",
        "path": "/pets",
        "caller": "principal `p`",
        "sourceIp": "127.0.0.1",
        "warnings": [surprise],
    }
    line = click.unstyle(line_of(trace))
    assert line == (
        "03:04:05.678 200 allow           GET    /pets  principal `p` (beware: AUTHORIZER_NAMES_ONE_METHOD)  6f1c"
    )
