import pytest
from tests.wire.sdk import request

from yett.wire import MalformedInput, parse_input, service_model
from yett.wire.protocols.query import grow_tree, write_text

FORM = (("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),)


def parse(operation: str, body: bytes, service: str = "iam") -> dict[str, object]:
    return parse_input(service_model(service).operations[operation], request("POST", "/", FORM, body))


def test_lists_are_read_in_the_order_of_their_numbers() -> None:
    params = parse("TagRole", b"RoleName=r&Tags.member.10.Key=c&Tags.member.2.Key=b&Tags.member.1.Key=a")
    assert params["Tags"] == [{"Key": "a"}, {"Key": "b"}, {"Key": "c"}]


def test_an_empty_field_is_an_empty_list() -> None:
    assert parse("UntagRole", b"RoleName=r&TagKeys=")["TagKeys"] == []


def test_fields_that_the_model_lacks_are_ignored() -> None:
    assert parse("GetUser", b"UserName=bob&Colour=red&UserName.x.y=1") == {"UserName": "bob"}


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("ListUsers", b"MaxItems=ten"),
        ("ListUsers", b"MaxItems=" + b"9" * 5000),
        ("TagRole", b"RoleName=r&Tags.member.x.Key=a"),
        ("GetUser", b"UserName.member.1=bob"),
        ("GetUser", b".".join([b"a"] * 100) + b"=1"),
        ("GetUser", b"\xff\xfe=1"),
    ],
)
def test_what_is_not_of_its_type_is_refused(operation: str, body: bytes) -> None:
    with pytest.raises(MalformedInput):
        parse(operation, body)


def test_a_name_may_be_text_and_have_parts() -> None:
    assert grow_tree({"a": "1", "a.b": "2"}) == {"a": {"": "1", "b": "2"}}
    assert grow_tree({"a.b": "2", "a": "1"}) == {"a": {"": "1", "b": "2"}}


def test_text_is_escaped_and_what_xml_cannot_hold_is_replaced() -> None:
    assert write_text("<a&b>\r\x00") == "&lt;a&amp;b&gt;&#xD;\ufffd"
