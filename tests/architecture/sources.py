"""The project's own files, as the tests of its shape read them."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGE: Final = ROOT / "src" / "yett"
TESTS: Final = ROOT / "tests"

# Below the ports: nothing here awaits, reads a clock, throws dice, logs or opens a file.
RULES: Final = ("values", "policy", "sigv4", "tokens", "rules", "wire")


def modules(*rooms: str) -> list[Path]:
    """The modules of the package, or of the rooms named."""
    roots = [PACKAGE / room for room in rooms] if rooms else [PACKAGE]
    return sorted(path for root in roots for path in root.rglob("*.py"))


def name_of(path: Path) -> str:
    """A file as failures name it."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    """A module's syntax tree."""
    return ast.parse(path.read_text(), filename=str(path))


def calls(path: Path) -> Iterator[tuple[str, int]]:
    """Every call in a module: the last part of what is called, and its line."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name):
                yield called.id, node.lineno
            elif isinstance(called, ast.Attribute):
                yield called.attr, node.lineno


def imports(path: Path) -> Iterator[str]:
    """Every module that a module imports, dotted."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


def tracked() -> list[Path]:
    """The text files that git tracks."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:8192]]
