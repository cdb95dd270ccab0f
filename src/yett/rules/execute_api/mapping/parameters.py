"""Parameter mappings: ``method.request.path.id``, ``context.authorizer.tenant``, ``stageVariables.x``, ``'a literal'``.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import parse_qs

from yett.rules.execute_api.call import Routed
from yett.rules.execute_api.mapping.context import context_variable
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


def _query_values(routed: Routed, name: str) -> list[str]:
    return parse_qs(routed.request.query, keep_blank_values=True).get(name, [])


_READERS: Final[Mapping[str, Callable[[Routed, str], str | None]]] = {
    "method.request.header.": lambda routed, name: _last(routed.request.headers.get_all(name.lower())),
    "method.request.multivalueheader.": lambda routed, name: ",".join(routed.request.headers.get_all(name.lower())) or None,
    "method.request.querystring.": lambda routed, name: _last(_query_values(routed, name)),
    "method.request.multivaluequerystring.": lambda routed, name: ",".join(_query_values(routed, name)) or None,
    "method.request.path.": lambda routed, name: routed.path_parameters.get(name),
    "stageVariables.": lambda routed, name: routed.plan.variables.get(name),
}


def _last(values: Sequence[str]) -> str | None:
    return values[-1] if values else None
