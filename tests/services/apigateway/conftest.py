"""The service on a database of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.services.apigateway.support import Gateway


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    """API Gateway's operations."""
    gateway = Gateway(tmp_path)
    yield gateway
    await gateway.database.close()
