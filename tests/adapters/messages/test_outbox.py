from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from yett.adapters.messages import outbox
from yett.adapters.messages.outbox import Outbox
from yett.cli.outbox import outbox as command
from yett.ports.errors import Unavailable
from yett.ports.messages import OUTBOX, Message


def message(body: str) -> Message:
    return Message(
        at=datetime(2026, 1, 1, tzinfo=UTC),
        pool_id="us-east-1_AbCdEfGhI",
        kind="SignUp",
        medium="EMAIL",
        destination="ann@example.com",
        username="ann",
        subject="s",
        body=body,
        code="123456",
    )


async def test_messages_are_kept_for_the_owner_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / OUTBOX
    for body in ("one", "two \x1b[2J"):
        await Outbox(path).send(message(body))
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open("ab") as file:
        file.write(b'{"torn')
    monkeypatch.setenv("YETT_HOME", str(tmp_path))
    shown = CliRunner().invoke(command, [])
    assert shown.exit_code == 0
    assert "ann@example.com" in shown.output
    assert "\x1b" not in shown.output
    last = CliRunner().invoke(command, ["--json", "--tail", "1"]).output
    assert msgspec.json.decode(last, type=Message) == message("two \x1b[2J")
    assert CliRunner().invoke(command, ["--to", "bob@example.com"]).output == ""


async def test_an_outbox_that_is_full_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "LARGEST_BYTES", 250)
    for body in ("one", "two"):
        await Outbox(tmp_path / OUTBOX).send(message(body))
    assert b"two" in (tmp_path / OUTBOX).read_bytes()
    assert b"one" in (tmp_path / f"{OUTBOX}.1").read_bytes()


async def test_a_message_that_cannot_be_kept_is_not_taken_for_sent(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        await Outbox(tmp_path / "none" / OUTBOX).send(message("x"))
