import pytest
from tests.rules.execute_api.support import call

from yett.rules.execute_api.deployment import DeployedIntegration, DeployedIntegrationResponse, IntegrationType
from yett.rules.execute_api.errors import ApiConfigurationError, UnsupportedMediaType
from yett.rules.execute_api.integrations.mock import render_mock
from yett.values.http import HttpResponse

DEFAULT = DeployedIntegrationResponse(status_code="200")


def answer(
    *responses: DeployedIntegrationResponse,
    template: str | None = '{"statusCode": 200}',
    passthrough: str = "WHEN_NO_MATCH",
    content_type: str | None = None,
    query: str = "",
) -> HttpResponse:
    integration = DeployedIntegration(
        type=IntegrationType.MOCK,
        request_templates={} if template is None else {"application/json": template},
        passthrough_behavior=passthrough,
        responses=responses or (DEFAULT,),
    )
    headers = (("Content-Type", content_type),) if content_type else ()
    return render_mock(call(integration, headers=headers, query=query))


@pytest.mark.parametrize("template", ['{"statusCode": 200}', "{statusCode: 200}", '{\n "statusCode" : 200\n}\n'])
def test_the_template_says_the_status_and_a_response_row_says_the_rest(template: str) -> None:
    row = DeployedIntegrationResponse(
        status_code="201",
        response_parameters={
            "method.response.header.Access-Control-Allow-Origin": "'*'",
            "method.response.header.X-Stage": "context.stage",
            "method.response.header.X-None": "integration.response.header.x",
        },
        response_templates={"text/plain": "hello"},
    )
    given = answer(row, template=template)
    assert (given.status, given.body) == (201, b"hello")
    assert given.headers.lines == (
        ("Content-Type", "text/plain"),
        ("Access-Control-Allow-Origin", "*"),
        ("X-Stage", "prod"),
    )


def test_the_row_is_chosen_by_its_pattern_before_the_default() -> None:
    rows = (DEFAULT, DeployedIntegrationResponse(status_code="404", selection_pattern=r"4\d{2}"))
    assert answer(*rows, template='{"statusCode": 418}').status == 404
    assert answer(*rows, template='{"statusCode": 200}').status == 200


@pytest.mark.parametrize("template", [None, "", "200", '{"statusCode": "200"}', '{"statusCode": 700}', "{}", "[]"])
def test_a_template_without_a_status_is_the_api_s_fault(template: str | None) -> None:
    with pytest.raises(ApiConfigurationError):
        answer(template=template)


def test_no_row_for_the_status_is_the_api_s_fault() -> None:
    with pytest.raises(ApiConfigurationError):
        answer(DeployedIntegrationResponse(status_code="404", selection_pattern="404"))
    with pytest.raises(ApiConfigurationError):
        answer(DeployedIntegrationResponse(status_code="404", selection_pattern="("))


def test_content_without_a_template_is_refused_where_nothing_is_passed_through() -> None:
    with pytest.raises(UnsupportedMediaType):
        answer(content_type="text/xml", passthrough="NEVER")
    with pytest.raises(UnsupportedMediaType):
        answer(content_type="text/xml", passthrough="WHEN_NO_TEMPLATES")
    assert answer(content_type="application/json; charset=utf-8", passthrough="NEVER").status == 200


def test_a_mapped_value_never_ends_its_line() -> None:
    parameters = {"method.response.header.X-Q": "method.request.querystring.q"}
    given = answer(DeployedIntegrationResponse(status_code="200", response_parameters=parameters), query="q=a%0d%0aB:c")
    assert given.headers.get("x-q") == "a  B:c"
