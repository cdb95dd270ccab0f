from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.services.aws import Aws, aws_at


@pytest.fixture
async def aws(tmp_path: Path) -> AsyncIterator[Aws]:
    """IAM, STS and Organizations on a fresh database."""
    async with aws_at(tmp_path) as opened:
        yield opened
