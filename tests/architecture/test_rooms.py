"""Where things live and how large they are: a room for every test, a sign on every room, no drawer for the rest."""

import ast
import re

import pytest
from tests.architecture.sources import PACKAGE, ROOT, TESTS, modules, name_of, tracked, tree_of

# Tests that are no module's.
WITHOUT_SOURCE = {"sdk", "conformance", "architecture", "docs", "fakes", "cases"}  # of the project or its ports
WITHOUT_SOURCE |= {"bench", "examples", "security", "soak"}  # of what lies outside the package, or of all of it
MOST_LINES = 450
LONGER = {
    "src/yett/adapters/sql/user_pool_store.py": "one port and its kinds of documents",
}
LIBRARIES = {"policy", "sigv4", "tokens", "wire"}  # usable alone: their sign names what is public
DRAWERS = re.compile(r"(?:^|_)(?:utils?|helpers?|common|misc|managers?)(?:_|$)")
# Spelled in two halves, so that this file does not contain what it looks for.
UNFINISHED = re.compile(
    "|".join(first + second for first, second in (("TO", "DO"), ("FIX", "ME"), ("XX", "X:"), ("HA", "CK:")))
)
PLACES = tuple(
    first + second
    for first, second in (
        ("/wo", "rk/"), ("/ro", "ot/"), ("/ho", "me/"), ("/Us", "ers/"),
        ("pypi.", "org"), ("pythonhosted.", "org"), ("registry.", "npmjs"), ("deb.", "debian.org"), ("index-", "url"),
    )
)  # fmt: skip


def test_every_test_has_its_source() -> None:
    orphans = []
    for path in TESTS.rglob("test_*.py"):
        within = path.relative_to(TESTS)
        if within.parts[0] in WITHOUT_SOURCE:
            continue
        source = PACKAGE / within.with_name(within.name.removeprefix("test_"))
        if not any(source.with_suffix(kind).exists() for kind in (".py", ".mjs", ".pyx")):
            orphans.append(name_of(path))
    assert orphans == []


def test_a_sign_on_every_room_and_nothing_else() -> None:
    """An `__init__.py` is one docstring; a library's also says what of it is public."""
    wrong = []
    for path in PACKAGE.rglob("__init__.py"):
        body = tree_of(path).body
        rest = body[1:]
        if path.parent.name in LIBRARIES and path.parent.parent == PACKAGE:
            rest = [node for node in rest if not isinstance(node, ast.ImportFrom) and not is_all(node)]
        if ast.get_docstring(tree_of(path)) is None or rest:
            wrong.append(name_of(path))
    assert wrong == []


def is_all(node: ast.stmt) -> bool:
    """Whether a statement sets ``__all__``."""
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__"


def test_every_folder_of_modules_has_a_sign() -> None:
    folders = {path.parent for path in modules()}
    assert [name_of(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_every_module_says_what_it_is_for() -> None:
    assert [name_of(path) for path in modules() if ast.get_docstring(tree_of(path)) is None] == []


def test_modules_hold_one_idea() -> None:
    long = {name_of(path) for path in modules() if len(path.read_text().splitlines()) > MOST_LINES}
    assert long == set(LONGER)


def test_there_is_no_drawer_for_odds_and_ends() -> None:
    paths = [path.relative_to(ROOT) for path in (*modules(), *TESTS.rglob("*.py"))]
    assert [
        path.as_posix() for path in paths if any(DRAWERS.search(part.removesuffix(".py")) for part in path.parts)
    ] == []


def test_nothing_is_left_unfinished() -> None:
    found = [
        name_of(path)
        for path in tracked()
        if path.suffix in {".py", ".md", ".yaml", ""} and UNFINISHED.search(path.read_text())
    ]
    assert found == []


def test_no_function_is_a_stub() -> None:
    """`raise NotImplementedError` is msgspec's way for a hook to say that a type is not its own, and nobody else's."""
    found = []
    for path in modules():
        hooks = {
            node.value.id
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.keyword)
            and node.arg in {"enc_hook", "dec_hook"}
            and isinstance(node.value, ast.Name)
        }
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name not in hooks:
                found += [f"{name_of(path)}:{line}" for line in unimplemented(node)]
    assert found == []


def unimplemented(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[int]:
    """The lines on which a function, but for those within it, raises NotImplementedError."""
    lines, pending = [], list(function.body)
    while pending:
        node: ast.AST = pending.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        raised = node.exc if isinstance(node, ast.Raise) else None
        raised = raised.func if isinstance(raised, ast.Call) else raised
        if isinstance(raised, ast.Name) and raised.id == "NotImplementedError":
            lines.append(node.lineno)
        pending += ast.iter_child_nodes(node)
    return lines


@pytest.mark.parametrize("place", PLACES)
def test_no_file_names_a_place_of_one_machine(place: str) -> None:
    found = [name_of(path) for path in tracked() if place in path.read_text(errors="replace")]
    assert found == []
