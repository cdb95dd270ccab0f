"""Which properties hold secrets: their values are never shown."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from yett.templates.cloudformation import SUBSTITUTION, Scope

SECRET_ATTRIBUTES: Final = frozenset({"SecretAccessKey", "ClientSecret"})
SECRET_NAMES: Final = re.compile(r"(?i)passw|secret|credential|private|token(?!validity)|api_?key|apikey")
TELLING_CHARACTERS: Final = 4  # shorter parameters are not looked for in texts: they are everywhere
# Whole parts of which nothing is shown: people keep secrets there, whatever they are called.
SECRET_PARTS: Final = ("Environment/Variables/",)
# Names that look like a secret's and are none.
HARMLESS: Final = frozenset(
    {"GenerateSecret", "AuthorizerCredentials", "EnableTokenRevocation", "RefreshTokenRotation"}
)


def ways_of_secrets(properties: Any, scope: Scope) -> tuple[str, ...]:
    """The ways to the values, as the template has them, that a NoEcho parameter or a secret attribute goes into."""
    return tuple(sorted(set(secret_ways(properties, scope, ()))))


def secret_ways(value: Any, scope: Scope, way: tuple[str, ...]) -> Iterator[str]:
    """See `ways_of_secrets`. Within a function the way ends: what it gives is one value."""
    if names_secret(value, scope):
        yield "/".join(way)
        return
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from secret_ways(one, scope, (*way, str(index)))
    elif isinstance(value, dict):
        for name, one in value.items():
            inner = way if str(name).startswith("Fn::") else (*way, str(name))
            yield from secret_ways(one, scope, inner)


def names_secret(value: Any, scope: Scope) -> bool:
    """Whether a value is a function that gives a secret, or takes one; or has a secret in it, put there by SAM."""
    if isinstance(value, str):
        texts = [str(scope.parameters[name]) for name in scope.secret_parameters]
        return any(text in value for text in texts if len(text) >= TELLING_CHARACTERS)
    if not isinstance(value, dict) or len(value) != 1:
        return False
    ((name, argument),) = value.items()
    if name == "Ref":
        return argument in scope.secret_parameters
    if name == "Fn::GetAtt":
        return str(argument[-1] if isinstance(argument, list) else argument).rpartition(".")[2] in SECRET_ATTRIBUTES
    if name == "Fn::Sub":
        text = argument[0] if isinstance(argument, list) and argument else argument
        names = [found for literal, found in SUBSTITUTION.findall(str(text)) if not literal]
        return any(
            one in scope.secret_parameters or one.rpartition(".")[2] in SECRET_ATTRIBUTES for one in names
        ) or has_secret(argument, scope)
    return str(name).startswith("Fn::") and has_secret(argument, scope)


def has_secret(value: Any, scope: Scope) -> bool:
    """Whether a secret is anywhere in a value."""
    if names_secret(value, scope):
        return True
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return any(has_secret(one, scope) for one in inner)


def is_secret(way: tuple[str, ...], known: frozenset[str]) -> bool:
    """Whether the value at a way is not to be shown: *known* ways, those below them, and what bears a secret's name."""
    text = "/".join(way)
    if any(text == one or text.startswith(f"{one}/") or one == "" for one in known):
        return True
    if any(text.startswith(part) for part in SECRET_PARTS):
        return True
    return any(SECRET_NAMES.search(part) and part not in HARMLESS for part in way)
