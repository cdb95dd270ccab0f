from tests.execute_api.support import Gateway
from tests.rules.execute_api.support import aws_proxy, http, method, resource

from yett.rules.execute_api.deployment import DeployedIntegration, DeployedIntegrationResponse, IntegrationType


async def test_each_kind_of_backend_is_asked_in_its_own_way() -> None:
    mock = DeployedIntegration(
        type=IntegrationType.MOCK,
        request_templates={"application/json": '{"statusCode": 200}'},
        responses=(DeployedIntegrationResponse(status_code="204"),),
    )
    door = Gateway(
        resource("/mock", method(integration=mock)),
        resource("/http", method(integration=http())),
        resource("/function", method(integration=aws_proxy())),
    )
    answers = [await door.call("GET", path) for path in ("/mock", "/http", "/function")]
    assert [answer.status for answer in answers] == [204, 200, 200]
    # 08 no. 4: answers of functions alone carry a trace id.
    assert [answer.headers.get("x-amzn-trace-id") is not None for answer in answers] == [False, False, True]
    assert (len(door.upstream.requests), len(door.runner.events)) == (1, 1)
