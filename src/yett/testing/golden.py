"""The access matrix as a golden file: who may call what, in a form that a pull request shows line by line."""

from collections.abc import Mapping
from pathlib import Path

from yett.server.matrix_file import CallerRow, MatrixFile, NotAMatrix, differences, parse, render
from yett.testing.answer import Answer

REFUSED_WITHOUT_TOKEN = 401


class GoldenMatrix:
    """Outcomes by route and caller. `yett check` reads the same file once it says how each caller proves itself."""

    __tracebackhide__ = True

    def __init__(
        self, routes: Mapping[str, Mapping[str, str | int]], *, callers: tuple[str, ...], updates: bool
    ) -> None:
        self.routes = routes
        self._callers = callers
        self._updates = updates

    def render(self, callers: Mapping[str, CallerRow] | None = None) -> str:
        """The file's text; *callers* tell how each proves itself to a live API."""
        known = callers or {}
        rows = {name: known.get(name, CallerRow()) for name in self._callers}
        return render(MatrixFile(callers=rows, routes=self.routes))

    def assert_matches(self, path: Path | str) -> None:
        """Fail, naming each cell that differs, unless the file says the same; with ``--update-golden`` write it anew.

        What the file says of how callers prove themselves is kept.
        """
        __tracebackhide__ = True
        file = Path(path)
        expected = None
        if file.exists():
            try:
                expected = parse(file.read_text())
            except NotAMatrix:
                if not self._updates:
                    raise
        if self._updates:
            file.write_text(self.render(expected.callers if expected is not None else None))
            return
        if expected is None:
            raise AssertionError(f"there is no golden file {file}: `pytest --update-golden` writes it")
        actual = parse(self.render())
        different = list(differences(expected, actual))
        if different:
            listed = "\n  ".join(different)
            raise AssertionError(
                f"the access matrix is not that of {file} (`pytest --update-golden` writes it anew):\n  {listed}"
            )


def outcome_of(answer: Answer) -> str | int:
    """How a call was decided, in the words of a matrix file, whatever its backend made of it; its status where nothing
    was decided.
    """
    if any((step["step"], step["result"]) == ("authorize", "passed") for step in answer.trace["steps"]):
        return "allow"
    if answer.outcome == "unauthenticated":
        return "needs_token" if answer.status == REFUSED_WITHOUT_TOKEN else "unauthenticated"
    return answer.status if answer.outcome == "error" else answer.outcome
