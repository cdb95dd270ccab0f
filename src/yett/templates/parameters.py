"""Parameters: the value of each, held to what the template declares.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from yett.templates.errors import TemplateRefused

NUMBERS: Final = ("Number", "List<Number>")
TEXTS: Final = ("String", "CommaDelimitedList", "List<String>")
# The id of something of the cloud's, which nobody here looks up: "AWS::EC2::VPC::Id", "List<AWS::EC2::Subnet::Id>".
IDS: Final = re.compile(r"AWS::[A-Za-z0-9]+::[A-Za-z0-9:]+|List<AWS::[A-Za-z0-9]+::[A-Za-z0-9:]+>")
STORED: Final = "AWS::SSM::"
VALUE_CHARACTERS: Final = 4096  # AWS's bound


class ParameterRefused(TemplateRefused):
    """A parameter has not the value that it needs; ``name`` says which."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


def parse_parameters(declared: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """The value of every parameter.

    Raises:
        ParameterRefused: One has no value, a value that is not allowed, or is not declared.
    """
    for name in given:
        if name not in declared:
            raise ParameterRefused(name, f"the template has no parameter `{name}`")
    values: dict[str, Any] = {}
    for name, parameter in declared.items():
        kind = kind_of(name, parameter)
        if name not in given and "Default" not in parameter:
            raise ParameterRefused(name, f"parameter `{name}` has no value: give one with `--parameter {name}=…`")
        text = given[name] if name in given else written(parameter["Default"])
        is_list = kind == "CommaDelimitedList" or kind.startswith("List<")
        parts = [part.strip() for part in text.split(",")] if is_list else [text]
        if len(text) > VALUE_CHARACTERS:
            raise ParameterRefused(name, f"parameter `{name}` is over {VALUE_CHARACTERS} characters long")
        for part in parts:
            if fault := find_fault(name, part, parameter):
                described = parameter.get("ConstraintDescription")
                more = f": {described}" if described else ""
                raise ParameterRefused(name, f"parameter `{name}` {fault}{more}")
        values[name] = parts if is_list else text
    return values


def written(value: Any) -> str:
    """A value of the template as CloudFormation takes it: what YAML reads as a boolean is a text again."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def kind_of(name: str, parameter: Any) -> str:
    """The type that a parameter is declared to have.

    Raises:
        ParameterRefused: None is declared, or none that can have a value here.
    """
    kind = parameter.get("Type") if isinstance(parameter, dict) else None
    if not isinstance(kind, str):
        raise ParameterRefused(name, f"parameter `{name}` has no `Type`")
    if kind.startswith(STORED):
        raise ParameterRefused(name, f"parameter `{name}`: Systems Manager parameters are not offered")
    if kind not in (*NUMBERS, *TEXTS) and not IDS.fullmatch(kind):
        raise ParameterRefused(name, f"parameter `{name}`: there is no type `{kind}`")
    return kind


def find_fault(name: str, text: str, parameter: Mapping[str, Any]) -> str | None:
    """What is wrong with a value, or with one of a list; None if nothing is."""
    allowed = parameter.get("AllowedValues")
    if allowed is not None and text not in (choices := [written(one) for one in allowed]):
        return f"must be one of {', '.join(choices)}"
    if not int(parameter.get("MinLength", 0)) <= len(text) <= int(parameter.get("MaxLength", VALUE_CHARACTERS)):
        return "is too short or too long"
    if parameter["Type"] in NUMBERS:
        return find_fault_of_number(text, parameter)
    pattern = parameter.get("AllowedPattern")
    if pattern is not None and not matches(name, str(pattern), text):
        return f"must match the pattern {pattern}"
    return None


def find_fault_of_number(text: str, parameter: Mapping[str, Any]) -> str | None:
    """What is wrong with a number."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        return "must be a number"
    if not float(parameter.get("MinValue", "-inf")) <= number <= float(parameter.get("MaxValue", "inf")):
        return "is out of its bounds"
    return None


def matches(name: str, pattern: str, text: str) -> bool:
    """Whether the whole text is of a pattern.

    Python's expressions and not RE2's: passwords are declared by looking ahead, which RE2 cannot. Pattern and value are
    those of whoever deploys, who runs the template's code anyway.

    Raises:
        ParameterRefused: The pattern is none.
    """
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error as error:
        raise ParameterRefused(name, f"parameter `{name}`: its `AllowedPattern` is no pattern: {error}") from error
