"""Does a Resource or NotResource element match: ARN patterns, with policy variables after the fifth colon.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from typing import Final

from msgspec import Struct, structs

from yett.policy.document import SHORTHAND, Patterns, PolicyDocument
from yett.policy.request import RequestContext
from yett.policy.variables import Template, Variable, as_tokens, is_fixed, read_template, resolve
from yett.policy.wildcard import Glob, SegmentedGlob, Token, Wild

COLONS_BEFORE_RESOURCE: Final = 5

ResourcePattern = Glob | SegmentedGlob

_WIDENED: Final = {
    Wild.ANY: Wild.ANY,
    Wild.ANY_IN_SEGMENT: Wild.ANY,
    Wild.ONE: Wild.ONE,
    Wild.ONE_IN_SEGMENT: Wild.ONE,
}


class ResourceTemplate(Struct, frozen=True):
    """A Resource value, read: tokens up to the fifth colon, and the parts after it."""

    head: tuple[Token, ...]
    tail: Template

    @property
    def is_fixed(self) -> bool:
        """Whether it is the same pattern for every request."""
        return is_fixed(self.tail)

    def outline(self) -> Glob:
        """A pattern that covers at least what this one does, whatever the request."""
        tokens: list[Token] = [token if isinstance(token, str) else _WIDENED[token] for token in self.head]
        for part in self.tail:
            tokens.extend((Wild.ANY,) if isinstance(part, Variable) else as_tokens((part,)))
        return Glob(tokens)

    def resolve(self, context: RequestContext) -> ResourcePattern | None:
        """The pattern for one request; None where a variable has no value."""
        parts = resolve(self.tail, context)
        if parts is None:
            return None
        tokens = self.head + as_tokens(parts)
        confined = any(token is Wild.ANY_IN_SEGMENT or token is Wild.ONE_IN_SEGMENT for token in self.head)
        return SegmentedGlob(tokens) if confined else Glob(tokens)


def matches_resource(element: Patterns, resource: str, context: RequestContext, *, version: str) -> bool:
    """Whether the element covers *resource*. A pattern whose variable has no value covers nothing."""
    patterns = (read_resource(text, version=version).resolve(context) for text in element.values)
    listed = any(pattern is not None and pattern.matches(resource) for pattern in patterns)
    return listed is not element.negated


def read_resource(text: str, *, version: str) -> ResourceTemplate:
    """Read one value of a Resource element.

    A star that ends a segment runs on over colons; any other wildcard stays in its segment. The resource part, after
    the fifth colon, is one segment, whatever colons it holds. Variables count only there; before it they are text.

    # UNCERTAIN: whether colons inside the resource part divide it. Were they to, a caller who puts a colon into a path
    # would step past a Deny on `api/prod/GET/*/secret`.
    """
    segments = text.split(":", COLONS_BEFORE_RESOURCE)
    if len(segments) <= COLONS_BEFORE_RESOURCE:
        return ResourceTemplate(_head_tokens(text), ())
    head = ":".join(segments[:COLONS_BEFORE_RESOURCE]) + ":"
    return ResourceTemplate(_head_tokens(head), read_template(segments[COLONS_BEFORE_RESOURCE], version=version))


def expand_shorthand(
    document: PolicyDocument, *, partition: str, region: str, account: str, api_id: str
) -> PolicyDocument:
    """Write ``execute-api:/stage/METHOD/path`` as the full ARN of an API, as saving its resource policy does.

    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-examples.html
    """
    full = f"arn:{partition}:execute-api:{region}:{account}:{api_id}/"
    statements = tuple(
        statement
        if statement.resource is None
        else structs.replace(
            statement,
            resource=structs.replace(
                statement.resource,
                values=tuple(
                    full + text[len(SHORTHAND) :] if text.startswith(SHORTHAND) else text
                    for text in statement.resource.values
                ),
            ),
        )
        for statement in document.statements
    )
    return structs.replace(document, statements=statements)


def _head_tokens(head: str) -> tuple[Token, ...]:
    tokens: list[Token] = []
    start = 0
    for position, character in enumerate(head):
        if character not in "*?":
            continue
        if start < position:
            tokens.append(head[start:position])
        start = position + 1
        if character == "?":
            tokens.append(Wild.ONE_IN_SEGMENT)
        else:
            tokens.append(Wild.ANY if head[start : start + 1] in {"", ":"} else Wild.ANY_IN_SEGMENT)
    if start < len(head):
        tokens.append(head[start:])
    return tuple(tokens)
