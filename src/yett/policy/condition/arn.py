"""ARN operators: six parts compared one by one, each with ``*`` and ``?``; ArnEquals and ArnLike are the same.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
"""

from typing import Final

from yett.policy.condition.string import Parts
from yett.policy.variables import Plain, as_tokens
from yett.policy.wildcard import Glob

PARTS: Final = 6  # the last keeps its colons

ArnPattern = tuple[Glob, ...]


def read_arn_pattern(parts: Parts) -> ArnPattern | None:
    """A pattern for each of the six parts; None where there are fewer. Colons that a variable brings divide as well."""
    components: list[list[str | Plain]] = [[]]
    for part in parts:
        text = part if isinstance(part, str) else part.text
        first, *others = text.split(":", PARTS - len(components))
        components[-1].append(first if isinstance(part, str) else Plain(first))
        components.extend([piece if isinstance(part, str) else Plain(piece)] for piece in others)
    if len(components) < PARTS:
        return None
    return tuple(Glob(as_tokens(tuple(component))) for component in components)


def read_arn_parts(text: str) -> tuple[str, ...] | None:
    """The six parts of an ARN; None where there are fewer."""
    parts = tuple(text.split(":", PARTS - 1))
    return parts if len(parts) == PARTS else None


def is_arn_like(expected: ArnPattern, actual: tuple[str, ...]) -> bool:
    """Whether every part is like its pattern."""
    return all(pattern.matches(part) for pattern, part in zip(expected, actual, strict=True))
