"""Why a template is not deployed, and where in the user's file."""

from pathlib import Path

from yett.values.errors import Refusal


class TemplateRefused(Refusal):
    """The template cannot be deployed as it is. The text begins with file and line.

    Where neither is known yet, ``way`` grows from the fault outwards to whoever knows them.
    """

    def __init__(self, message: str, *, path: Path | None = None, line: int | None = None) -> None:
        place = "" if path is None else f"{path}:{line}: " if line else f"{path}: "
        super().__init__(f"{place}{message}")
        self.message = message
        self.path = path
        self.line = line
        self.way: tuple[str | int, ...] = ()
