"""Values of parameters, beside what the template declares."""

from typing import Any

import pytest

from yett.templates.errors import TemplateRefused
from yett.templates.parameters import ParameterRefused, parse_parameters


def test_parameters_are_held_to_their_declarations() -> None:
    declared = {
        "Port": {"Type": "Number", "Default": 80, "MaxValue": 100},
        "Kind": {"Type": "String", "AllowedValues": ["a", "b"]},
        "List": {"Type": "CommaDelimitedList", "Default": "x, y"},
    }
    assert parse_parameters(declared, {"Kind": "a"}) == {"Port": "80", "Kind": "a", "List": ["x", "y"]}
    for wrong in ({}, {"Kind": "c"}, {"Kind": "a", "Port": "x"}, {"Kind": "a", "Port": "101"}, {"Kind": "a", "Q": "1"}):
        with pytest.raises(TemplateRefused):
            parse_parameters(declared, wrong)


@pytest.mark.parametrize(
    ("declaration", "good", "wrong"),
    [
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, "abc", "abc1"),
        ({"Type": "String", "AllowedPattern": "(?=.*[a-z])(?=.*[0-9])\\S{4,9}"}, "abc1", "abcd"),
        ({"Type": "CommaDelimitedList", "AllowedPattern": "[a-z]"}, "a,b", "a,bb"),
        ({"Type": "CommaDelimitedList", "AllowedValues": ["a", "b"]}, "b, a", "a,c"),
        ({"Type": "List<Number>"}, "1, 2.5", "1,x"),
        ({"Type": "List<Number>", "MaxValue": 3}, "1,2", "1,4"),
        ({"Type": "String", "MinLength": "2"}, "ab", "a"),
        ({"Type": "String", "Default": True, "AllowedValues": [True, False]}, "false", "no"),
        ({"Type": "AWS::EC2::VPC::Id", "AllowedValues": ["vpc-1"]}, "vpc-1", "vpc-2"),
    ],
)
def test_a_value_that_its_declaration_forbids_is_refused(declaration: dict[str, Any], good: str, wrong: str) -> None:
    parse_parameters({"P": declaration}, {"P": good})
    with pytest.raises(ParameterRefused) as refused:
        parse_parameters({"P": declaration | {"ConstraintDescription": "it must be good."}}, {"P": wrong})
    assert refused.value.name == "P"
    assert "it must be good." in refused.value.message


@pytest.mark.parametrize("declaration", [{"Type": "AWS::SSM::Parameter::Value<String>"}, {"Type": "Text"}, {}, "x"])
def test_a_parameter_of_no_type_that_is_known_is_refused(declaration: Any) -> None:
    with pytest.raises(ParameterRefused):
        parse_parameters({"P": declaration}, {"P": "x"})


def test_a_default_that_yaml_reads_as_a_boolean_is_a_text() -> None:
    assert parse_parameters({"P": {"Type": "String", "Default": True, "AllowedValues": [True]}}, {}) == {"P": "true"}


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(ParameterRefused, match="AllowedPattern"):
        parse_parameters({"P": {"Type": "String", "AllowedPattern": "("}}, {"P": "x"})
