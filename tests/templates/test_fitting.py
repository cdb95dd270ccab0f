"""Properties by the service model."""

from typing import Any

import pytest

from yett.templates.fitting import DoesNotFit, fit


def test_names_and_types_are_those_of_the_operation() -> None:
    given = {"Name": "a", "DisableExecuteApiEndpoint": "true", "EndpointConfiguration": {"Types": "REGIONAL"}}
    assert fit("apigateway", "CreateRestApi", given) == {
        "name": "a",
        "disableExecuteApiEndpoint": True,
        "endpointConfiguration": {"types": ["REGIONAL"]},
    }
    assert fit("lambda", "CreateFunction", {"Timeout": "10", "Environment": {"Variables": {"A": 1, "B": True}}}) == {
        "Timeout": 10,
        "Environment": {"Variables": {"A": "1", "B": "true"}},
    }


def test_documents_become_text() -> None:
    assert fit("iam", "CreateRole", {"AssumeRolePolicyDocument": {"Statement": []}}) == {
        "AssumeRolePolicyDocument": '{"Statement":[]}'
    }


@pytest.mark.parametrize(
    ("properties", "way"),
    [
        ({"Nothing": 1}, ("Nothing",)),
        ({"EndpointConfiguration": {"Types": [], "Other": 1}}, ("EndpointConfiguration", "Other")),
        ({"MinimumCompressionSize": "many"}, ("MinimumCompressionSize",)),
        ({"DisableExecuteApiEndpoint": "perhaps"}, ("DisableExecuteApiEndpoint",)),
        ({"MinimumCompressionSize": {}}, ("MinimumCompressionSize",)),
    ],
)
def test_what_does_not_fit_is_refused_where_it_stands(properties: dict[str, Any], way: tuple[str, ...]) -> None:
    with pytest.raises(DoesNotFit) as refused:
        fit("apigateway", "CreateRestApi", properties)
    assert refused.value.way == way
