"""Required members, lengths, patterns, ranges and enumerations of a service model, and AWS's words when they fail.

Texts as recorded (spec 08, 29 and 33).

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html (ValidationError)
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any, Final

import re2

from yett.values.errors import Refusal
from yett.wire.shapes import Kind, Shape

# The models' expressions are Java's. RE2 matches in linear time whatever the text, and knows nothing of looking around:
# the few patterns that do so are split here by hand into what must match and what must not.
SPLIT: Final[Mapping[str, tuple[str, str]]] = {
    # IAM, an account alias: no two hyphens in a row
    r"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$": (r"[a-z0-9]([a-z0-9]|-){1,61}[a-z0-9]", r".*--.*"),
    # Lambda and Cognito, an S3 bucket: no dot at the end
    r"[0-9A-Za-z\.\-_]*(?<!\.)": (r"[0-9A-Za-z.\-_]*", r".*\."),
    r"^[0-9A-Za-z\.\-_]*(?<!\.)$": (r"[0-9A-Za-z.\-_]*", r".*\."),
    # Lambda, an alias or version: not digits alone
    r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)": (r"[a-zA-Z0-9\-_]+", r"[0-9]+"),
    r"((?!^\d+$)^[0-9a-zA-Z-_]+$)": (r"[0-9a-zA-Z\-_]+", r"[0-9]+"),
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?"
    r"([a-zA-Z0-9-_]{1,64})(:((?!\d+$)[0-9a-zA-Z-_]+))?": (
        r"(arn:(aws[a-zA-Z\-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?"
        r"([a-zA-Z0-9\-_]{1,64})(:([0-9a-zA-Z\-_]+))?",
        r"((arn:(aws[a-zA-Z\-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?function:)?"
        r"[a-zA-Z0-9\-_]*[a-zA-Z\-_][a-zA-Z0-9\-_]*:\d+",
    ),
    # Lambda, a SAM or self-managed source's key: not beginning with "system."
    r"(^(?!(system\x2e)))(^[_a-zA-Z0-9])([^$]*)": (r"[_a-zA-Z0-9][^$]*", r"system\.[^$]*"),
}
SPELLINGS: Final = (
    # Both are the models' ways to say "and every character beyond the Basic Multilingual Plane".
    (r"\u10000-\u10FFFF", r"\x{10000}-\x{10FFFF}"),
    (r"\uD800\uDC00-\uDBFF\uDFFF", r"\x{10000}-\x{10FFFF}"),
    (r"\p{Print}", "[[:print:]]"),
)
TOLD_VIOLATIONS: Final = 50  # in one message; ours
SHOWN_CHARACTERS: Final = 2048  # of an offending value in a message; ours


class ConstraintsViolated(Refusal):
    """Parameters break constraints of the model; ``str`` of it is AWS's text."""

    def __init__(self, violations: tuple[str, ...]) -> None:
        count = len(violations)
        super().__init__(f"{count} validation error{'s' if count > 1 else ''} detected: {'; '.join(violations)}")
        self.violations = violations


def check(shape: Shape | None, params: Mapping[str, object]) -> None:
    """Refuse parameters, already of the right types, that break a constraint of their shape.

    Raises:
        ConstraintsViolated
    """
    if shape is None:
        return
    if found := tuple(islice(violations(shape, params, ""), TOLD_VIOLATIONS)):
        raise ConstraintsViolated(found)


def violations(shape: Shape, value: object, path: str) -> Iterator[str]:
    """What is wrong with *value* and everything in it, each in AWS's words."""
    match shape.kind:
        case Kind.STRUCTURE if isinstance(value, Mapping):
            if shape.is_document:
                return
            for name, member in shape.members.items():
                inner = value.get(name)
                inner_path = join(path, lower_first(name))
                if inner is not None:
                    yield from violations(member.shape, inner, inner_path)
                elif name in shape.required:
                    yield sentence(member.shape, None, inner_path, "Member must not be null")
        case Kind.LIST if isinstance(value, list | tuple):
            yield from check_size(shape, value, len(value), path, of="length")
            for number, item in enumerate(value, start=1):
                yield from violations(shape.members["member"].shape, item, f"{path}.{number}.member")
        case Kind.MAP if isinstance(value, Mapping):
            yield from check_size(shape, value, len(value), path, of="length")
            for key, item in value.items():
                yield from violations(shape.members["key"].shape, key, f"{path}.{key}.key")
                yield from violations(shape.members["value"].shape, item, f"{path}.{key}.member")
        case Kind.STRING if isinstance(value, str):
            yield from check_text(shape, value, path)
        case Kind.BLOB if isinstance(value, bytes):
            yield from check_size(shape, value, len(value), path, of="length")
        case Kind.INTEGER | Kind.LONG | Kind.FLOAT | Kind.DOUBLE if isinstance(value, int | float):
            yield from check_size(shape, value, value, path, of="value")
        case _:
            return


