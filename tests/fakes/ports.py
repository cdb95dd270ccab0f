"""All the ports, of which only those given may be used."""

import itertools
from typing import Any, cast

from yett.adapters.vouching import MemoryVouching
from yett.ports.bundle import Ports
from yett.ports.settings import Settings


class Nothing:
    """A port that nobody is to ask."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"asked for {name}")


class CountedIds:
    """As much of ``ports.randomness.Randomness`` as names an invocation."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def uuid(self) -> str:
        return f"00000000-0000-4000-8000-{next(self._numbers):012x}"


class Uses:
    """The one thing that authentication tells ``ports.iam_store.IamStore``."""

    def __init__(self) -> None:
        self.noted: list[str] = []

    def note_use(self, access_key_id: str, use: object) -> None:
        self.noted.append(access_key_id)


def make_ports(**given: object) -> Ports:
    """The ports given; every other fails the test that asks it."""
    ports: dict[str, object] = {name: Nothing() for name in Ports.__struct_fields__}
    ports |= {
        "vouching": MemoryVouching(),
        "settings": Settings(),
        "randomness": CountedIds(),
        "iam_store": Uses(),
        "tracing": None,
    }
    return Ports(**cast(Any, ports | given))
