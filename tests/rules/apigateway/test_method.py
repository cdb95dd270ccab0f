"""Methods."""

from typing import Any

import pytest

from yett.rules.apigateway.errors import BadRequest
from yett.rules.apigateway.method import parse_method, parse_method_response


@pytest.mark.parametrize(
    "members",
    [
        {"authorizationType": "SOMETIMES"},
        {"authorizationType": "AWS_IAM", "authorizationScopes": ["a/b"]},
        {"requestParameters": {"query.x": True}},
        {"requestParameters": {f"method.request.querystring.p{number}": True for number in range(301)}},
    ],
)
def test_a_wrong_method_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        parse_method("GET", members, authorizers={})


def test_an_authorizer_that_the_type_does_not_ask_for_is_dropped() -> None:
    members = {"authorizationType": "NONE", "authorizerId": "abc123"}
    assert parse_method("GET", members, authorizers={}).authorizer_id is None


@pytest.mark.parametrize(("status", "parameters"), [("2XX", {}), ("200", {"header.X": True})])
def test_a_wrong_response_is_refused(status: str, parameters: dict[str, bool]) -> None:
    with pytest.raises(BadRequest):
        parse_method_response(status, {"responseParameters": parameters})