def check_text(shape: Shape, value: str, path: str) -> Iterator[str]:
    yield from check_size(shape, value, len(value), path, of="length")
    if shape.enum and value not in shape.enum:
        yield sentence(shape, value, path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
    if shape.pattern is not None and not matches(shape.pattern, value):
        yield sentence(shape, value, path, f"Member must satisfy regular expression pattern: {shape.pattern}")


def check_size(shape: Shape, value: object, size: float, path: str, *, of: str) -> Iterator[str]:
    if shape.minimum is not None and size < shape.minimum:
        yield sentence(shape, value, path, f"Member must have {of} greater than or equal to {shape.minimum}")
    if shape.maximum is not None and size > shape.maximum:
        yield sentence(shape, value, path, f"Member must have {of} less than or equal to {shape.maximum}")


def sentence(shape: Shape, value: object, path: str, rule: str) -> str:
    """One violation. OBSERVED at Cognito: the value of a sensitive member is left out."""
    if shape.is_sensitive:
        shown = "Value"
    elif value is None:
        shown = "Value null"
    else:
        shown = f"Value '{render(shape, value)[:SHOWN_CHARACTERS]}'"
    return f"{shown} at '{path}' failed to satisfy constraint: {rule}"


def render(shape: Shape, value: object) -> str:
    """A value roughly as Java prints it; nothing that is marked sensitive, however deep, is in it."""
    if shape.is_sensitive:
        return "***"
    match value:
        case bool():
            return str(value).lower()
        case Mapping() if shape.kind is Kind.MAP:
            return (
                "{"
                + ", ".join(f"{key}={render(shape.members['value'].shape, item)}" for key, item in value.items())
                + "}"
            )
        case Mapping() if shape.kind is Kind.STRUCTURE and not shape.is_document:
            known = ((name, member) for name, member in shape.members.items() if name in value)
            return shape.name + "(" + ", ".join(f"{name}={render(m.shape, value[name])}" for name, m in known) + ")"
        case list() | tuple() if shape.kind is Kind.LIST:
            return "[" + ", ".join(render(shape.members["member"].shape, item) for item in value) + "]"
        case bytes():
            return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
        case datetime():
            return value.isoformat()
        case _:
            return str(value)


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text is of the model's pattern."""
    must, must_not = compile_pattern(pattern)
    try:
        return bool(must.fullmatch(text)) and not (must_not is not None and must_not.fullmatch(text))
    except UnicodeEncodeError:  # a lone surrogate is no text
        return False


@cache
def compile_pattern(pattern: str) -> tuple[Any, Any]:
    """The expressions that a text must, and must not, match as a whole.

    Raises:
        re2.error: The pattern is of a kind that is not translated yet. A test over all models prevents that.
    """
    options = re2.Options()
    options.log_errors = False
    if pattern in SPLIT:
        must, must_not = SPLIT[pattern]
        return re2.compile(f"(?:{must})", options), re2.compile(f"(?s:{must_not})", options)
    return re2.compile(f"(?:{translate(pattern)})", options), None


def translate(pattern: str) -> str:
    """Java's spelling to RE2's: ``\\u0020`` becomes ``\\x{0020}``."""
    for java, ours in SPELLINGS:
        pattern = pattern.replace(java, ours)
    parts = pattern.split("\\u")
    return parts[0] + "".join(f"\\x{{{part[:4]}}}{part[4:]}" for part in parts[1:])


def join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]
