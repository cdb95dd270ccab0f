"""Below the ports the same arguments give the same answer: what would break that is absent."""

import ast

import pytest
from tests.architecture.sources import PACKAGE, RULES, calls, modules, name_of, tree_of

# Reading botocore's models from its package is this module's whole purpose.
READS_FILES = {"src/yett/wire/loading.py"}
IMPURE = {"now", "utcnow", "today", "uuid1", "uuid4", "urandom", "getenv", "getLogger", "get_logger"}
TOUCHES_THE_WORLD = {"open", "print", "input", "exec", "eval", "__import__", "Path"}

# Where whatever goes wrong becomes an answer, a line of output, or is undone and raised again.
CATCHES_EVERYTHING = {
    "src/yett/adapters/functions/plain_runtime.py",  # runs in a function's process: what handlers raise is an answer
    "src/yett/server/protocol.py",
    "src/yett/control_plane/door.py",
    "src/yett/execute_api/door.py",
    "src/yett/cli/policy.py",
    "src/yett/cli/json_lines.py",
}


@pytest.mark.parametrize("room", RULES)
def test_nothing_awaits(room: str) -> None:
    kinds = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    found = [name_of(path) for path in modules(room) for node in ast.walk(tree_of(path)) if isinstance(node, kinds)]
    assert found == []


@pytest.mark.parametrize("room", RULES)
def test_nothing_reads_a_clock_throws_dice_or_touches_the_world(room: str) -> None:
    banned = IMPURE | TOUCHES_THE_WORLD
    found = [
        f"{name_of(path)}:{line} {name}"
        for path in modules(room)
        for name, line in calls(path)
        if name in banned and name_of(path) not in READS_FILES
    ]
    assert found == []


def test_everything_is_caught_at_front_doors_only() -> None:
    found = {name_of(path) for path in modules() for node in ast.walk(tree_of(path)) if swallows(node)}
    assert found <= CATCHES_EVERYTHING


def swallows(node: ast.AST) -> bool:
    """Whether this is a handler of every exception that does not raise it again."""
    if not isinstance(node, ast.ExceptHandler):
        return False
    caught = node.type
    is_wide = caught is None or (isinstance(caught, ast.Name) and caught.id in {"Exception", "BaseException"})
    return is_wide and not any(isinstance(inner, ast.Raise) for inner in ast.walk(node))


def test_the_rooms_named_here_are_there() -> None:
    assert all((PACKAGE / room).is_dir() for room in RULES)
