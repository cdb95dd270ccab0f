"""What an authorizer's code says of the policies that it will answer, read without running it.

A hint, not a proof: it is for people, before the first call. What an authorizer has answered is judged by `audit.py`.
"""

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from msgspec import Struct

RESOURCE: Final = "Resource"
ALLOW: Final = "Allow"
ALLOW_ALL: Final = "allowAllMethods"  # of the policy builder in the service's own blueprints
METHOD_ARN: Final = "methodarn"  # `methodArn`, `method_arn`: in lower case, without underscores
WILDCARDS: Final = re.compile(r"\*|(?:/\*){1,3}")  # what remains of an ARN behind a variable
WHOLE: Final = re.compile(r"\*|arn:[^/]*(?:/\*){1,3}|[^/]*\$\{[^}]*\}(?:/\*){1,3}")
JS_RESOURCE: Final = re.compile(
    r"\bResource['\"]?\]?\s*[:=]\s*\[?\s*(?:(?P<quote>['\"`])(?P<text>[^'\"`\n]*)(?P=quote)|(?P<name>[\w$.]+))"
)
JS_CALL: Final = re.compile(r"['\"]Allow['\"]\s*,\s*(?:['\"](?P<text>\*)['\"]|(?P<name>[\w$.]+))")
JS_COMMENT: Final = re.compile(r"(?m)(?:^|\s)//[^\n]*")


class Answers(StrEnum):
    """What an Allow in the code is about."""

    EVERYTHING = "everything"
    ONE_METHOD = "one method"


class CodeHint(Struct, frozen=True):
    """A place in the code that makes an Allow."""

    answers: Answers
    line: int  # from 1


def read_python(source: str) -> tuple[CodeHint, ...]:
    """Hints in a Python module, by line; none in what is no Python."""
    try:
        tree = ast.parse(source)
        return tuple(sorted(set(_walk(tree)), key=lambda each: each.line))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()


def read_javascript(source: str) -> tuple[CodeHint, ...]:
    """Hints in a JavaScript module, by line."""
    source = JS_COMMENT.sub(lambda found: " " * len(found[0]), source)
    return tuple(sorted(set(_scan(source)), key=lambda each: each.line))


def _walk(tree: ast.AST) -> Iterator[CodeHint]:
    aliases = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and _is_method_arn(node.value, frozenset())
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Dict():
                pairs = zip(node.keys, node.values, strict=True)
                members = {key.value: value for key, value in pairs if isinstance(key, ast.Constant)}
                if RESOURCE in members and not _is_constant(members.get("Effect"), "Deny"):
                    yield from _judge(members[RESOURCE], frozenset(aliases))
            case ast.Assign(targets=[ast.Subscript(slice=ast.Constant(value="Resource"))]):
                yield from _judge(node.value, frozenset(aliases))
            case ast.Call(func=ast.Attribute(attr="allowAllMethods")):
                yield CodeHint(Answers.EVERYTHING, node.lineno)
            case ast.Call() if any(_is_constant(each, ALLOW) for each in node.args):
                for each in node.args:
                    if not _is_constant(each, ALLOW):
                        yield from _judge(each, frozenset(aliases))


def _judge(value: ast.expr, aliases: frozenset[str]) -> Iterator[CodeHint]:
    values = value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
    if any(_is_everything(each) for each in values):
        yield CodeHint(Answers.EVERYTHING, value.lineno)
    elif len(values) == 1 and _is_method_arn(values[0], aliases):
        yield CodeHint(Answers.ONE_METHOD, value.lineno)


def _is_everything(value: ast.expr) -> bool:
    match value:
        case ast.Constant(value=str(text)):
            return WHOLE.fullmatch(text) is not None
        case ast.JoinedStr(values=[ast.FormattedValue(), ast.Constant(value=str(text))]):
            return text != "*" and WILDCARDS.fullmatch(text) is not None
        case ast.BinOp(op=ast.Add(), right=ast.Constant(value=str(text))):
            return text != "*" and WILDCARDS.fullmatch(text) is not None
        case _:
            return False


def _is_method_arn(value: ast.expr, aliases: frozenset[str]) -> bool:
    match value:
        case ast.Subscript(slice=ast.Constant(value=str(name))) | ast.Attribute(attr=name):
            return _is_named_so(name)
        case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(name)), *_]):
            return _is_named_so(name)
        case ast.Name(id=name):
            return _is_named_so(name) or name in aliases
        case _:
            return False


def _is_named_so(name: str) -> bool:
    return name.replace("_", "").lower() == METHOD_ARN


def _is_constant(value: ast.expr | None, text: str) -> bool:
    return isinstance(value, ast.Constant) and value.value == text


def _scan(source: str) -> Iterator[CodeHint]:
    for found in (*JS_RESOURCE.finditer(source), *JS_CALL.finditer(source)):
        line = source.count("\n", 0, found.start()) + 1
        around = source[max(0, source.rfind("{", 0, found.start())) : found.end() + 80].partition("}")[0]
        if re.search(r"Effect['\"]?\s*:\s*['\"]Deny", around):
            continue
        text, name = found["text"], found["name"]
        if text is not None and WHOLE.fullmatch(text):
            yield CodeHint(Answers.EVERYTHING, line)
        elif name is not None and _is_named_so(name.rpartition(".")[2]):
            yield CodeHint(Answers.ONE_METHOD, line)
    for found in re.finditer(rf"\.{ALLOW_ALL}\(", source):
        yield CodeHint(Answers.EVERYTHING, source.count("\n", 0, found.start()) + 1)
