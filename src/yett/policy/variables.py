"""Policy variables: ``${aws:username}``, ``${aws:PrincipalTag/team, 'none'}``, ``${*}``.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import re
from typing import Final

from msgspec import Struct

from yett.policy.request import RequestContext
from yett.policy.wildcard import Token, read_wildcards

VARIABLES_SINCE: Final = "2012-10-17"  # under an older Version the text of a variable is just text

# Neither part can hold a brace, so that the search never looks at a character twice.
_VARIABLE: Final = re.compile(r"\$\{(?:([*?$])|([^{}$*?',\s][^{}$*?',]*)(?:, ?'([^{}']*)')?)\}")


class Variable(Struct, frozen=True):
    """A place where a value of the request goes."""

    key: str  # lower case
    default: str | None


class Plain(Struct, frozen=True):
    """Text that stands for itself, wildcards included: from ``${*}``, ``${?}`` and ``${$}``."""

    text: str


Part = str | Variable | Plain  # a str is pattern text, in which wildcards act
Template = tuple[Part, ...]


def read_template(text: str, *, version: str) -> Template:
    """The parts of *text*: under a Version without variables, the text alone."""
    if version != VARIABLES_SINCE or "${" not in text:
        return (text,)
    parts: list[Part] = []
    end = 0
    for found in _VARIABLE.finditer(text):
        if end < found.start():
            parts.append(text[end : found.start()])
        fixed, key, default = found.groups()
        parts.append(Plain(fixed) if fixed is not None else Variable(key.strip().lower(), default))
        end = found.end()
    if end < len(text):
        parts.append(text[end:])
    return tuple(parts)


def is_fixed(template: Template) -> bool:
    """Whether the template means the same for every request."""
    return not any(isinstance(part, Variable) for part in template)


def resolve(template: Template, context: RequestContext) -> tuple[str | Plain, ...] | None:
    """Put the request's values in the place of variables; None where one has neither value nor default.

    A key with several values has none that a variable could take. What is put in is plain: a ``*`` that a caller sends
    is no wildcard.
    """
    parts: list[str | Plain] = []
    for part in template:
        if isinstance(part, Variable):
            values = context.find(part.key)
            value = values[0] if values is not None and len(values) == 1 else part.default
            if value is None:
                return None
            parts.append(Plain(value))
        else:
            parts.append(part)
    return tuple(parts)


def as_text(parts: tuple[str | Plain, ...]) -> str:
    """The resolved parts as one text without wildcards."""
    return "".join(part if isinstance(part, str) else part.text for part in parts)


def as_tokens(parts: tuple[str | Plain, ...]) -> tuple[Token, ...]:
    """The resolved parts as a pattern, in which only the policy's own ``*`` and ``?`` are wildcards."""
    tokens: list[Token] = []
    for part in parts:
        if isinstance(part, Plain):
            tokens.append(part.text)
        else:
            tokens.extend(read_wildcards(part))
    return tuple(tokens)
