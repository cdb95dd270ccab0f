"""A short soak, and whether the soak would see what it looks for."""

import time
from pathlib import Path
from typing import Any

import pytest
from tests.soak.calls import Kind, Request, always, never
from tests.soak.soak import Settings, Soak, classify, soak
from tests.soak.timeline import Disturbances, Switch
from tests.soak.wire import Answered

QUICK = Settings(seconds=20.0, rate=40.0, fault_seconds=0.6, pause_seconds=0.3)


async def test_nothing_is_let_in_that_must_not_be_while_faults_come_and_go(tmp_path: Path) -> None:
    run = await soak(QUICK, tmp_path)
    assert run.violations == [], "\n".join(run.violations) + run.table()
    assert len(run.faults) >= 10
    never_met = [name for name, tally in run.tallies.items() if not tally.milliseconds]
    assert never_met == []
    let_in = {name for name, tally in run.tallies.items() if tally.outcomes["allowed"]}
    turned_away = {name for name, tally in run.tallies.items() if tally.outcomes["refused"]}
    assert len(let_in) >= 10
    assert len(turned_away) >= 14


REQUEST = Request(target="/", headers={}, nonce="abc")


@pytest.mark.parametrize(
    ("expect", "fails", "status", "body", "is_wrong"),
    [
        (never, False, 200, b"abc", True),
        (never, False, 403, b"", False),
        (never, False, 500, b"", True),
        (never, False, 0, b"", True),
        (always, False, 200, b"abc", False),
        (always, False, 200, b"abd", True),
        (always, False, 403, b"", True),
        (always, False, 502, b"", True),
        (always, True, 502, b"", False),
        (always, True, 200, b"abc", True),
    ],
)
def test_what_is_wrong_is_seen(expect: Any, fails: bool, status: int, body: bytes, is_wrong: bool) -> None:
    judge = Soak.__new__(Soak)
    judge._world = type("Quiet", (), {"disturbances": Disturbances()})()  # type: ignore[assignment]
    kind = Kind(name="k", make=lambda: REQUEST, expect=expect, fails=fails)
    answered = Answered(status, body)
    now = time.monotonic()
    assert (judge._judge(kind, REQUEST, answered, classify(answered), start=now, end=now) is not None) is is_wrong


def test_a_switch_is_either_while_it_is_thrown_and_then_what_it_became() -> None:
    switch = Switch(True)
    before = time.monotonic()
    switch.begin(False)
    during = time.monotonic()
    switch.settle(False)
    after = time.monotonic() + 0.001
    assert switch.during(before - 1, before - 0.5) == {True}
    assert switch.during(during, during) == {True, False}
    assert switch.during(after, after + 9) == {False}
    assert switch.during(before - 1, after) == {True, False}
    switch.begin(True)
    switch.settle(True, after_seconds=100)
    assert switch.during(after + 1, after + 1) == {True, False}
    assert switch.during(after + 200, after + 201) == {True}


def test_a_fault_excuses_its_own_kinds_and_time_only() -> None:
    faults = Disturbances()
    start = time.monotonic()
    faults.begin("f", frozenset({"k"}))
    assert faults.touched("k", start, start + 10)
    assert not faults.touched("other", start, start + 10)
    faults.end("f")
    assert faults.touched("k", start, start + 1)
    assert not faults.touched("k", start + 60, start + 61)
    assert not faults.touched("k", start - 9, start - 8)
