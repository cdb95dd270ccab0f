import base64
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from yett.adapters.sql.master_keys import MasterKeyFile, OlderKey, take_sealer
from yett.adapters.sql.sealing import MasterKeyRefused, Sealer

OLD, NEW = b"o" * 32, b"n" * 32
SINCE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def text_of(key: bytes) -> str:
    return base64.b64encode(key).decode()


def is_sealed_under(sealer: Sealer, key: bytes) -> bool:
    return Sealer(key).is_current(sealer.seal(b"", identity=""))


def test_the_master_key_of_the_environment_is_taken_out_of_it(tmp_path: Path) -> None:
    environment = {"YETT_MASTER_KEY": text_of(NEW)}
    assert is_sealed_under(take_sealer(environment, tmp_path), NEW)
    assert environment == {}
    assert list(tmp_path.iterdir()) == []


def test_the_environments_first_key_seals_and_the_others_open(tmp_path: Path) -> None:
    sealer = take_sealer({"YETT_MASTER_KEY": f"{text_of(NEW)}, {text_of(OLD)}"}, tmp_path)
    assert is_sealed_under(sealer, NEW)
    assert sealer.open(Sealer(OLD).seal(b"secret", identity="row"), identity="row") == b"secret"


def test_without_one_it_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    sealed = take_sealer({}, tmp_path).seal(b"secret", identity="row")
    assert take_sealer({}, tmp_path).open(sealed, identity="row") == b"secret"
    assert stat.S_IMODE((tmp_path / "master.key").stat().st_mode) == 0o600


def test_a_file_that_changes_changes_the_keys_of_who_runs(tmp_path: Path) -> None:
    running = take_sealer({}, tmp_path)
    file = MasterKeyFile(tmp_path / "master.key")
    current, older = file.read()
    assert older == ()
    file.write(NEW, (OlderKey(current, SINCE),))
    assert is_sealed_under(running, NEW)
    assert file.read() == (NEW, (OlderKey(current, SINCE),))
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "short", text_of(b"x" * 31), "é" * 44, f"{text_of(NEW)},"])
def test_a_key_of_another_size_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(MasterKeyRefused):
        take_sealer({"YETT_MASTER_KEY": text}, tmp_path)
    (tmp_path / "master.key").write_text(text)
    with pytest.raises(MasterKeyRefused):
        take_sealer({}, tmp_path)
