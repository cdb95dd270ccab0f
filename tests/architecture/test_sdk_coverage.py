"""Every operation of the identity services is called by an SDK or the AWS CLI in some test of `tests/sdk`."""

import re

import pytest
from botocore import xform_name
from tests.architecture.sources import TESTS

from yett.services.perform import table_of

CALLS = "\n".join(path.read_text() for path in sorted((TESTS / "sdk").glob("*.py")))


def is_called(operation: str) -> bool:
    """Whether a test calls it: as a method of boto3's, by its name, or as a command."""
    method = xform_name(operation)
    quoted = (f'"{method}"', f'"{operation}"', f'"{method.replace("_", "-")}"')
    return any(call in CALLS for call in quoted) or re.search(rf"\.{method}\b", CALLS) is not None


@pytest.mark.parametrize("service", ["iam", "sts", "organizations"])
def test_every_operation_is_called_by_a_client(service: str) -> None:
    assert [name for name in table_of(service).operations if not is_called(name)] == []
