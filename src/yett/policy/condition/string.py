"""String operators: StringEquals is exact, StringEqualsIgnoreCase folds case, StringLike takes ``*`` and ``?``.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_String
"""

from yett.policy.variables import Plain, as_text, as_tokens
from yett.policy.wildcard import Glob

Parts = tuple[str | Plain, ...]


def read_exact(parts: Parts) -> str:
    """The text to equal; a ``*`` in it is just a star."""
    return as_text(parts)


def equals(expected: str, actual: str) -> bool:
    """Whether both are the same text."""
    return expected == actual


def read_folded(parts: Parts) -> str:
    """The text to equal, whatever its case."""
    return as_text(parts).casefold()


def equals_folded(expected: str, actual: str) -> bool:
    """Whether the request's value is the expected text in some case."""
    return expected == actual.casefold()


def read_pattern(parts: Parts) -> Glob:
    """The pattern to be like."""
    return Glob(as_tokens(parts))


def is_like(expected: Glob, actual: str) -> bool:
    """Whether the pattern covers the whole of the request's value."""
    return expected.matches(actual)
