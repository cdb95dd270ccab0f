import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.adapters.sql.sealing import MasterKeyRefused, SealBroken, Sealer

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


def test_a_sealer_knows_the_keys_that_its_source_has_got_since() -> None:
    source = Source(OLD)
    running = Sealer.following(source)
    sealed = running.seal(b"secret", identity="row")
    source.change(NEW, OLD)
    assert not running.is_current(sealed)
    assert running.open(sealed, identity="row") == b"secret"
    assert Sealer(NEW).open(running.seal(b"secret", identity="row"), identity="row") == b"secret"
    source.change(NEW)
    with pytest.raises(SealBroken):
        running.open(sealed, identity="row")


def test_keys_that_cannot_be_read_for_the_moment_stay_as_they_were() -> None:
    source = Source(OLD)
    running = Sealer.following(source)
    source.number = None
    assert Sealer(OLD).open(running.seal(b"secret", identity="row"), identity="row") == b"secret"


def test_a_key_of_another_size_is_refused() -> None:
    with pytest.raises(MasterKeyRefused):
        Sealer(b"short")


class Source:
    def __init__(self, *keys: bytes) -> None:
        self.number: int | None = 1
        self._keys = keys

    def change(self, *keys: bytes) -> None:
        self._keys = keys
        self.number = 1 + (self.number or 0)

    def stamp(self) -> object:
        return self.number

    def keys(self) -> tuple[bytes, ...]:
        return self._keys
