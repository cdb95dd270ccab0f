"""Intrinsic functions and dependencies."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.templates.cloudformation import NO_VALUE, Attributes, DependencyFault, Scope, order, resolve
from yett.templates.errors import TemplateRefused

SCOPE = Scope(
    parameters={"Name": "pets", "Many": ["a", "b"]},
    pseudo={"AWS::Region": "us-east-1", "AWS::AccountId": "123456789012"},
    mappings={"M": {"us-east-1": {"size": "big"}}},
    conditions={
        "Yes": {"Fn::Equals": [{"Ref": "Name"}, "pets"]},
        "No": {"Fn::Not": [{"Condition": "Yes"}]},
        "Both": {"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]},
        "One": {"Fn::Or": [{"Condition": "Yes"}, {"Condition": "No"}]},
    },
    made={"Api": Attributes("abc123", {"RootResourceId": "tree", "Nested.Name": "deep"})},
)


@pytest.mark.parametrize(
    ("value", "expect"),
    [
        ({"Ref": "Name"}, "pets"),
        ({"Ref": "Api"}, "abc123"),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Fn::GetAtt": ["Api", "RootResourceId"]}, "tree"),
        ({"Fn::GetAtt": "Api.RootResourceId"}, "tree"),
        ({"Fn::GetAtt": ["Api", "Nested.Name"]}, "deep"),
        ({"Fn::Sub": "${Api}/${Api.RootResourceId}/${!Literal}/${AWS::Region}"}, "abc123/tree/${Literal}/us-east-1"),
        ({"Fn::Sub": ["${A}-${Name}", {"A": {"Ref": "Api"}}]}, "abc123-pets"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Name"}]]}, "a-pets"),
        ({"Fn::Select": ["1", {"Ref": "Many"}]}, "b"),
        ({"Fn::Split": [",", "a,b"]}, ["a", "b"]),
        ({"Fn::Base64": "x"}, "eA=="),
        ({"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "size"]}, "big"),
        ({"Fn::FindInMap": ["M", "x", "size", {"DefaultValue": "none"}]}, "none"),
        ({"Fn::If": ["Yes", "a", "b"]}, "a"),
        ({"Fn::If": ["No", "a", "b"]}, "b"),
        ({"Fn::If": ["Both", "a", "b"]}, "b"),
        ({"Fn::If": ["One", "a", "b"]}, "a"),
        ({"a": {"Ref": "AWS::NoValue"}, "b": [{"Ref": "AWS::NoValue"}, 1]}, {"b": [1]}),
        ({"Version": "1", "Condition": {"IpAddress": {}}}, {"Version": "1", "Condition": {"IpAddress": {}}}),
        ({"Condition": {"StringEquals": {"a": {"Ref": "Name"}}}}, {"Condition": {"StringEquals": {"a": "pets"}}}),
    ],
)  # fmt: skip
def test_functions_give_what_cloudformation_gives(value: Any, expect: Any) -> None:
    assert resolve(value, SCOPE) == expect


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "Nobody"},
        {"Fn::GetAtt": ["Api", "Nothing"]},
        {"Fn::GetAtt": ["Nobody", "Arn"]},
        {"Fn::Sub": "${Nobody}"},
        {"Fn::ImportValue": "x"},
        {"Fn::Transform": {"Name": "AWS::Include"}},
        {"Fn::Select": [5, ["a"]]},
        {"Fn::If": ["Unknown", 1, 2]},
        {"Fn::FindInMap": ["M", "x", "y"]},
        {"Fn::Not": [{"Condition": "Unknown"}]},
        {"Fn::Not": ["text"]},
        {"Fn::And": [{"Condition": "Yes"}, "text"]},
        {"Fn::Or": [{"Condition": "Yes"}, {"Ref": "Name"}]},
        {"Condition": "Unknown"},
    ],
)
def test_what_names_nothing_is_refused(value: Any) -> None:
    with pytest.raises(TemplateRefused):
        resolve(value, SCOPE)


PLAIN = st.recursive(
    st.one_of(st.text(max_size=4), st.integers(), st.booleans()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3)
    ),
)


@given(PLAIN)
def test_what_has_no_function_stays_as_it_is(value: Any) -> None:
    assert resolve(value, SCOPE) == value
    assert resolve(value, SCOPE) is not NO_VALUE


def test_resources_come_after_what_they_need() -> None:
    resources = {
        "Stage": {"DependsOn": "Account", "Properties": {"Api": {"Ref": "Api"}}},
        "Api": {"Properties": {"Body": {"uri": {"Fn::Sub": "x/${Fn.Arn}"}}}},
        "Fn": {"Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]}}},
        "Role": {},
        "Account": {"DependsOn": []},
    }
    assert order(resources) == ["Role", "Fn", "Api", "Account", "Stage"]
    with pytest.raises(TemplateRefused, match="circle: `A` -> `B` -> `A`"):
        order({"A": {"DependsOn": "B"}, "B": {"Properties": {"x": {"Ref": "A"}}}})
    with pytest.raises(TemplateRefused, match="not there"):
        order({"A": {"DependsOn": "B"}})


@pytest.mark.parametrize(
    ("value", "expect"),
    [
        ({"Fn::Cidr": ["10.0.0.0/16", 3, 8]}, ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]),
        ({"Fn::Cidr": [{"Fn::Join": ["/", ["192.168.0.0", "24"]]}, "2", "5"]}, ["192.168.0.0/27", "192.168.0.32/27"]),
        ({"Fn::Cidr": ["10.0.0.0/24", 4]}, ["10.0.0.0/26", "10.0.0.64/26", "10.0.0.128/26", "10.0.0.192/26"]),
        ({"Fn::Cidr": ["2001:db8::/56", 2, 64]}, ["2001:db8::/64", "2001:db8:0:1::/64"]),
        ({"Fn::GetAZs": ""}, ["us-east-1a", "us-east-1b", "us-east-1c"]),
        ({"Fn::GetAZs": {"Ref": "AWS::Region"}}, ["us-east-1a", "us-east-1b", "us-east-1c"]),
        ({"Fn::Select": [1, {"Fn::GetAZs": "eu-west-1"}]}, "eu-west-1b"),
        ({"Fn::ImportValue": {"Fn::Sub": "${Name}-url"}}, "https://pets"),
        ({"Fn::Length": {"Fn::Split": ["-", "a-b-c"]}}, 3),
        (
            {"Fn::ToJsonString": {"a": {"Ref": "Name"}, "b": [1, {"Fn::If": ["Yes", True, False]}]}},
            '{"a":"pets","b":[1,true]}',
        ),
        (
            {"Fn::If": ["No", 1, {"Fn::If": ["Both", 2, {"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "size"]}]}]},
            "big",
        ),
    ],
)
def test_functions_answer_within_functions(value: Any, expect: Any) -> None:
    scope = msgspec.structs.replace(SCOPE, exports={"pets-url": "https://pets"})
    assert resolve(value, scope) == expect


def test_what_is_imported_is_noted() -> None:
    scope = msgspec.structs.replace(SCOPE, exports={"a": "1", "b": "2"}, imported=set())
    resolve({"x": {"Fn::ImportValue": "a"}}, scope)
    assert scope.imported == {"a"}
    with pytest.raises(TemplateRefused, match="exports `c`"):
        resolve({"Fn::ImportValue": "c"}, scope)


@pytest.mark.parametrize(
    "argument",
    [["10.0.0.0/24", 2, 9], ["10.0.0.0/24", 3, 7], ["10.0.0.1/24", 1, 4], ["x", 1, 4], ["10.0.0.0/8", 257, 4]],
)
def test_networks_that_do_not_fit_are_refused(argument: list[Any]) -> None:
    with pytest.raises(TemplateRefused, match="Fn::Cidr"):
        resolve({"Fn::Cidr": argument}, SCOPE)


@given(st.integers(1, 60), st.randoms())
def test_any_order_without_circles_is_put_in_order(count: int, dice: Any) -> None:
    names = [f"R{number}" for number in range(count)]
    resources = {
        name: {"DependsOn": dice.sample(names[:place], k=min(place, dice.randrange(4)))}
        for place, name in enumerate(names)
    }
    shuffled = dict(dice.sample(list(resources.items()), k=count))
    ordered = order(shuffled)
    assert sorted(ordered) == sorted(names)
    for name in names:
        assert all(ordered.index(one) < ordered.index(name) for one in resources[name]["DependsOn"])


def test_a_circle_is_told_without_those_that_only_wait_for_it() -> None:
    resources = {
        "Waits": {"DependsOn": "A"},
        "A": {"DependsOn": ["B", "Free"]},
        "B": {"DependsOn": "C"},
        "C": {"DependsOn": "A"},
        "Free": {},
    }
    with pytest.raises(DependencyFault) as refused:
        order(resources)
    assert refused.value.resources == ("A", "B", "C")
