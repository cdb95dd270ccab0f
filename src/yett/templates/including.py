"""The transform AWS::Include: a file's content in the place of its name. The file lies beside the template, not in S3.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-include.html
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from yett.templates.errors import TemplateRefused

FUNCTION: Final = "Fn::Transform"
INCLUDE: Final = "AWS::Include"

Way = tuple[str | int, ...]
Refuse = Callable[[str, Way], TemplateRefused]


class Includer:
    """Puts files into one template, and remembers which."""

    def __init__(self, path: Path, read: Callable[[Path], Any], refuse: Refuse) -> None:
        """*read* gives the content of a file; *refuse* makes the refusal of what stands at a way."""
        self._path = path
        self._read = read
        self._refuse = refuse
        self.files: list[Path] = []

    def template(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """The template with its files put in, those that its ``Transform`` names too.

        Raises:
            TemplateRefused: A file cannot be read, lies elsewhere, or says what the template says itself.
        """
        given = content.get("Transform")
        listed = given if isinstance(given, list) else [given]
        whole = [one for one in listed if is_include(one)]
        rest = [one for one in listed if not is_include(one)]
        made = {name: one for name, one in content.items() if name != "Transform"}
        if given is not None and rest:
            made["Transform"] = rest if isinstance(given, list) else rest[0]
        for one in whole:
            self._merge(made, self._file(one, ("Transform",)), ("Transform",))
        return {name: one if name == "Metadata" else self.value(one, (name,)) for name, one in made.items()}

    def value(self, value: Any, way: Way) -> Any:
        """A value with its files put in."""
        if isinstance(value, list):
            return [self.value(one, (*way, index)) for index, one in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if not is_include(value.get(FUNCTION)):
            return {name: self.value(one, (*way, name)) for name, one in value.items()}
        found = self._file(value[FUNCTION], (*way, FUNCTION))
        others = {name: self.value(one, (*way, name)) for name, one in value.items() if name != FUNCTION}
        if not others:
            return found
        self._merge(others, found, (*way, FUNCTION))
        return others

    def _merge(self, into: dict[str, Any], found: Any, way: Way) -> None:
        """Put the members of a file beside those that are there."""
        if not isinstance(found, dict):
            raise self._refuse("what is included beside other things must be a mapping", way)
        for name, one in found.items():
            if name in into and isinstance(into[name], dict) and isinstance(one, dict) and len(way) == 1:
                self._merge(into[name], one, (*way, name))
            elif name in into:
                raise self._refuse(f"`{name}` is in the template and in what it includes", way)
            else:
                into[name] = one

    def _file(self, include: Any, way: Way) -> Any:
        """The content of the file that an include names."""
        parameters = include.get("Parameters")
        location = parameters.get("Location") if isinstance(parameters, dict) else None
        if not isinstance(location, str) or "://" in location:
            raise self._refuse("`AWS::Include` takes a file of this machine: `Location: api.yaml`", way)
        path = self._path.parent / location
        self.files.append(path)
        return self._read(path)


def is_include(value: Any) -> bool:
    """Whether a transform is AWS::Include."""
    return isinstance(value, dict) and value.get("Name") == INCLUDE
