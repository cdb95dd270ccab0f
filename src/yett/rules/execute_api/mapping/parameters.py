"""Parameter mappings: ``method.request.path.id``, ``context.authorizer.tenant``, ``stageVariables.x``, ``'a literal'``.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import parse_qs

from yett.rules.execute_api.call import Routed
from yett.rules.execute_api.mapping.context import context_variable, extended_request_id, render_clf
from yett.rules.execute_api.plan import StagePlan
from yett.values.http import HttpRequest
from yett.values.identity import Identity

INTEGRATION_HEADER: Final = "integration.request.header."
INTEGRATION_QUERY_STRING: Final = "integration.request.querystring."
INTEGRATION_PATH: Final = "integration.request.path."
METHOD_HEADER: Final = "method.response.header."
CONTEXT: Final = "context."


def literal(expression: str) -> str | None:
    """The text between single quotes, if the expression is a literal."""
    if len(expression) >= 2 and expression[0] == expression[-1] == "'":
        return expression[1:-1]
    return None


def is_mappable(expression: str) -> bool:
    """Whether ``evaluate`` knows this form; the service refuses what it does not."""
    if literal(expression) is not None:
        return True
    return expression.startswith((*_READERS, CONTEXT))


def evaluate(expression: str, routed: Routed, identity: Identity) -> str | None:
    """The value that a mapping expression has for a call; None where it has none."""
    if (text := literal(expression)) is not None:
        return text
    for prefix, read in _READERS.items():
        if expression.startswith(prefix):
            return read(routed, expression.removeprefix(prefix))
    if expression.startswith(CONTEXT):
        return context_variable(expression.removeprefix(CONTEXT), routed, identity)
    return None


def gateway_variable(
    expression: str, *, request: HttpRequest, plan: StagePlan, routed: Routed | None, identity: Identity
) -> str | None:
    """The value of a variable in a gateway response, which may be given before the call has found its method."""
    if routed is not None:
        return evaluate(expression, routed, identity)
    if expression.startswith("stageVariables."):
        return plan.variables.get(expression.removeprefix("stageVariables."))
    read = _UNROUTED.get(expression)
    return None if read is None else read(request, plan)


def _query_values(routed: Routed, name: str) -> list[str]:
    return parse_qs(routed.request.query, keep_blank_values=True).get(name, [])


_READERS: Final[Mapping[str, Callable[[Routed, str], str | None]]] = {
    "method.request.header.": lambda routed, name: _last(routed.request.headers.get_all(name.lower())),
    "method.request.multivalueheader.": lambda routed, name: (
        ",".join(routed.request.headers.get_all(name.lower())) or None
    ),
    "method.request.querystring.": lambda routed, name: _last(_query_values(routed, name)),
    "method.request.multivaluequerystring.": lambda routed, name: ",".join(_query_values(routed, name)) or None,
    "method.request.path.": lambda routed, name: routed.path_parameters.get(name),
    "stageVariables.": lambda routed, name: routed.plan.variables.get(name),
}


def _last(values: Sequence[str]) -> str | None:
    return values[-1] if values else None


_UNROUTED: Final[Mapping[str, Callable[[HttpRequest, StagePlan], str | None]]] = {
    "context.accountId": lambda _, plan: plan.account,
    "context.apiId": lambda _, plan: plan.api_id,
    "context.domainName": lambda request, _: request.host,
    "context.extendedRequestId": lambda request, _: extended_request_id(request.request_id),
    "context.httpMethod": lambda request, _: request.method,
    "context.identity.sourceIp": lambda request, _: request.source_ip,
    "context.identity.userAgent": lambda request, _: request.headers.get("user-agent"),
    "context.path": lambda request, _: request.path,
    "context.requestId": lambda request, _: request.request_id,
    "context.requestTime": lambda request, _: render_clf(request.received_at),
    "context.stage": lambda _, plan: plan.stage,
}
