"""Integrations and their responses, by the tables of what is taken."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.rules.apigateway.errors import BadRequest, NotOffered
from yett.rules.apigateway.integration import (
    check_mock_template,
    lambda_function,
    parse_integration,
    parse_integration_response,
)

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
PATH = "arn:aws:apigateway:us-east-1:{service}:path/2015-03-31/functions/{function}/invocations"
URI = PATH.format(service="lambda", function=FUNCTION)
PROXY = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": URI}


@pytest.mark.parametrize(
    "change",
    [
        {"type": "FTP"},
        {"integrationHttpMethod": "FETCH"},
        {"uri": PATH.format(service="sqs", function=FUNCTION)},
        {"uri": PATH.format(service="lambda", function="f")},
        {"uri": None},
        {"passthroughBehavior": "SOMETIMES"},
        {"requestParameters": {"integration.request.body": "'x'"}},
        {"requestParameters": {"integration.request.header.X": "x"}},
        {"requestParameters": {f"integration.request.header.X{number}": "'x'" for number in range(301)}},
    ],
)
def test_a_wrong_integration_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        parse_integration(PROXY | change, resource_id="r")


@pytest.mark.parametrize(
    "change",
    [
        {"uri": PATH.format(service="firehose", function=FUNCTION)},
        {"responseTransferMode": "STREAM"},
        {"integrationTarget": "arn:x"},
    ],
)
def test_what_is_not_offered_is_named(change: dict[str, Any]) -> None:
    with pytest.raises(NotOffered):
        parse_integration(PROXY | change, resource_id="r")


def test_stage_variables_may_stand_in_addresses() -> None:
    function = "arn:aws:lambda:us-east-1:123456789012:function:${stageVariables.name}"
    assert lambda_function(PATH.format(service="lambda", function=function)) == function
    http = {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": "https://${stageVariables.host}/{proxy}"}
    assert parse_integration(http, resource_id="r").uri == http["uri"]


@pytest.mark.parametrize(
    ("status", "members", "mock"),
    [
        ("20", {}, True),
        ("600", {}, False),
        ("200", {"responseParameters": {"method.response.body": "'x'"}}, False),
        ("200", {"responseParameters": {"method.response.header.X": "x"}}, False),
        ("200", {"responseParameters": {"method.response.header.X": "integration.response.body.x"}}, False),
        ("200", {"responseTemplates": {"text/plain": "$input.body"}}, True),
        ("200", {"responseTemplates": {"text/plain": "#set($x = 1)"}}, True),
        ("200", {"selectionPattern": "(?=x)"}, True),
    ],
)
def test_a_wrong_response_is_refused(status: str, members: dict[str, Any], mock: bool) -> None:
    with pytest.raises(BadRequest):
        parse_integration_response(status, members, mock=mock)


@given(st.integers(100, 599), st.text(alphabet=" \n", max_size=3))
def test_a_mock_may_name_any_status(status: int, blank: str) -> None:
    check_mock_template(f'{blank}{{"statusCode"{blank}:{blank}{status}}}{blank}', where="x")


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(0, 999), st.text(max_size=3)),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=10), inner, max_size=2)),
)


@given(JSON)
def test_a_mock_may_hold_nothing_else(value: Any) -> None:
    with pytest.raises(NotOffered):
        check_mock_template(json.dumps(value), where="x")
    with pytest.raises(NotOffered):
        check_mock_template(json.dumps({"statusCode": 200, "more": value}), where="x")
