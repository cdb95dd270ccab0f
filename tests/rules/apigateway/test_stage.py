"""Stages."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from yett.rules.apigateway.errors import BadRequest, NotOffered
from yett.rules.apigateway.patch import parse_operations
from yett.rules.apigateway.stage import parse_stage, patch_stage, serve

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STAGE: dict[str, Any] = {"stageName": "prod", "deploymentId": "dep000"}


@pytest.mark.parametrize(
    "change",
    [
        {"stageName": "a b"},
        {"stageName": ""},
        {"stageName": "x" * 129},
        {"variables": {"a b": "1"}},
        {"variables": {"a": "{}"}},
        {"variables": {"a": "x" * 513}},
        {"variables": {f"v{number}": "1" for number in range(101)}},
    ],
)
def test_a_wrong_stage_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        parse_stage("abc", STAGE | change, now=NOW)


@pytest.mark.parametrize(
    "change",
    [{"cacheClusterEnabled": True}, {"cacheClusterSize": "0.5"}, {"canarySettings": {"percentTraffic": 5.0}}],
)
def test_caches_and_canaries_are_not_offered(change: dict[str, Any]) -> None:
    with pytest.raises(NotOffered):
        parse_stage("abc", STAGE | change, now=NOW)


def test_settings_of_methods_come_and_go() -> None:
    stage = parse_stage("abc", STAGE, now=NOW)
    later = NOW + timedelta(seconds=1)

    def patched(before: Any, op: str, path: str, value: str | None = None) -> Any:
        return patch_stage(before, parse_operations([{"op": op, "path": path, "value": value}]), now=later)

    stage = patched(stage, "replace", "/~1pets/GET/metrics/enabled", "true")
    assert stage.method_settings["~1pets/GET"].metrics_enabled
    stage = patched(stage, "replace", "/~1pets/GET/logging/loglevel", "INFO")
    assert stage.method_settings["~1pets/GET"].metrics_enabled
    assert stage.last_updated_date == later
    for op, path in (("replace", "/x/y/logging/other"), ("remove", "/~1x/GET"), ("copy", "/*/*/logging/loglevel")):
        with pytest.raises(BadRequest):
            patched(stage, op, path, "1")


def test_what_is_served_is_name_deployment_and_variables() -> None:
    served = serve(parse_stage("abc", STAGE | {"variables": {"a": "1"}}, now=NOW))
    assert (served.name, served.deployment_id, served.variables) == ("prod", "dep000", {"a": "1"})
