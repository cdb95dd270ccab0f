"""``HTTP_PROXY``: an HTTP backend answers the call.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/setup-http-integrations.html
"""

from typing import Final

from yett.ports.bundle import Ports
from yett.ports.upstream import (
    LOCAL_DEVELOPMENT,
    PUBLIC_ONLY,
    UpstreamBadAddress,
    UpstreamRefused,
    UpstreamRequest,
    UpstreamTimedOut,
    UpstreamTlsFailed,
    UpstreamTooLarge,
    UpstreamUnreachable,
)
from yett.rules.execute_api.call import Authorized
from yett.rules.execute_api.errors import ApiConfigurationError, IntegrationFailure, IntegrationTimeout
from yett.rules.execute_api.integrations.http_answer import relay
from yett.rules.execute_api.integrations.http_request import build_request
from yett.values.http import Headers, HttpResponse

HELD_ANSWER_BYTES: Final = 64 * 1024  # ours; a body of a known length up to this is waited for, not streamed


class HttpIntegration:
    """Asks HTTP backends. A long answer, or one that the backend makes as it goes, is relayed as it comes."""

    def __init__(self, ports: Ports) -> None:
        self._upstream = ports.upstream
        self._port = ports.settings.port
        self._rule = LOCAL_DEVELOPMENT if ports.settings.permits_private_upstreams else PUBLIC_ONLY

    async def ask(self, call: Authorized) -> HttpResponse:
        """Send the request on and relay the answer.

        Raises:
            IntegrationTimeout: The backend took longer than the integration allows.
            IntegrationFailure: It could not be reached, or what it answered is no HTTP.
            ApiConfigurationError: Its address is none, or one that may not be called; its certificate is not good; or
                what it answered exceeds the bound of an API's payload.
        """
        routed = call.routed
        outgoing = build_request(call, port=self._port)
        endpoint = outgoing.endpoint
        try:
            answer = await self._upstream.send(
                UpstreamRequest(
                    method=outgoing.method,
                    scheme=endpoint.scheme,
                    host=endpoint.host,
                    port=endpoint.port,
                    target=outgoing.target,
                    headers=Headers(outgoing.headers),
                    body=routed.request.body,
                    timeout_seconds=routed.question.method.integration.timeout_ms / 1000,
                    network_rule=self._rule,
                    streams_above_bytes=HELD_ANSWER_BYTES,
                )
            )
        except UpstreamTimedOut as error:
            raise IntegrationTimeout(error.reason) from error
        except UpstreamUnreachable as error:
            raise IntegrationFailure(error.reason) from error
        except (UpstreamBadAddress, UpstreamRefused, UpstreamTlsFailed, UpstreamTooLarge) as error:
            raise ApiConfigurationError(error.reason) from error
        return relay(
            answer.status,
            answer.headers,
            answer.body,
            request_id=routed.request.request_id,
            stream=answer.stream,
        )
