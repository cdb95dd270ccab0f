"""The last step: the backend is asked, by the integration's type, and its answer relayed."""

from collections.abc import Awaitable
from typing import Final, assert_never

from yett.execute_api.integrations.http import HttpIntegration
from yett.execute_api.integrations.lambda_function import FunctionIntegration
from yett.ports.bundle import Ports
from yett.rules.execute_api.call import Authorized
from yett.rules.execute_api.deployment import IntegrationType
from yett.rules.execute_api.integrations.mock import render_mock
from yett.rules.execute_api.request_ids import with_request_ids
from yett.values.http import HttpResponse

HTTP_PROXY: Final = IntegrationType.HTTP_PROXY
AWS_PROXY: Final = IntegrationType.AWS_PROXY
MOCK: Final = IntegrationType.MOCK


class Integrations:
    """The three kinds of backend."""

    def __init__(self, ports: Ports) -> None:
        self._http = HttpIntegration(ports)
        self._function = FunctionIntegration(ports)

    def integrate(self, call: Authorized) -> Awaitable[HttpResponse]:
        """Ask the backend. Like every answer, its has the request's ids.

        Raises:
            GatewayError: It could not be reached, took too long, or answered what cannot be relayed.
        """
        kind = call.routed.question.method.integration.type
        if kind is HTTP_PROXY:
            return self._http.ask(call)
        if kind is AWS_PROXY:
            return self._function.ask(call)
        if kind is MOCK:
            return _mock(call)
        assert_never(kind)


async def _mock(call: Authorized) -> HttpResponse:
    return with_request_ids(render_mock(call), call.routed.request.request_id)
