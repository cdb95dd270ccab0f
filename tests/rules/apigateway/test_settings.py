"""Settings of an API."""

from typing import Any

import pytest

from yett.rules.apigateway.errors import BadRequest, NotOffered
from yett.rules.apigateway.settings import parse_settings


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"apiKeySource": "BODY"},
        {"minimumCompressionSize": -1},
        {"endpointConfiguration": {"types": ["EDGE", "REGIONAL"]}},
        {"endpointConfiguration": {"types": ["ELSEWHERE"]}},
    ],
)
def test_a_wrong_setting_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        parse_settings({"name": "pets"} | change)


@pytest.mark.parametrize(
    "change",
    [
        {"cloneFrom": "abc"},
        {"securityPolicy": "TLS_1_2"},
        {"endpointAccessMode": "STRICT"},
        {"endpointConfiguration": {"types": ["PRIVATE"], "vpcEndpointIds": ["vpce-1"]}},
    ],
)
def test_what_would_not_be_enforced_is_named(change: dict[str, Any]) -> None:
    with pytest.raises(NotOffered):
        parse_settings({"name": "pets"} | change)


def test_a_private_api_speaks_both_address_families() -> None:
    settings = parse_settings({"name": "pets", "endpointConfiguration": {"types": ["PRIVATE"]}})
    assert settings["endpoint_configuration"].ip_address_type == "dualstack"
