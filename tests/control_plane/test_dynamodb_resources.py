import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.control_plane.dynamodb_resources import NOT_RELAYED, RELAYED, Ask, TableUnclear, asks_of
from yett.wire import service_model

ACCOUNT, REGION = "123456789012", "us-east-1"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/"


def ask(operation: str, params: dict[str, object]) -> tuple[Ask, ...]:
    return asks_of(operation, params, account=ACCOUNT, region=REGION)


@pytest.mark.parametrize(
    ("operation", "params", "expect"),
    [
        ("PutItem", {"TableName": "t"}, [("PutItem", f"{TABLE}t")]),
        ("PutItem", {"TableName": f"{TABLE}t"}, [("PutItem", f"{TABLE}t")]),
        ("Query", {"TableName": "t", "IndexName": "i"}, [("Query", f"{TABLE}t/index/i")]),
        ("CreateTable", {"TableName": "t", "Tags": [{}]}, [("CreateTable", f"{TABLE}t"), ("TagResource", f"{TABLE}t")]),
        (
            "CreateTable",
            {"TableName": "t", "ResourcePolicy": "{}"},
            [("CreateTable", f"{TABLE}t"), ("PutResourcePolicy", f"{TABLE}t")],
        ),
        (
            "BatchGetItem",
            {"RequestItems": {"a": {}, "b": {}}},
            [("BatchGetItem", f"{TABLE}a"), ("BatchGetItem", f"{TABLE}b")],
        ),
        (
            "TransactWriteItems",
            {"TransactItems": [{"ConditionCheck": {"TableName": "a"}}, {"Update": {"TableName": "b"}}]},
            [("ConditionCheckItem", f"{TABLE}a"), ("UpdateItem", f"{TABLE}b")],
        ),
        ("ListTables", {}, [("ListTables", "*")]),
        ("TagResource", {"ResourceArn": f"{TABLE}t"}, [("TagResource", f"{TABLE}t")]),
    ],
)
def test_each_request_asks_for_its_tables(
    operation: str, params: dict[str, object], expect: list[tuple[str, str]]
) -> None:
    assert [(a.action, a.resource) for a in ask(operation, params)] == [(f"dynamodb:{a}", r) for a, r in expect]


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("PutItem", {}),
        ("PutItem", {"TableName": ""}),
        ("PutItem", {"TableName": "a/../b"}),
        ("PutItem", {"TableName": "a:b"}),
        ("PutItem", {"TableName": f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/t"}),
        ("PutItem", {"TableName": f"arn:aws:s3:{REGION}:{ACCOUNT}:table/t"}),
        ("PutItem", {"TableName": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:backup/t"}),
        ("PutItem", {"TableName": "arn:x"}),
        ("BatchGetItem", {"RequestItems": {}}),
        ("TransactWriteItems", {"TransactItems": []}),
        ("TransactWriteItems", {"TransactItems": [{}]}),
        ("TransactGetItems", {"TransactItems": [{"Put": {"TableName": "t"}}]}),
        ("TagResource", {"ResourceArn": "t"}),
        # Another spelling of a table, which a deny of its ARN would not meet.
        ("PutItem", {"TableName": f"arn:aws:dynamodb:{REGION}::table/t"}),
        ("PutItem", {"TableName": f"{TABLE}public/table/secret"}),
        ("PutItem", {"TableName": f"{TABLE}secret/"}),
        ("PutItem", {"TableName": f"{TABLE}secret\n"}),
    ],
)
def test_a_request_that_names_no_table_here_is_refused(operation: str, params: dict[str, object]) -> None:
    with pytest.raises(TableUnclear):
        ask(operation, params)


@given(st.sampled_from(sorted(RELAYED)), st.dictionaries(st.sampled_from(["TableName", "ResourceArn"]), st.text()))
def test_nothing_is_relayed_without_a_question(operation: str, params: dict[str, object]) -> None:
    with contextlib.suppress(TableUnclear):
        assert ask(operation, params)


def test_the_tables_name_operations_of_the_model() -> None:
    assert set(service_model("dynamodb").operations) >= RELAYED | set(NOT_RELAYED)
    assert not RELAYED & set(NOT_RELAYED)
