"""Which values are never shown."""

import pytest

from yett.templates.cloudformation import Scope
from yett.templates.secrecy import is_secret, ways_of_secrets

SCOPE = Scope(
    parameters={"Password": "correct-horse", "Colour": "red"},
    pseudo={},
    mappings={},
    conditions={},
    made={},
    secret_parameters=frozenset({"Password"}),
)


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "Password"},
        {"Fn::GetAtt": ["Key", "SecretAccessKey"]},
        {"Fn::GetAtt": "Client.ClientSecret"},
        {"Fn::Sub": "x${Password}"},
        {"Fn::Sub": "x${Key.SecretAccessKey}"},
        {"Fn::Sub": ["x${One}", {"One": {"Ref": "Password"}}]},
        {"Fn::Join": ["", ["a", {"Fn::Base64": {"Ref": "Password"}}]]},
        {"Fn::If": ["IsBig", {"Ref": "Password"}, "x"]},
        "put here by the translator: correct-horse",
    ],
)
def test_a_secret_is_found_through_every_function(value: object) -> None:
    given = {"Plain": {"Ref": "Colour"}, "List": [{"Inner": "x"}, {"Inner": value}]}
    assert ways_of_secrets(given, SCOPE) == ("List/1/Inner",)


@pytest.mark.parametrize(
    ("way", "hidden"),
    [
        (("Environment", "Variables", "COLOUR"), True),
        (("SmtpPassword",), True),
        (("UserPoolTags", "note", "deeper"), True),
        (("AccessTokenValidity",), False),
        (("AuthorizerCredentials",), False),
        (("PolicyDocument", "Statement", "0", "Action"), False),
    ],
)
def test_names_and_known_ways_hide_values(way: tuple[str, ...], *, hidden: bool) -> None:
    assert is_secret(way, frozenset({"UserPoolTags/note"})) is hidden
