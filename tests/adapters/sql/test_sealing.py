import base64
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.adapters.sql.sealing import MasterKeyRefused, SealBroken, Sealer, take_master_key

OLD, NEW = b"o" * 32, b"n" * 32


@given(secret=st.binary(max_size=64), identity=st.text(max_size=20))
def test_what_is_sealed_opens(secret: bytes, identity: str) -> None:
    assert Sealer(NEW).open(Sealer(NEW).seal(secret, identity=identity), identity=identity) == secret


@given(position=st.integers(0, 40), flip=st.integers(1, 255))
def test_a_changed_record_does_not_open(position: int, flip: int) -> None:
    sealed = bytearray(Sealer(NEW).seal(b"secret", identity="row"))
    sealed[position % len(sealed)] ^= flip
    with pytest.raises(SealBroken):
        Sealer(NEW).open(bytes(sealed), identity="row")


@given(junk=st.binary(max_size=60))
def test_junk_does_not_open(junk: bytes) -> None:
    with pytest.raises(SealBroken):
        Sealer(NEW).open(junk, identity="row")


def test_a_rotated_key_still_opens_what_it_sealed() -> None:
    sealed = Sealer(OLD).seal(b"secret", identity="row")
    rotated = Sealer(NEW, OLD)
    assert rotated.open(sealed, identity="row") == b"secret"
    assert not rotated.is_current(sealed)
    assert rotated.is_current(rotated.seal(b"secret", identity="row"))
    with pytest.raises(SealBroken):
        Sealer(NEW).open(sealed, identity="row")


def test_the_master_key_of_the_environment_is_taken_out_of_it(tmp_path: Path) -> None:
    environment = {"YETT_MASTER_KEY": base64.b64encode(NEW).decode()}
    assert take_master_key(environment, tmp_path) == NEW
    assert environment == {}
    assert list(tmp_path.iterdir()) == []


def test_without_one_it_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    key = take_master_key({}, tmp_path)
    assert take_master_key({}, tmp_path) == key
    assert len(key) == 32
    assert stat.S_IMODE((tmp_path / "master.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "short", base64.b64encode(b"x" * 31).decode(), "é" * 44])
def test_a_key_of_another_size_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(MasterKeyRefused):
        take_master_key({"YETT_MASTER_KEY": text}, tmp_path)
