"""A home of its own for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.templates.ground import Ground


@pytest.fixture
async def ground(tmp_path: Path) -> AsyncIterator[Ground]:
    ground = Ground(tmp_path)
    yield ground
    await ground.wired.close()
