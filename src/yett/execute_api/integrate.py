"""The last step: the backend is asked, by the integration's type, and its answer relayed."""

from collections.abc import Awaitable

from yett.execute_api.integrations.http import HttpIntegration
from yett.execute_api.integrations.lambda_function import FunctionIntegration
from yett.ports.bundle import Ports
from yett.rules.execute_api.call import Authorized
from yett.rules.execute_api.deployment import IntegrationType
from yett.rules.execute_api.integrations.mock import render_mock
from yett.values.http import HttpResponse


class Integrations:
    """The three kinds of backend."""

    def __init__(self, ports: Ports) -> None:
        self._http = HttpIntegration(ports)
        self._function = FunctionIntegration(ports)

    def integrate(self, call: Authorized) -> Awaitable[HttpResponse]:
        """Ask the backend.

        Raises:
            GatewayError: It could not be reached, took too long, or answered what cannot be relayed.
        """
        match call.routed.question.method.integration.type:
            case IntegrationType.HTTP_PROXY:
                return self._http.ask(call)
            case IntegrationType.AWS_PROXY:
                return self._function.ask(call)
            case IntegrationType.MOCK:
                return _mock(call)


async def _mock(call: Authorized) -> HttpResponse:
    return render_mock(call)
