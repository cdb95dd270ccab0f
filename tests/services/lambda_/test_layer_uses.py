import pytest

from yett.ports.function_store import LayerUse
from yett.services.call import ServiceError
from yett.services.lambda_.layer_uses import check_sizes


def test_function_and_layers_have_one_limit_together() -> None:
    half = LayerUse(arn="arn", code_sha256="", code_bytes=1, unzipped_bytes=131_072_000)
    check_sizes((half,), unzipped_bytes=131_072_000)
    with pytest.raises(ServiceError, match="The actual size is 262144001 bytes"):
        check_sizes((half,), unzipped_bytes=131_072_001)
