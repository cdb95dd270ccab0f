"""``AWS_PROXY``: a Lambda function answers the call.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import asyncio

from yett.execute_api.invocation import Invoker, MayNotInvoke
from yett.ports.bundle import Ports
from yett.ports.function_runner import FunctionNotFound, FunctionThrottled, FunctionUnavailable
from yett.rules.execute_api.call import Authorized
from yett.rules.execute_api.errors import (
    ApiConfigurationError,
    IntegrationTimeout,
    MalformedProxyResponse,
    RequestTooLarge,
)
from yett.rules.execute_api.integrations.lambda_answer import parse_proxy_response
from yett.rules.execute_api.integrations.lambda_event import render_proxy_event
from yett.rules.execute_api.limits import LAMBDA_PAYLOAD_BYTES
from yett.rules.execute_api.mapping.trace_header import render_trace_header
from yett.rules.execute_api.request_ids import with_request_ids
from yett.values.http import HttpResponse


class FunctionIntegration:
    """Asks functions."""

    def __init__(self, ports: Ports) -> None:
        self._invoker = Invoker(ports)
        self._port = ports.settings.port

    async def ask(self, call: Authorized) -> HttpResponse:
        """Invoke the method's function with the proxy event and turn its answer into the response.

        Raises:
            RequestTooLarge: The event is more than a function takes.
            ApiConfigurationError: There is no such function, or it may not be invoked for this method.
            IntegrationTimeout: It took longer than the integration allows.
            MalformedProxyResponse: It failed, or answered no proxy response.
        """
        routed = call.routed
        method, plan = routed.method, routed.plan
        if method.function is None:
            raise ApiConfigurationError("the method has no function")
        trace_header = render_trace_header(routed.request)
        event = render_proxy_event(call, trace_header=trace_header, port=self._port)
        if len(event) > LAMBDA_PAYLOAD_BYTES:
            raise RequestTooLarge(f"the event has {len(event)} bytes, a function takes {LAMBDA_PAYLOAD_BYTES}")
        try:
            async with asyncio.timeout(method.integration.timeout_ms / 1000):
                answer = await self._invoker.invoke(
                    method.function,
                    event,
                    question=routed.question,
                    standing=call.standing,
                    source_arn=f"{plan.arn_prefix}{routed.request.method}{method.resource_path}",
                    trace_header=trace_header,
                )
        except TimeoutError as error:
            raise IntegrationTimeout(f"the function took over {method.integration.timeout_ms} ms") from error
        except (MayNotInvoke, FunctionNotFound) as error:
            raise ApiConfigurationError(error.reason) from error
        except (FunctionThrottled, FunctionUnavailable) as error:
            raise MalformedProxyResponse(f"the function could not be run: {error.reason}") from error
        if answer.function_error is not None:
            raise MalformedProxyResponse("the function failed; see its log: `yett logs`")
        response = parse_proxy_response(answer.payload, plan=plan, request=routed.request)
        traced = HttpResponse(
            status=response.status,
            headers=response.headers.with_line("X-Amzn-Trace-Id", trace_header),
            body=response.body,
        )
        return with_request_ids(traced, routed.request.request_id)
