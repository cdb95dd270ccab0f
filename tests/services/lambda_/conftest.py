from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.services.lambda_.support import Lambda, aws_lambda


@pytest.fixture
async def lambda_(tmp_path: Path) -> AsyncIterator[Lambda]:
    """Lambda, on a fresh database."""
    async with aws_lambda(tmp_path) as opened:
        yield opened
