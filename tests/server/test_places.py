"""A place is filled again, and changes hands; its processes here are `sleep` and a link of our own."""

import asyncio
import signal
import socket
import sys
from collections.abc import Callable

import pytest

from yett.server.launch import DRAIN
from yett.server.parts import Link, attach
from yett.server.places import Child, ChildFailed, Place, environment

LATER = "import sys; sys.stdin.read()"  # ends with its standard input


class Births:
    """Starts processes, and remembers them."""

    def __init__(self) -> None:
        self.made: list[Child] = []
        self.told: list[int] = []
        self.failures = 0
        self.attempts = 0
        self._ends: list[Link] = []

    async def __call__(self) -> Child:
        self.attempts += 1
        if self.failures:
            self.failures -= 1
            raise ChildFailed("not yet")
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", LATER, stdin=asyncio.subprocess.PIPE)
        number = len(self.made)
        ours, theirs = socket.socketpair()

        async def handle(topic: int, body: bytes) -> bytes:
            if topic == DRAIN:
                self.told.append(number)
                assert process.stdin is not None
                process.stdin.close()
            return b""

        self._ends.append(await attach(theirs, handle))
        child = Child(process, await attach(ours))
        self.made.append(child)
        return child

    def close(self) -> None:
        for end in self._ends:
            end.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yett.server.places.PAUSES", (0.0,))


@pytest.mark.usefixtures("quick")
async def test_a_process_that_ended_by_itself_has_a_successor_however_often_that_fails() -> None:
    births = Births()
    place = Place("it", births)
    await place.fill()
    births.failures = 3
    births.made[0].process.kill()
    await until(lambda: len(births.made) == 2 and place.child is births.made[1])
    assert births.attempts == 5
    await place.clear()
    births.close()
    assert births.told == [1]


@pytest.mark.usefixtures("quick")
async def test_a_place_changes_hands_once_the_newer_process_answers() -> None:
    births = Births()
    place = Place("it", births)
    await place.fill()
    await place.replace(0.0)
    assert place.child is births.made[1]
    assert births.told == [0]
    assert await births.made[0].ended == 0
    await place.clear()
    births.close()
    assert births.attempts == 2


@pytest.mark.usefixtures("quick")
async def test_without_a_newer_process_the_one_that_is_there_stays() -> None:
    births = Births()
    place = Place("it", births)
    await place.fill()
    births.failures = 1
    with pytest.raises(ChildFailed):
        await place.replace(0.0)
    assert place.child is births.made[0]
    assert births.told == []
    await place.clear()
    births.close()


@pytest.mark.usefixtures("quick")
async def test_a_process_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yett.server.places.GRACE_SECONDS", 0.05)
    births = Births()
    place = Place("it", births)
    await place.fill()
    births.made[0].process.send_signal(signal.SIGSTOP)
    await place.clear()
    births.close()
    assert births.made[0].ended.result() == -signal.SIGKILL


async def test_a_place_whose_first_process_does_not_start_is_not_filled() -> None:
    births = Births()
    births.failures = 1
    place = Place("it", births)
    with pytest.raises(ChildFailed, match="not yet"):
        await place.fill()
    await place.clear()


def test_a_process_gets_nothing_secret_of_our_environment() -> None:
    ours = {
        "PATH": "/bin",
        "YETT_MASTER_KEY": "k",
        "YETT_ROOT_SECRET_ACCESS_KEY": "s",
        "YETT_DATABASE_URL": "postgresql://u:p@h/d",
        "AWS_SECRET_ACCESS_KEY": "s",
        "HOME": "/u/me",
    }
    assert environment(ours) == {"PATH": "/bin", "HOME": "/u/me"}


@pytest.mark.usefixtures("quick")
async def test_a_place_that_is_cleared_takes_no_other_process() -> None:
    births = Births()
    place = Place("it", births)
    await place.fill()
    await asyncio.gather(place.clear(), place.replace(0.0))
    await place.replace(0.0)
    births.close()
    assert place.child is None
    assert births.attempts == 1
