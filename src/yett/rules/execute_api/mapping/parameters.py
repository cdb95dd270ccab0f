"""Parameter mappings: ``method.request.path.id``, ``context.authorizer.tenant``, ``stageVariables.x``, ``'a literal'``.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from yett.rules.execute_api.call import Routed
from yett.rules.execute_api.mapping.context import context_variable, render_clf
from yett.rules.execute_api.multivalue import query_values
from yett.rules.execute_api.plan import StagePlan
from yett.rules.execute_api.request_ids import extended_request_id
from yett.values.http import HttpRequest
from yett.values.identity import Identity

INTEGRATION_QUERY_STRING: Final = "integration.request.querystring."
INTEGRATION_PATH: Final = "integration.request.path."
METHOD_HEADER: Final = "method.response.header."
METHOD_PATH: Final = "method.request.path."
CONTEXT: Final = "context."
COMPILED_EXPRESSIONS: Final = 4096  # kept in a process, least recently used first to go
# What no header line may hold. Source: https://www.rfc-editor.org/rfc/rfc9110#section-5.5
LATIN_1_END: Final = "\xff"
CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def literal(expression: str) -> str | None:
    """The text between single quotes, if the expression is a literal."""
    if len(expression) >= 2 and expression[0] == expression[-1] == "'":
        return expression[1:-1]
    return None


def header_text(value: str) -> str:
    """A value as it can stand in a header line, which it never ends: control characters become spaces, and what is
    not Latin-1 is its UTF-8.
    """
    text = CONTROL.sub(" ", value)
    if text.isascii() or max(text) <= LATIN_1_END:
        return text
    return text.encode("utf-8", "replace").decode("latin-1")


def evaluate(expression: str, routed: Routed, identity: Identity) -> str | None:
    """The value that a mapping expression has for a call; None where it has none."""
    return _compile(expression)(routed, identity)


@lru_cache(maxsize=COMPILED_EXPRESSIONS)
def _compile(expression: str) -> Callable[[Routed, Identity], str | None]:
    """What reads an expression's value. Expressions are the API owner's, so there are few."""
    if (text := literal(expression)) is not None:
        return lambda _routed, _identity: text
    for prefix, read in _READERS.items():
        if expression.startswith(prefix):
            name = expression.removeprefix(prefix)
            return lambda routed, _identity: read(routed, name)
    if expression.startswith(CONTEXT):
        variable = expression.removeprefix(CONTEXT)
        return lambda routed, identity: context_variable(variable, routed, identity)
    return lambda _routed, _identity: None


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


_READERS: Final[Mapping[str, Callable[[Routed, str], str | None]]] = {
    "method.request.header.": lambda routed, name: _last(routed.request.headers.get_all(name.lower())),
    "method.request.multivalueheader.": lambda routed, name: (
        ",".join(routed.request.headers.get_all(name.lower())) or None
    ),
    "method.request.querystring.": lambda routed, name: _last(query_values(routed.request.query, name)),
    "method.request.multivaluequerystring.": lambda routed, name: (
        ",".join(query_values(routed.request.query, name)) or None
    ),
    METHOD_PATH: lambda routed, name: routed.path_parameters.get(name),
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
