"""Gateway responses."""

from typing import Any

import pytest

from yett.rules.apigateway.errors import BadRequest
from yett.rules.apigateway.gateway_response import DEFAULT_STATUS, NAMED_IN_REFUSAL, parse_gateway_response


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"statusCode": "99"}, "Invalid status code"),
        # spec 01, section 5.1
        ({"responseTemplates": {"application/json": ""}}, "Invalid null or empty value in responseTemplates"),
        ({"responseParameters": {"gatewayresponse.header.X": ""}}, "Invalid null or empty value in responseParameters"),
        ({"responseParameters": {"header.X": "'1'"}}, "Invalid parameter name specified: header.X"),
        ({"responseParameters": {"gatewayresponse.header.X": "1"}}, "Invalid mapping expression specified: 1"),
        ({"responseParameters": {"gatewayresponse.header.X": "'a\r\nb'"}}, "Invalid mapping expression specified"),
        ({"responseTemplates": {str(number): "x" for number in range(301)}}, "entries at most"),
    ],
)
def test_a_wrong_customization_is_refused(members: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        parse_gateway_response("ACCESS_DENIED", members)
    assert message in refused.value.message


@pytest.mark.parametrize("value", ["'*'", "method.request.header.Origin", "context.requestId", "stageVariables.a_b"])
def test_what_aws_maps_is_taken(value: str) -> None:
    parsed = parse_gateway_response("UNAUTHORIZED", {"responseParameters": {"gatewayresponse.header.X": value}})
    assert parsed.response_parameters == {"gatewayresponse.header.X": value}


def test_a_refusal_names_every_type() -> None:
    assert sorted(NAMED_IN_REFUSAL) == sorted(DEFAULT_STATUS)
