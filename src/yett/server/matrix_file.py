"""The access matrix as a file, which `yett access-matrix --yaml` writes and `yett check` holds a live API to.

A route is a line, a caller a name; so a change of access is a line or two in a pull request.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml
from msgspec import Struct

from yett.values.errors import Refusal

OUTCOMES: Final = ("allow", "implicit_deny", "explicit_deny", "unauthenticated", "needs_token")
DENIALS: Final = {"implicit_deny", "explicit_deny"}
METHODS: Final = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"})
HEADING: Final = "# Who may call what. `yett check` holds a live API to this file.\n"


class NotAMatrix(Refusal):
    """The file is no access matrix."""


class CallerRow(Struct, frozen=True, kw_only=True):
    """How a caller proves itself to a live API; nothing at all for nobody in particular."""

    profile: str | None = None  # of the AWS configuration
    env: str | None = None  # prefix of NAME_ACCESS_KEY_ID, NAME_SECRET_ACCESS_KEY, NAME_SESSION_TOKEN
    token_env: str | None = None  # the variable that holds a token
    header: str = "Authorization"  # where the token goes


class MatrixFile(Struct, frozen=True, kw_only=True):
    """Expectations by route and caller."""

    callers: Mapping[str, CallerRow]
    routes: Mapping[str, Mapping[str, str | int]]  # "GET /pets" -> caller -> outcome or status


def parse(text: str) -> MatrixFile:
    """Read the file.

    Raises:
        NotAMatrix: With the place of the fault.
    """
    try:
        given = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise NotAMatrix(f"the matrix is no YAML: {error}") from error
    if not isinstance(given, dict) or not isinstance(given.get("routes"), dict):
        raise NotAMatrix("the matrix has no `routes`")
    callers = {str(name): _read_caller(str(name), row) for name, row in (given.get("callers") or {}).items()}
    routes: dict[str, dict[str, str | int]] = {}
    for route, cells in given["routes"].items():
        method, _, path = str(route).partition(" ")
        if method not in METHODS or not path.startswith("/") or not isinstance(cells, dict):
            raise NotAMatrix(f"`{route}` is no route: write METHOD /path, and a line for each caller")
        for caller, expected in cells.items():
            if str(caller) not in callers:
                raise NotAMatrix(f"`{route}` names caller `{caller}`, which `callers` does not list")
            if expected not in OUTCOMES and not (isinstance(expected, int) and 100 <= expected < 600):
                raise NotAMatrix(
                    f"`{route}`, {caller}: `{expected}` is neither a status nor one of {', '.join(OUTCOMES)}"
                )
        routes[str(route)] = {str(caller): expected for caller, expected in cells.items()}
    return MatrixFile(callers=callers, routes=routes)


def render(matrix: MatrixFile) -> str:
    """Write the file, every line where it would be looked for."""
    lines = [HEADING + "callers:"]
    for name, row in matrix.callers.items():
        given = {
            key: value
            for key, value in (("profile", row.profile), ("env", row.env), ("token_env", row.token_env))
            if value is not None
        }
        if row.token_env is not None and row.header != "Authorization":
            given["header"] = row.header
        inner = ", ".join(f"{key}: {_scalar(value)}" for key, value in given.items())
        lines.append(f"  {_scalar(name)}: {{{inner}}}")
    lines.append("routes:")
    for route, cells in matrix.routes.items():
        lines.append(f"  {_scalar(route)}:")
        lines += [f"    {_scalar(caller)}: {expected}" for caller, expected in cells.items()]
    return "\n".join(lines) + "\n"


def matrix_of(answer: Mapping[str, Any]) -> MatrixFile:
    """The matrix that a server answered, of the first of its addresses; users and roles by profiles of their name."""
    first = answer["callers"][0]["sourceIp"]
    kept = [number for number, each in enumerate(answer["callers"]) if each["sourceIp"] == first]
    names = {number: str(answer["callers"][number]["principal"]) for number in kept}
    return MatrixFile(
        callers={
            name: CallerRow() if name == "anonymous" else CallerRow(profile=name.rpartition("/")[2])
            for name in names.values()
        },
        routes={
            f"{route['method']} {route['path']}": {name: route["outcomes"][number] for number, name in names.items()}
            for route in answer["routes"]
        },
    )


def differences(expected: MatrixFile, actual: MatrixFile) -> Iterator[str]:
    """Each cell that is another, on a line."""
    for route in dict.fromkeys((*expected.routes, *actual.routes)):
        wanted, found = expected.routes.get(route, {}), actual.routes.get(route, {})
        for caller in dict.fromkeys((*wanted, *found)):
            if wanted.get(caller) != found.get(caller):
                was, is_now = wanted.get(caller, "nothing"), found.get(caller, "nothing")
                yield f"{route} as {caller}: expected {was}, is {is_now}"


def _read_caller(name: str, row: object) -> CallerRow:
    known = {"profile", "env", "token_env", "header"}
    if row is None:
        row = {}
    if not isinstance(row, dict) or not set(row) <= known or not all(isinstance(each, str) for each in row.values()):
        raise NotAMatrix(f"caller `{name}` has something else than {', '.join(sorted(known))}")
    return CallerRow(**row)


def _scalar(text: str) -> str:
    """A text as YAML has it on one line: plain where that is what it would be read as."""
    if text and text.isascii() and "#" not in text and ":" not in text and text == text.strip():
        try:
            if yaml.safe_load(f"{{? {text} : 1}}") == {text: 1}:
                return text
        except yaml.YAMLError:
            pass
    return yaml.safe_dump(text, default_style='"', width=10_000).strip()
