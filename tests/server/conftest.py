"""Connections are tested on both event loops: uvloop, which servers run on, and asyncio's own, the reference."""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """uvloop as well, where sockets are what is tested."""
    factories: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    if item.path.name in {"test_protocol.py", "test_listener.py", "test_streaming.py"}:
        factories["uvloop"] = uvloop.new_event_loop
    return factories
