import os
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yett.adapters.commit_log import COMMIT_BYTES, RING_BYTES, CommitLog, CommitReader, make_file
from yett.adapters.sql.revisions import EVERYTHING


@pytest.fixture
def descriptor() -> Iterator[int]:
    made = make_file()
    yield made
    os.close(made)


class Told:
    """A reader, and what it was told."""

    def __init__(self, descriptor: int) -> None:
        self.scopes: set[str] = set()
        self.times = 0
        self.reader = CommitReader(descriptor, self._take)

    def _take(self, scopes: frozenset[str]) -> None:
        self.scopes |= scopes
        self.times += 1


def test_every_reader_is_told_once_what_moved_since_it_came(descriptor: int) -> None:
    log = CommitLog(descriptor)
    log.append(frozenset({"stage:before/prod"}))
    one, other = Told(descriptor), Told(descriptor)
    log.append(frozenset({"stage:abc/prod", "principal:1:AIDA"}))
    log.append(frozenset({"policy:é"}))
    for told in (one, other):
        told.reader.catch_up()
        told.reader.catch_up()
        assert (told.scopes, told.times) == ({"stage:abc/prod", "principal:1:AIDA", "policy:é"}, 1)


def test_a_reader_that_fell_a_ring_behind_is_told_that_everything_moved(descriptor: int) -> None:
    log, told = CommitLog(descriptor), Told(descriptor)
    scope = "x" * 1000
    for _ in range(RING_BYTES // 1000 + 1):
        log.append(frozenset({scope}))
    told.reader.catch_up()
    assert told.scopes == {EVERYTHING}
    log.append(frozenset({"next"}))
    told.reader.catch_up()
    assert told.scopes == {EVERYTHING, "next"}


def test_a_commit_too_large_to_tell_moves_everything(descriptor: int) -> None:
    log, told = CommitLog(descriptor), Told(descriptor)
    log.append(frozenset(f"principal:{number}" for number in range(COMMIT_BYTES // 8)))
    told.reader.catch_up()
    assert told.scopes == {EVERYTHING}


def test_what_the_writer_holds_is_let_go(descriptor: int) -> None:
    log, told = CommitLog(descriptor), Told(descriptor)
    log.append(frozenset({"a"}))
    log.close()
    told.reader.catch_up()
    assert told.scopes == {"a"}
    told.reader.close()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.frozensets(st.text(max_size=300), max_size=5), st.booleans()), max_size=60))
def test_nothing_that_moved_is_ever_untold(commits: list[tuple[frozenset[str], bool]]) -> None:
    descriptor = make_file()
    try:
        log, told = CommitLog(descriptor), Told(descriptor)
        log._position[0] = RING_BYTES - 50  # so that commits wrap around the ring's end
        told.reader.catch_up()
        told.scopes.clear()
        for scopes, looks in commits:
            before = set(told.scopes)
            log.append(scopes)
            if looks:
                told.reader.catch_up()
                assert told.scopes >= scopes | before
        told.reader.catch_up()
        assert told.scopes == set().union(*(scopes for scopes, _ in commits))
    finally:
        os.close(descriptor)
